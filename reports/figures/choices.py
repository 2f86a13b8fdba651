"""Figure: how the probability of every choice moves during the search."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath
from numpy.typing import NDArray

from nasbench_harness.contracts import Decision, SearchSpace
from nasbench_harness.reports.figures.drawing import Drawing, Omitted, PanelGrid
from nasbench_harness.reports.figures.style import INK, LIGHT, MethodStyle
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import count, names

KEY, TITLE = "choices", "How the choices were made"
COLOURS = "cividis"
ROUNDING = 1e-9
COLUMNS = 240
"""Columns of a map at most; more than the eye tells apart in its width."""
_ROW = 8.8  # points
_OPTION, _DECISION = FontProperties(size=6.3), FontProperties(size=7.5, weight="bold")
_LEFT, _APART = 92.0, 8.0
"""Points left of a map at least, and between the names of decisions and of options."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | Omitted:
    """One heat map per method: decisions x options down, recorded steps across, mean over seeds."""
    maps = {label: found for label in data.searching if (found := _snapshots(data, label))}
    if not maps:
        return Omitted(KEY, TITLE, "no choice probabilities were recorded")
    rows = sum(len(decision.options) for decision in data.space.decisions)
    top = _top(maps) if data.in_epochs else 1.0
    left = room(data.space)
    grid = PanelGrid(len(maps), 250, 34 + _ROW * rows + 36, insets=(left, 10, 34, 36), footer=46)
    panels = []
    for index, (label, (steps, probabilities)) in enumerate(maps.items()):
        axes = grid.axes(index)
        _heat_map(axes, steps, probabilities, data, top)
        grid.head(axes, label, [_facts(data, label, steps)], styles[label])
        panels.append(grid.panel(index, _alt(label, probabilities, data.space)))
    _colour_bar(grid, top)
    footer = grid.footer_panel(f"Colour scale: probability from 0 to {top:g}.")
    alt = f"Heat maps of the choice probabilities of {count(len(maps), 'method')}."
    tables = {KEY: _table(maps, data)}
    return Drawing(KEY, TITLE, _caption(data), alt, grid.figure, tables, panels, footer)


Snapshots = tuple[list[float], list[Array]]
"""Recorded steps or epochs, and per decision the mean probabilities [steps, options]."""


def _snapshots(data: StudyData, label: str) -> Snapshots | None:
    if "probabilities" not in data.steps:
        return None
    rows = data.steps.of(label, "probabilities", data.clock)
    rows = rows[rows["probabilities"].notna()]
    if rows.empty:
        return None
    decisions = data.space.decisions
    means = {
        float(str(step)): [_mean(group["probabilities"], d) for d in range(len(decisions))]
        for step, group in rows.groupby(data.clock)
    }
    return list(means), [
        np.array([mean[d][: len(decision.options)] for mean in means.values()])
        for d, decision in enumerate(decisions)
    ]


def _mean(snapshots: pd.Series, decision: int) -> Array:
    mean: Array = np.mean(_rows_of(snapshots, decision), axis=0)
    return mean


def _rows_of(snapshots: pd.Series, decision: int) -> Array:
    """What every snapshot has of a decision, all at once: Arrow holds them."""
    held = pa.array(snapshots.array)
    held = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
    lists = pc.list_element(held, decision)
    values: Array = lists.flatten().to_numpy(zero_copy_only=False).astype(float, copy=False)
    return values.reshape(len(lists), -1)


def _heat_map(
    axes: Axes, steps: list[float], probabilities: list[Array], data: StudyData, top: float
) -> None:
    at = even(steps)
    image = np.concatenate(probabilities, axis=1).T[:, latest(steps, at)]
    edge = (at[-1] - at[0]) / (len(at) - 1) / 2 if len(at) > 1 else 0.5
    axes.imshow(
        image, aspect="auto", interpolation="none", cmap=COLOURS, vmin=0, vmax=top,
        extent=(at[0] - edge, at[-1] + edge, len(image) - 0.5, -0.5),
    )  # fmt: skip
    axes.grid(visible=False)
    axes.set_xticks(sorted({round(place) for place in np.linspace(at[0], at[-1], 5)}))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel(data.clock if data.in_epochs else "search step", fontsize=7.5)
    name_rows(axes, data.space)
    for side in axes.spines.values():
        side.set_visible(False)


def _facts(data: StudyData, label: str, steps: list[float]) -> str:
    seeds = int((data.done["method"] == label).sum())
    over = f"mean over {count(seeds, 'seed')}" if seeds > 1 else "1 seed"
    noun = "recorded epoch" if data.in_epochs else "recorded step"
    return f"{over}, {count(len(steps), noun)}"


def even(steps: list[float]) -> Array:
    """Evenly spaced places from the first to the last of the recorded steps or epochs."""
    length = steps[-1] - steps[0]
    parts = round(length / float(np.diff(steps).min())) if length else 0
    return np.linspace(steps[0], steps[-1], min(parts + 1, COLUMNS))


def latest(steps: list[float], at: Array) -> NDArray[np.intp]:
    """Per place the position of what was recorded last until then."""
    return np.searchsorted(steps, at + ROUNDING, side="right") - 1


def room(space: SearchSpace) -> float:
    """Points that the names of options and, left of them, of decisions need."""
    options = [option for decision in space.decisions for option in decision.options]
    decisions = [_written(decision) for decision in space.decisions]
    widths = _widest(options, _OPTION), _widest(decisions, _DECISION)
    return max(_LEFT, sum(widths) + 2 * _APART)


def _written(decision: Decision) -> str:
    return decision.name.replace("<-", "←")


def _widest(texts: Sequence[str], font: FontProperties) -> float:
    return max(TextPath((0, 0), text, prop=font).get_extents().width for text in set(texts))


def name_rows(axes: Axes, space: SearchSpace) -> None:
    """Option names at the rows, decision names beside them, lines between decisions."""
    names_ = [option for decision in space.decisions for option in decision.options]
    axes.set_yticks(range(len(names_)), names_, fontproperties=_OPTION)
    axes.tick_params(axis="y", length=0, pad=2)
    axes.tick_params(axis="x", labelsize=7)
    left, top = 2 - room(space), 0
    for decision in space.decisions:
        size = len(decision.options)
        axes.annotate(
            _written(decision), (0, top + (size - 1) / 2), (left, 0),
            xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            fontproperties=_DECISION, color=INK,
        )  # fmt: skip
        if top:
            axes.axhline(top - 0.5, color=LIGHT, linewidth=1.4)
        top += size


def _top(maps: dict[str, Snapshots]) -> float:
    """The tenth above every probability: short searches on images hardly leave the middle."""
    largest = max(float(values.max()) for _, decisions in maps.values() for values in decisions)
    return min(1.0, math.ceil(largest * 10) / 10)


def _colour_bar(grid: PanelGrid, top: float) -> None:
    axes = grid.footer_axes(height=8, width=170, top=8)
    mappable = ScalarMappable(Normalize(0, top), COLOURS)
    bar = grid.figure.colorbar(
        mappable, cax=axes, orientation="horizontal", ticks=[0, top / 2, top]
    )
    bar.outline.set_visible(False)
    axes.set_xlabel("probability, mean over seeds", fontsize=7.5)
    axes.tick_params(labelsize=7)


def _caption(data: StudyData) -> str:
    if data.in_epochs:
        return (
            "Probability of every option of every decision after the recorded epochs, averaged over"
            " seeds; each column shows what was recorded last. The colours end at the tenth above"
            " the largest."
        )
    words = (
        "Probability of every option of every decision at the recorded steps, averaged over"
        " seeds; the axis is even, and each column shows what was recorded last."
    )
    if data.querying:
        words += (
            f" There are no such probabilities for {names(data.querying)}, asking for single"
            " architectures: there the colour is how often the option occurs in those held."
        )
    return words


def _table(maps: dict[str, Snapshots], data: StudyData) -> pd.DataFrame:
    rows = [
        (
            label,
            step if data.in_epochs else int(step),
            decision.name,
            option,
            probabilities[d][i, k],
        )
        for label, (steps, probabilities) in maps.items()
        for i, step in enumerate(steps)
        for d, decision in enumerate(data.space.decisions)
        for k, option in enumerate(decision.options)
    ]
    return pd.DataFrame(rows, columns=["method", data.clock, "decision", "option", "probability"])


def _alt(label: str, probabilities: list[Array], space: SearchSpace) -> str:
    ends = [
        f"{decision.name} {decision.options[int(values[-1].argmax())]} {values[-1].max():.2f}"
        for decision, values in zip(space.decisions, probabilities, strict=True)
    ]
    steps = count(len(probabilities[0]), "recorded step")
    return f"{label}: choice probabilities over {steps}. In the end: {', '.join(ends)}."
