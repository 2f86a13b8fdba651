"""A figure of effects in plain characters.

Job summaries show neither inline SVG nor `data:` pictures, and a picture from elsewhere needs a
place to put it; characters in a code block show everywhere, in logs and mails too.
"""

from __future__ import annotations

from collections.abc import Sequence

from nasbench_harness.reports.regression.verdicts import Effect, Finding
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import clipped

WIDTH = 49
"""Characters of the axis."""
LONGEST_NAME = 32


def dot_plots(findings: Sequence[Finding]) -> list[str]:
    """One figure per unit in which anything moved: loss ●, interval ├─┤, no loss │, margin ┊."""
    units: dict[str, list[tuple[str, Effect]]] = {}
    for finding in findings:
        if finding.effect is not None:
            units.setdefault(finding.effect.unit, []).append((finding.name, finding.effect))
    return [
        _plot(unit, rows)
        for unit, rows in units.items()
        if any(_low(effect) != 0 or _high(effect) != 0 for _, effect in rows)
    ]


def _plot(unit: str, rows: Sequence[tuple[str, Effect]]) -> str:
    effects = [effect for _, effect in rows]
    margins = (-effect.margin for effect in effects if effect.both_ways)
    low = min(0.0, *(_low(effect) for effect in effects), *margins)
    high = max(*(max(effect.margin, _high(effect)) for effect in effects), low + 1e-6)
    names = [clipped(name, LONGEST_NAME) for name, _ in rows]
    width = max(map(len, names))
    lines = [
        f"{name:<{width}}  {_line(effect, low, high)}"
        for name, effect in zip(names, effects, strict=True)
    ]
    left, right = numerals.significant(low), numerals.significant(high)
    axis = f"{left}{right:>{WIDTH - len(left)}}"
    what, side = ("fall", "lower") if effects[0].both_ways else ("loss", "worse")
    legend = f"{what}, {unit}: {side} to the right; │ none, ┊ margin, ●├─┤ mean with 95 % interval"
    return "\n".join([*lines, f"{'':<{width}}  {axis}", legend])


def _line(effect: Effect, low: float, high: float) -> str:
    def place(value: float) -> int:
        return round((value - low) / (high - low) * (WIDTH - 1))

    cells = [" "] * WIDTH
    for position in range(place(_low(effect)), place(_high(effect)) + 1):
        cells[position] = "─"
    cells[place(0.0)], cells[place(effect.margin)] = "│", "┊"
    if effect.both_ways:
        cells[place(-effect.margin)] = "┊"
    if effect.has_interval and effect.low < effect.high:
        cells[place(effect.low)], cells[place(effect.high)] = "├", "┤"
    cells[place(effect.loss)] = "●"
    return "".join(cells).rstrip()


def _low(effect: Effect) -> float:
    return min(effect.loss, effect.low) if effect.has_interval else effect.loss


def _high(effect: Effect) -> float:
    return max(effect.loss, effect.high) if effect.has_interval else effect.loss
