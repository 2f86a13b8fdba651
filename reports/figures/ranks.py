"""Figure: average ranks of methods, and which of them are not told apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nasbench_harness.reports.analysis.groups import groups
from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.regretlines import WIDTH
from nasbench_harness.reports.figures.style import INK, MethodStyle
from nasbench_harness.reports.statistics.ranks import average_ranks
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import clipped, count, listing, name, names, plain

KEY, TITLE = "ranks", "Average ranks"
FEWEST_METHODS = 3
FEWEST_BLOCKS = 2
_ROW, MARGIN = 15.0, 80.0
"""Points."""

Separated = Callable[[str, str], bool]
"""Whether one of two methods is called better."""


@dataclass(frozen=True)
class About:
    """What a caption says of the data, in parts of sentences."""

    block: str
    """What a block is."""
    bars: str
    """What no method on a bar is: "called better than another"."""


@dataclass(frozen=True)
class Ranking:
    """Average ranks, the best first, and the groups that are not told apart."""

    ranks: dict[str, float]
    groups: list[tuple[str, ...]]


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | None:
    """Average ranks over the seeds of a study, joined by its claims; None for too little."""
    about = About("every seed is a block", "called better than another, as in the words and tables")
    return draw_ranks(blocks([data]), data.claims.separates, styles, KEY, TITLE, about)


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
        wide = data.measure.sign * rows.pivot(index="seed", columns="method", values=key)
        wide.index = pd.MultiIndex.from_product([[number], wide.index], names=["study", "seed"])
        parts.append(wide)
    common = [m for m in studies[0].done_labels if all(m in part.columns for part in parts)]
    return pd.concat([part[common] for part in parts]).dropna() if common else pd.DataFrame()


def draw_ranks(  # noqa: PLR0913, PLR0917 - what is drawn, and what it is called
    table: pd.DataFrame,
    separated: Separated,
    styles: dict[str, MethodStyle],
    key: str,
    title: str,
    about: About,
) -> Drawing | None:
    """Average ranks of `table` [blocks, methods] as Demšar (2006) draws them.

    Bars join methods of which none is `separated` from another; `about` says what that means.
    """
    if len(table) < FEWEST_BLOCKS or len(table.columns) < FEWEST_METHODS:
        return None
    labels = [str(label) for label in table.columns]
    ranks = dict(zip(labels, average_ranks(table.to_numpy(dtype=float)), strict=True))
    ordered = sorted(labels, key=ranks.__getitem__)
    ranking = Ranking({label: float(ranks[label]) for label in ordered}, groups(ordered, separated))
    return Drawing(
        key,
        title,
        _caption(len(table), about),
        _alt(ranking),
        _figure(ranking, styles),
        {key: _numbers(ranking, labels, len(table))},
    )


# --- drawing -----------------------------------------------------------------------------------


def _figure(ranking: Ranking, styles: dict[str, MethodStyle]) -> Figure:
    ranks = ranking.ranks
    half = math.ceil(len(ranks) / 2)
    below = 10 + 9 * len(ranking.groups)
    height = 46 + below + _ROW * half
    figure = Figure(figsize=(WIDTH / 72, height / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    axis = 32.0
    place = _Scale(len(ranks), left=86.0, right=WIDTH - 86.0)
    _ruler(axes, place, axis)
    for row, group in enumerate(ranking.groups):
        _bar(axes, [place(ranks[label]) for label in group], axis + 9 + 9 * row)
    for position, label in enumerate(ranks):
        left = position < half
        row = position if left else len(ranks) - 1 - position
        side = _Side(left, axis + below + _ROW * (row + 0.5))
        _method(axes, place(ranks[label]), axis, side, styles[label])
        side.write(axes, f"{clipped(label, 13)}  {ranks[label]:.2f}")
    return figure


def _bar(axes: Axes, places: list[float], y: float) -> None:
    """A bar over a group, with a dot at each of its members."""
    axes.plot(
        [min(places) - 3, max(places) + 3], [y, y], color=INK, linewidth=2, solid_capstyle="butt"
    )
    axes.plot(places, [y] * len(places), color=INK, linestyle="", marker="o", markersize=4.5)


class _Scale:
    """Places of ranks on the ruler, the best on the left."""

    def __init__(self, methods: int, left: float, right: float) -> None:
        self.methods, self.left, self.right = methods, left, right

    def __call__(self, rank: float) -> float:
        return self.left + (rank - 1) / (self.methods - 1) * (self.right - self.left)


def _ruler(axes: Axes, place: _Scale, y: float) -> None:
    axes.plot([place.left, place.right], [y, y], color=INK, linewidth=1)
    for rank in range(1, place.methods + 1):
        axes.plot([place(rank)] * 2, [y, y - 4], color=INK, linewidth=1)
        axes.text(place(rank), y - 7, str(rank), ha="center", va="bottom", fontsize=8)


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
    axes.plot([x], [axis], color=style.colour, marker=style.mark, markersize=5, zorder=5)


# --- words -------------------------------------------------------------------------------------


def _caption(blocks: int, about: About) -> str:
    return (
        f"Methods by their average rank over {count(blocks, 'block')} (1 is best; {about.block};"
        " ties share their ranks). A thick bar joins methods, those with a dot on it, of which none"
        f" is {about.bars}. Ranks say who is better how often, not by how much."
    )


def _alt(ranking: Ranking) -> str:
    said = [f"{name(label)} {rank:.2f}" for label, rank in ranking.ranks.items()]
    groups = [names(group) for group in ranking.groups]
    told = f" Not told apart: {'; '.join(groups)}." if groups else ""
    return plain(f"Average ranks: {listing(said)}.{told}")


def _numbers(ranking: Ranking, labels: list[str], blocks: int) -> pd.DataFrame:
    joined = {
        label: [number for number, group in enumerate(ranking.groups, start=1) if label in group]
        for label in labels
    }
    return pd.DataFrame(
        {
            "method": labels,
            "average_rank": [ranking.ranks[label] for label in labels],
            "blocks": blocks,
            "groups": [" ".join(map(str, joined[label])) for label in labels],
        }
    )
