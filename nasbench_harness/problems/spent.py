"""What searches saw and spent, in the few words of a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

QUERIES, SIMULATED = "queries", "simulated_gpu_hours"
"""Columns of the result of a search that asked for single architectures."""
_UNITS = (("hours", 1.0), ("minutes", 60.0), ("seconds", 3600.0))


def asked(spent: Mapping[str, float], numbers: str = "") -> str:
    """`100 queries, 12-epoch numbers, 3.1 GPU hours simulated`; empty where nothing was asked.

    `spent` are means of columns of results; `numbers` says what the answers to queries were.
    """
    return ", ".join(_asked(spent, numbers)) if spent.get(QUERIES, 0.0) > 0 else ""


def _asked(spent: Mapping[str, float], numbers: str) -> Iterator[str]:
    queries = f"{spent[QUERIES]:,.0f}"
    yield f"{queries} {'query' if queries == '1' else 'queries'}"
    if numbers:
        yield numbers
    if SIMULATED in spent:
        yield f"{duration(spent[SIMULATED], 'GPU')} simulated"


def duration(hours: float, device: str) -> str:
    """`2.1 CPU hours`, `34.0 GPU minutes`: in the largest unit of which there is one."""
    unit, size = next((pair for pair in _UNITS if hours * pair[1] >= 1), _UNITS[-1])
    amount = hours * size
    return f"{amount:,.{1 if amount < 100 else 0}f} {device} {unit}"
