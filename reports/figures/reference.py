"""What any search is measured by: random search, and all cells of the table at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nasbench_harness.reports import numerals
from nasbench_harness.reports.figures.style import INK, MUTED
from nasbench_harness.reports.studydata import BASELINE, StudyData


@dataclass(frozen=True)
class WholeTable:
    """Regret over all architectures of a table: what one random draw gives, exactly."""

    size: int
    mean: float
    median: float
    """Points."""
    accuracy: float
    """Their mean, percent."""


def whole_table(data: StudyData) -> WholeTable | None:
    """The report metric over all architectures; None where the table is not at hand."""
    if data.table is None:
        return None
    column = np.asarray(data.table.column(data.first("report_metric")), dtype=float)
    regret = np.nanmax(column) - column
    return WholeTable(
        column.size, float(np.nanmean(regret)), float(np.nanmedian(regret)),
        float(np.nanmean(column)),
    )  # fmt: skip


def baseline_words(data: StudyData) -> str:
    """What the method `random` does in this study."""
    return "random sampling" if data.supernet else "random search"


@dataclass(frozen=True)
class Level:
    """A regret that figures draw as a line across."""

    label: str
    regret: float
    """Points."""
    colour: str
    dash: Any


def levels(data: StudyData) -> list[Level]:
    """Random search or sampling, and of supernets all cells of the table."""
    found = []
    rows = data.summary[data.summary["method"] == BASELINE]
    regret = float(rows["regret_mean"].iloc[0]) if len(rows) else np.nan
    if not np.isnan(regret):
        does = ", mean of draws" if data.supernet else " ends here"
        found.append(_level(f"{BASELINE}{does}", regret, INK, (0, (1, 2))))
    whole = whole_table(data) if data.supernet else None
    if whole:
        found.append(_level("mean of all cells", whole.mean, INK, (0, (7, 3))))
        found.append(_level("median of all cells", whole.median, MUTED, "-"))
    return found


def _level(words: str, regret: float, colour: str, dash: Any) -> Level:
    return Level(f"{words} ({numerals.points(regret)})", regret, colour, dash)


def draw_levels(axes: Axes, data: StudyData) -> list[Line2D]:
    """The lines, for the legend."""
    return [
        axes.axhline(
            level.regret, color=level.colour, linewidth=0.9, linestyle=level.dash,
            label=level.label, zorder=1.5,
        )
        for level in levels(data)
    ]  # fmt: skip
