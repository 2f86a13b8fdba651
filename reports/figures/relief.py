"""Figure: every architecture of the space as a relief, and the path of a search across it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from nasbench_harness.contracts import CompleteTable, EnumerableSpace
from nasbench_harness.reports.figures.drawing import Drawing, Omitted, PanelGrid
from nasbench_harness.reports.figures.style import DARK, INK, LIGHT, MethodStyle
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure, by_value
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count
from nasbench_harness.tables.enumeration import is_product

KEY, TITLE = "landscape", "The way across the landscape"
UNSEEN_KEY, UNSEEN_TITLE = "answers", "The answers in the table"
"""Of a study whose searches never saw the table."""
LARGEST = 1_000_000
"""Architectures beyond which a relief of all of them says nothing."""
COLOURS = "cividis"
LOW_TAIL = 0.2
"""Share of the worst architectures that the colour scale does not tell apart."""


@dataclass(frozen=True)
class Relief:
    """The table folded to a matrix: first half of the decisions down, the second across.

    Rows and columns are ordered by their mean, the best at the top and on the right.
    """

    values: Array
    """[rows, columns], in the unit of the metric."""
    row_of: NDArray[np.intp]
    column_of: NDArray[np.intp]
    metric: str

    def place(self, rank: int) -> tuple[int, int]:
        """Row and column of an architecture."""
        row, column = divmod(rank, len(self.column_of))
        return int(self.row_of[row]), int(self.column_of[column])


def fold(table: CompleteTable, metric: str, options: list[int]) -> Relief:
    """Fold a column of the table; `options` is the number of options of every decision."""
    rows = math.prod(options[: len(options) // 2])
    matrix = np.asarray(table.column(metric)).reshape(rows, -1)
    by_row, by_column = (matrix.mean(axis=axis).argsort(kind="stable") for axis in (1, 0))
    return Relief(matrix[by_row][:, by_column], by_row.argsort(), by_column.argsort(), metric)


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | Omitted | None:
    """One relief per method with the path of its median seed; None without a table of all."""
    key, title = (KEY, TITLE) if data.queryable else (UNSEEN_KEY, UNSEEN_TITLE)
    space = data.every_architecture
    if space is None or data.complete is None:
        return Omitted(key, title, data.table_missing) if data.table_missing else None
    if space.size > LARGEST:
        return Omitted(key, title, f"{space.size:,} architectures are too many for a picture")
    if not is_product(space):
        return None
    options = [len(decision.options) for decision in space.decisions]
    relief = fold(data.complete, data.first("report_metric"), options)
    found = ((label, _path(data, label, relief, space)) for label in data.done_labels)
    paths = {label: path for label, path in found if len(path)}
    if not paths:
        return Omitted(key, title, "no trial with a result has a recorded step")
    grid = PanelGrid(len(paths), width=250, height=282, insets=(16, 8, 36, 20), footer=58)
    limits = (float(np.quantile(relief.values, LOW_TAIL)), float(relief.values.max()))
    panels, value = [], by_value(data.measure.quantity)
    for index, (label, path) in enumerate(paths.items()):
        axes = grid.axes(index)
        _relief(axes, relief, limits)
        _route(axes, path, styles[label])
        grid.head(axes, label, [_facts(path, value)], styles[label])
        panels.append(grid.panel(index, _alt(label, path, data.measure)))
    _colour_bar(grid, limits, value)
    tables = {key: _cells(relief), f"{key}-paths": pd.concat(paths.values(), ignore_index=True)}
    footer = grid.footer_panel(f"Colour scale of {value.noun}, and what the marks mean.")
    alt = f"The {value.noun} of {space.size:,} architectures as a relief, with search paths."
    return Drawing(
        key, title, _caption(data, space, limits), alt, grid.figure, tables, panels, footer
    )


# --- paths -------------------------------------------------------------------------------------


def _path(data: StudyData, label: str, relief: Relief, space: EnumerableSpace) -> pd.DataFrame:
    """Distinct successive architectures of the median seed, with their places; may be empty."""
    trial = median_trial(data.done[data.done["method"] == label])
    columns = ["method", "seed", "step", "architecture", "accuracy", "regret"]
    if "architecture" not in data.steps:
        return pd.DataFrame(columns=[*columns, "row", "column"])
    rows = data.steps.of(label, *columns)
    rows = rows[rows["trial"] == trial].sort_values("step")
    rows = rows[rows["architecture"] != rows["architecture"].shift()]
    places = [relief.place(space.rank(space.parse(text))) for text in rows["architecture"]]
    path = rows[columns].copy()
    path["row"], path["column"] = [p[0] for p in places], [p[1] for p in places]
    return path


def median_trial(trials: pd.DataFrame) -> str:
    """The trial with the median regret (the better of the two middle ones, lower seed first)."""
    ordered = trials.sort_values(["regret", "seed"], na_position="last")
    return str(ordered["trial"].iloc[(len(ordered) - 1) // 2])


def _cells(relief: Relief) -> pd.DataFrame:
    rows, columns = np.meshgrid(relief.row_of, relief.column_of, indexing="ij")
    return pd.DataFrame(
        {
            "rank": np.arange(rows.size),
            "row": rows.ravel(),
            "column": columns.ravel(),
            relief.metric: relief.values[rows, columns].ravel(),
        }
    )


# --- drawing -----------------------------------------------------------------------------------


def _relief(axes: Axes, relief: Relief, limits: tuple[float, float]) -> None:
    axes.imshow(
        relief.values, origin="lower", aspect="auto", interpolation="none", cmap=COLOURS,
        vmin=limits[0], vmax=limits[1],
    )  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.set_xlabel("second half of the choices, better →", fontsize=7, labelpad=4)
    axes.set_ylabel("first half of the choices, better →", fontsize=7, labelpad=4)
    for side in axes.spines.values():
        side.set_visible(False)
    best = np.unravel_index(int(relief.values.argmax()), relief.values.shape)
    axes.scatter(
        [best[1]], [best[0]], marker="*", s=95, color=LIGHT, edgecolors=DARK, linewidths=0.8,
        zorder=6, clip_on=False,
    )  # fmt: skip


def _route(axes: Axes, path: pd.DataFrame, style: MethodStyle) -> None:
    x, y = path["column"].to_numpy(), path["row"].to_numpy()
    casing = [withStroke(linewidth=3.2, foreground=LIGHT)]
    axes.plot(
        x, y, color=style.on_picture, linewidth=1.5, zorder=3, path_effects=casing, clip_on=False
    )
    axes.scatter(
        x[1:-1], y[1:-1], s=13, color=style.on_picture, edgecolors=LIGHT, linewidths=0.7, zorder=4,
        clip_on=False,
    )  # fmt: skip
    for place, marker, colour, size in ((-1, "s", style.on_picture, 150), (0, "o", LIGHT, 48)):
        axes.scatter(
            x[place], y[place], marker=marker, s=size, color=colour, edgecolors=DARK,
            linewidths=1.1, zorder=5, clip_on=False,
        )  # fmt: skip


def _facts(path: pd.DataFrame, value: Measure) -> str:
    first, last = path["accuracy"].iloc[0], path["accuracy"].iloc[-1]
    return (
        f"seed {path['seed'].iloc[0]}: {count(len(path), 'architecture')},"
        f" {value.text(first)} → {value.stated(last)}"
    )


def _colour_bar(grid: PanelGrid, limits: tuple[float, float], value: Measure) -> None:
    axes = grid.footer_axes(height=8, width=170, top=22)
    bar = grid.figure.colorbar(
        ScalarMappable(Normalize(*limits), COLOURS), cax=axes, orientation="horizontal",
        extend="min", ticks=np.linspace(*limits, 4), format=f"%.{max(0, value.digits - 1)}f",
    )  # fmt: skip
    bar.outline.set_visible(False)
    axes.set_xlabel(f"{value.noun}{value.quantity.of_values}", fontsize=7.5)
    axes.tick_params(labelsize=7)
    for x, marker, colour, words in (
        (0.0, "o", LIGHT, "start"),
        (0.30, "s", INK, "end"),
        (0.55, "*", LIGHT, "best of the table"),
    ):
        axes.plot(
            [x], [1.9], marker=marker, color=colour, markeredgecolor=DARK, markersize=6,
            transform=axes.transAxes, clip_on=False,
        )  # fmt: skip
        axes.text(x + 0.045, 1.9, words, transform=axes.transAxes, va="center", fontsize=7.5)


def _caption(data: StudyData, space: EnumerableSpace, limits: tuple[float, float]) -> str:
    half, value = len(space.decisions) // 2, by_value(data.measure.quantity)
    several = "accuracies" if value.noun == "accuracy" else "numbers"
    return (
        f"All {space.size:,} architectures: a point's row is its choice for the first {half}"
        f" decisions, its column the choice for the others, both sorted by mean {value.noun}, so"
        " that the best lie at the top right. Neighbouring points need not be similar"
        " architectures. The path joins the successive answers of the seed with the median final"
        " regret"
        f"{'' if data.queryable else f', which never saw these {several}'}."
        f" {several.capitalize()} below {value.stated(limits[0])} (the worst"
        f" {numerals.share(LOW_TAIL)})"
        " share one colour."
    )


def _alt(label: str, path: pd.DataFrame, regret: Measure) -> str:
    facts = _facts(path, by_value(regret.quantity))
    first, last = path["regret"].iloc[0], path["regret"].iloc[-1]
    return f"{label}: path of {facts}; regret from {regret.text(first)} to {regret.stated(last)}."
