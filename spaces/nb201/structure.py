"""What a NAS-Bench-201 cell computes: isomorphism classes."""

from __future__ import annotations

from collections.abc import Sequence

from nasbench_harness.spaces.nb201.encoding import OPERATIONS
from nasbench_harness.spaces.shared.cell import (
    EDGES,
    NODES,
    NONE,
    SKIP,
    is_all_skip,
    is_connected,
    live_edges,
)

__all__ = ["canonical_form", "is_all_skip", "is_connected", "live_edges"]

_ZERO = "#"


def canonical_form(choices: Sequence[int]) -> str:
    """The expression a cell computes, with skips removed and zeros marked `#`.

    Cells with equal forms are isomorphic in the benchmark's sense: 6,466 classes. A zero term is
    marked but kept in its sum, as the benchmark does; dropping it would merge further cells.
    """
    terms: list[list[str]] = [[] for _ in range(NODES)]
    forms = ["0"]
    for choice, (target, source) in zip(choices, EDGES, strict=True):
        terms[target].append(_term(forms[source], choice))
        if source == target - 1:  # the last edge into this node
            forms.append("+".join(sorted(terms[target])))
    return forms[-1]


def _term(source: str, choice: int) -> str:
    if choice == NONE or source == _ZERO:
        return _ZERO
    return source if choice == SKIP else f"({source})@{OPERATIONS[choice]}"
