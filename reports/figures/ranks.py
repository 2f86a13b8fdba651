"""Figure: average ranks of methods, and which of them are not told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nasbench_harness.reports.analysis.compare import p_words
from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.regretlines import WIDTH
from nasbench_harness.reports.figures.style import INK, MUTED, MethodStyle
from nasbench_harness.reports.statistics.ranks import Ranking, rank_methods
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import clipped, count, listing, name, names, plain

KEY, TITLE = "ranks", "Average ranks"
FEWEST_METHODS = 3
FEWEST_BLOCKS = 2
_ROW, MARGIN = 15.0, 80.0
"""Points."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | None:
    """The critical-difference diagram over the seeds of a study; None for too few of anything."""
    return draw_ranks(blocks([data]), styles, KEY, TITLE, "every seed is a block")


def blocks(studies: Sequence[StudyData]) -> pd.DataFrame:
    """Final losses [blocks, methods]: a block per study and seed that all methods finished.

    Regrets, or accuracies below zero where studies have none; the least is the best.

    Only methods that every study has a result of. A trial that several studies have counts once.
    """
    parts = []
    for number, data in enumerate(studies):
        key = data.measure.key
        rows = data.done[data.done[key].notna()]
        if number:
            rows = rows[~rows["trial"].isin(data.study.counted_before)]
        rows = rows.drop_duplicates(["method", "seed"], keep="last")
        wide = data.measure.sign * rows.pivot(index="seed", columns="method", values=key)
        wide.index = pd.MultiIndex.from_product([[number], wide.index], names=["study", "seed"])
        parts.append(wide)
    common = [m for m in studies[0].done_labels if all(m in part.columns for part in parts)]
    return pd.concat([part[common] for part in parts]).dropna() if common else pd.DataFrame()


def draw_ranks(
    table: pd.DataFrame, styles: dict[str, MethodStyle], key: str, title: str, about: str
) -> Drawing | None:
    """The diagram of Demšar (2006) for `table` [blocks, methods]; `about` says what a block is."""
    if len(table) < FEWEST_BLOCKS or len(table.columns) < FEWEST_METHODS:
        return None
    labels = [str(label) for label in table.columns]
    ranking = rank_methods(table.to_numpy(dtype=float))
    return Drawing(
        key,
        title,
        _caption(ranking, about),
        _alt(ranking, labels),
        _figure(ranking, labels, styles),
        {key: _numbers(ranking, labels)},
    )


# --- drawing -----------------------------------------------------------------------------------


def _figure(ranking: Ranking, labels: list[str], styles: dict[str, MethodStyle]) -> Figure:
    order = sorted(range(len(labels)), key=lambda i: ranking.average_ranks[i])
    half = math.ceil(len(order) / 2)
    groups = ranking.groups
    below = 10 + 9 * len(groups)
    height = 70 + below + _ROW * half
    figure = Figure(figsize=(WIDTH / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    axis = 56.0
    place = _Scale(len(labels), left=86.0, right=WIDTH - 86.0)
    _ruler(axes, place, axis, ranking.critical_difference)
    for row, group in enumerate(groups):
        ends = [place(ranking.average_ranks[i]) for i in (group[0], group[-1])]
        y = axis + 9 + 9 * row
        axes.plot(
            [min(ends) - 3, max(ends) + 3], [y, y], color=INK, linewidth=3,
            solid_capstyle="butt",
        )  # fmt: skip
    for position, i in enumerate(order):
        left = position < half
        row = position if left else len(order) - 1 - position
        rank, side = ranking.average_ranks[i], _Side(left, axis + below + _ROW * (row + 0.5))
        _method(axes, place(rank), axis, side, styles[labels[i]])
        side.write(axes, f"{clipped(labels[i], 13)}  {rank:.2f}")
    return figure


class _Scale:
    """Places of ranks on the ruler, the best on the left."""

    def __init__(self, methods: int, left: float, right: float) -> None:
        self.methods, self.left, self.right = methods, left, right

    def __call__(self, rank: float) -> float:
        return self.left + (rank - 1) / (self.methods - 1) * (self.right - self.left)


def _ruler(axes: Axes, place: _Scale, y: float, difference: float) -> None:
    axes.plot([place.left, place.right], [y, y], color=INK, linewidth=1)
    for rank in range(1, place.methods + 1):
        axes.plot([place(rank)] * 2, [y, y - 4], color=INK, linewidth=1)
        axes.text(place(rank), y - 7, str(rank), ha="center", va="bottom", fontsize=8)
    if math.isnan(difference):
        return
    end = min(place.left + (place(2) - place(1)) * difference, WIDTH - 8)
    axes.plot([place.left, end], [24, 24], color=MUTED, linewidth=2, solid_capstyle="butt")
    words = f"critical difference {difference:.2f}"
    axes.text(place.left, 20, words, ha="left", va="bottom", fontsize=7.5)


@dataclass(frozen=True)
class _Side:
    """Where a method's name stands: left or right of the ruler, at a height."""

    left: bool
    y: float

    @property
    def x(self) -> float:
        """Where its line ends."""
        return MARGIN if self.left else WIDTH - MARGIN

    def write(self, axes: Axes, text: str) -> None:
        """The name and the rank, beyond the end of the line."""
        shift, end = (-4, "right") if self.left else (4, "left")
        axes.text(self.x + shift, self.y, text, ha=end, va="center", fontsize=7.5)


def _method(axes: Axes, x: float, axis: float, side: _Side, style: MethodStyle) -> None:
    """A line from the ruler to the name."""
    axes.plot([x, x, side.x], [axis, side.y, side.y], color=style.colour, linewidth=1.1)
    axes.plot([x], [axis], color=style.colour, marker=style.marker, markersize=5, zorder=5)


# --- words -------------------------------------------------------------------------------------


def _caption(ranking: Ranking, about: str) -> str:
    test = (
        f" Friedman's test: chi² {numerals.significant(ranking.chi2)}, {p_words(ranking.p_value)}."
        if not math.isnan(ranking.p_value)
        else ""
    )
    return (
        f"Methods by their average rank over {count(ranking.blocks, 'block')} (1 is best; {about};"
        f" ties share their ranks).{test} Methods under one thick bar differ by less than Nemenyi's"
        " critical difference: these blocks do not tell them apart. Ranks say who is better how"
        " often, not by how much."
    )


def _alt(ranking: Ranking, labels: list[str]) -> str:
    order = sorted(range(len(labels)), key=lambda i: ranking.average_ranks[i])
    said = [f"{name(labels[i])} {ranking.average_ranks[i]:.2f}" for i in order]
    groups = [names(labels[i] for i in group) for group in ranking.groups]
    told = f" Not told apart: {'; '.join(groups)}." if groups else ""
    return plain(f"Average ranks: {listing(said)}.{told}")


def _numbers(ranking: Ranking, labels: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "method": labels,
            "average_rank": ranking.average_ranks,
            "blocks": ranking.blocks,
            "critical_difference": ranking.critical_difference,
            "friedman_chi2": ranking.chi2,
            "friedman_p": ranking.p_value,
        }
    )
