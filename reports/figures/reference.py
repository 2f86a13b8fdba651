"""What any search is measured by: random search, and all cells of the table at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nasbench_harness.reports.analysis.parts import selection_gaps
from nasbench_harness.reports.figures.style import INK, MUTED
from nasbench_harness.reports.statistics.arrays import TOLERANCE
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure
from nasbench_harness.study.config import BASELINE


@dataclass(frozen=True)
class WholeTable:
    """Regret over all architectures of a table: what one random draw gives, exactly."""

    size: int
    mean: float
    median: float
    worst: float
    accuracy: float
    """The mean of their numbers, in the unit of the metric, as all here."""


def whole_table(data: StudyData) -> WholeTable | None:
    """The report metric over all architectures; None where no table of them is at hand."""
    if data.complete is None or data.measure.key != "regret":
        return None
    column = np.asarray(data.complete.column(data.first("report_metric")), dtype=float)
    regret = np.nanmax(column) - column
    return WholeTable(
        column.size, float(np.nanmean(regret)), float(np.nanmedian(regret)),
        float(np.nanmax(regret)), float(np.nanmean(column)),
    )  # fmt: skip


def baseline_words(data: StudyData) -> str:
    """What the method `random` does in this study."""
    return "random search" if data.queryable else "random sampling"


@dataclass(frozen=True)
class Level:
    """A result that figures draw as a line across."""

    words: str
    regret: float
    accuracy: float
    """Both in the unit of the metric."""
    colour: str
    dash: Any


def levels(data: StudyData) -> list[Level]:
    """The optimum, where random search ends, the best by what was searched on, the whole table.

    The third where that is another metric than the one that is judged by, the last where random
    search only draws. Without an optimum nothing but the random draws, without a regret.
    """
    best = optimum(data)
    found = []
    if not np.isnan(best):
        found.append(Level("best of the table", 0.0, best, MUTED, (0, (4, 2, 1, 2))))
    rows = data.summary[data.summary["method"] == BASELINE]
    end = float(rows[f"{data.measure.key}_mean"].iloc[0]) if len(rows) else np.nan
    if not np.isnan(end):
        does = " ends here" if data.queryable else ", mean of draws"
        regret, accuracy = (end, best - end) if data.measure.key == "regret" else (np.nan, end)
        found.append(Level(f"{BASELINE}{does}", regret, accuracy, INK, (0, (1, 2))))
    found += _gaps(data, best)
    whole = None if data.queryable else whole_table(data)
    if whole:
        found.append(Level("mean of all cells", whole.mean, best - whole.mean, INK, (0, (7, 3))))
        found.append(Level("median of all cells", whole.median, best - whole.median, MUTED, "-"))
    return found


def _gaps(data: StudyData, best: float) -> list[Level]:
    """Where a search without error ends, that looks at another metric; those above the optimum."""
    gaps = {metric: gap for metric, gap in selection_gaps(data).items() if gap > TOLERANCE}
    dashes: tuple[Any, ...] = ((0, (3, 1)), (0, (5, 1, 1, 1)), (0, (1, 1)))
    return [
        Level(
            "best by the searched metric" if len(gaps) == 1 else f"best by {metric}",
            gap,
            best - gap,
            INK,
            dashes[place % len(dashes)],
        )
        for place, (metric, gap) in enumerate(gaps.items())
    ]


def optimum(data: StudyData) -> float:
    """The table's best number, as the trials know it; NaN without a regret."""
    if "regret" not in data.done:
        return np.nan
    best = (data.done["accuracy"] + data.done["regret"]).dropna()
    return float(best.iloc[0]) if len(best) else np.nan


def draw_levels(axes: Axes, lines: Sequence[Level], measure: Measure) -> list[Line2D]:
    """Lines across at the `regret` or the `accuracy` of each level; for the legend."""
    return [
        axes.axhline(
            getattr(level, measure.key), color=level.colour, linewidth=0.9, linestyle=level.dash,
            label=f"{level.words} ({measure.text(getattr(level, measure.key))})", zorder=1.5,
        )
        for level in lines
    ]  # fmt: skip
