"""Figure: accuracy, or what answers are judged by, against cost.

The found cells before all others, and the true front.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from nasbench_harness.contracts import CompleteTable, Cost, EnumerableSpace
from nasbench_harness.reports.analysis.everycost import NoCostError, every_cost
from nasbench_harness.reports.figures import foundfronts
from nasbench_harness.reports.figures.drawing import Drawing, Omitted, PanelGrid
from nasbench_harness.reports.figures.relief import LARGEST
from nasbench_harness.reports.figures.style import INK, MUTED, MethodStyle
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure, by_value
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, listing, plain, shortened
from nasbench_harness.study.costs import column_of, space_costs, table_costs
from nasbench_harness.tables.quantity import ACCURACY, Quantity

KEY, TITLE = "tradeoff", "Accuracy against cost"
PREFERRED = "latency:pixel3"
"""The measured cost of a panel where no method holds one: of a device that everybody knows."""
SHORT = {"million": "m", "thousand": "k"}
"""How names of columns end that are in such a unit."""
BINS = 44
LINEAR_WITHIN = 0.005
"""How far from the best the axis is about linear: a share of what its numbers lie within."""
HIDDEN_TAIL = 0.05
"""Share of the least accurate cells that the picture may leave out."""
MARKS = 2_000
"""Marks of all methods together in a panel; of more cells those found most often are drawn."""
SMALLEST, LARGEST_MARK = 26.0, 150.0
"""Areas of the marks of a cell found once, and of the one found most often."""


@dataclass(frozen=True)
class CostAxis:
    """What a panel has across: a number of every architecture, in rank order."""

    name: str
    """What users call the cost."""
    key: str
    """Column of the files."""
    heading: str
    axis: str
    values: Array
    """In the unit of the axis."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | Omitted | None:
    """A panel per cost: every cell as a density, the front, and what was found.

    None where nothing was found, or no table knows every architecture.
    """
    if data.done.empty:
        return None
    space, table = data.every_architecture, data.complete
    heading = title(by_value(data.measure.quantity))
    if space is None or table is None:
        return Omitted(KEY, heading, data.table_missing) if data.table_missing else None
    if space.size > LARGEST:
        return Omitted(KEY, heading, f"{space.size:,} architectures are too many for a picture")
    try:
        costs = costs_of(data, space, table)
    except NoCostError as error:
        return Omitted(KEY, heading, str(error))
    accuracy = np.asarray(table.column(data.first("report_metric")), dtype=float)
    return _draw(data, space, costs, accuracy, styles)


def title(value: Measure) -> str:
    """What the figure is headed by."""
    return TITLE.replace("Accuracy", value.heading)


def _draw(
    data: StudyData,
    space: EnumerableSpace,
    costs: list[CostAxis],
    accuracy: Array,
    styles: dict[str, MethodStyle],
) -> Drawing:
    found = found_cells(data, space, costs, accuracy)
    fronts = {cost.key: pareto_front(cost.values, accuracy) for cost in costs}
    asked = foundfronts.asked_fronts(data, space, {c.name: c.values for c in costs}, accuracy)
    dashed = [foundfronts.handle()] if len(asked) else []
    below = _footer(data) + 12.5 * len(dashed)
    grid = PanelGrid(len(costs), 280, 244, insets=(46, 10, 36, 34), footer=below)
    value = by_value(data.measure.quantity)
    height = Height(accuracy, float(found["accuracy"].min()), value.quantity)
    panels = []
    for index, cost in enumerate(costs):
        axes = grid.axes(index)
        _panel(axes, cost, accuracy, fronts[cost.key], height)
        own = asked[asked["cost"] == cost.name]
        foundfronts.draw(axes, own, height.of, float(axes.get_xlim()[1]), styles)
        axes.set_ylabel(f"{value.noun}{value.quantity.of_values}", fontsize=7.5, labelpad=2)
        _marks(axes, _marked(found), cost, height, styles)
        grid.title(axes, cost.heading, _on_front(found, cost))
        panels.append(grid.panel(index, _alt(found, cost, value)))
    grid.legend([*_handles(data, styles), *dashed])
    tables = {KEY: found, f"{KEY}-front": _front_table(space, costs, fronts, accuracy)}
    if len(asked):
        tables[f"{KEY}-asked"] = asked
    footer = grid.footer_panel("Which mark is which method.")
    against = listing([c.heading.lower() for c in costs])
    alt = f"{value.heading} of the found cells against {against}."
    caption = _caption(space, found, costs, value) + foundfronts.caption(asked)
    return Drawing(KEY, title(value), caption, alt, grid.figure, tables, panels, footer)


# --- numbers -----------------------------------------------------------------------------------


def costs_of(data: StudyData, space: EnumerableSpace, table: CompleteTable) -> list[CostAxis]:
    """The first that the space counts, and another: held down in the study, measured, or counted.

    NoCostError where neither knows any, or it takes long to ask the space for all of them.
    """
    counted = [cost for cost in space_costs(space) if cost.of_all]
    others = [*(cost for cost in table_costs(table) if cost.of_all), *counted[1:]]
    held = [str(spec.roles.get("cost", "")) for spec in data.study.specs]
    chosen = sorted(others, key=lambda cost: (cost.name not in held, cost.name != PREFERRED))
    if not counted and not chosen:
        raise NoCostError("neither space nor table knows a cost")
    dataset = str(data.first("dataset"))
    return [_axis(cost, space, table, dataset) for cost in (*counted[:1], *chosen[:1])]


def _axis(cost: Cost, space: EnumerableSpace, table: CompleteTable, dataset: str) -> CostAxis:
    """`params_m` in millions, `latency_ms_pixel3` as the table has it."""
    heading, unit = cost.heading, cost.shown_unit
    title = f"{heading[:1].lower()}{heading[1:]}, {unit}{'s' if unit in SHORT else ''}"
    if cost.measured:
        column = column_of(cost, table, dataset)
        values = np.asarray(table.column(column), dtype=float) / cost.scale
        return CostAxis(cost.name, column, heading, title, values)
    values = every_cost(space, cost.name, dataset) / cost.scale
    return CostAxis(cost.name, f"{cost.name}_{SHORT.get(unit, unit)}", heading, title, values)


def pareto_front(cost: Array, accuracy: Array) -> NDArray[np.bool_]:
    """Where no other is cheaper and as accurate, or as cheap and more accurate."""
    usable = np.isfinite(cost) & np.isfinite(accuracy)
    levels, level_of = np.unique(np.where(usable, cost, np.inf), return_inverse=True)
    best = np.full(len(levels), -np.inf)
    np.maximum.at(best, level_of, np.where(usable, accuracy, -np.inf))
    cheaper = np.concatenate([[-np.inf], np.maximum.accumulate(best)[:-1]])
    front: NDArray[np.bool_] = (accuracy == best[level_of]) & (accuracy > cheaper[level_of])
    return usable & front


def found_cells(
    data: StudyData, space: EnumerableSpace, costs: list[CostAxis], accuracy: Array
) -> pd.DataFrame:
    """One row per method and cell it answered with.

    Columns method, architecture, found (by how many seeds), seeds, accuracy, in its unit, and per
    cost its value and `front_...`: whether the cell is on the front.
    """
    rows = (
        data.done.groupby(["method", "architecture"], sort=False).size().reset_index(name="found")
    )
    rows = rows.set_index("method").loc[data.done_labels].reset_index()
    rows["seeds"] = rows["method"].map(data.done["method"].value_counts())
    ranks = [space.rank(space.parse(text)) for text in rows["architecture"]]
    rows["accuracy"] = accuracy[ranks]
    for cost in costs:
        rows[cost.key] = cost.values[ranks]
        rows[f"front_{cost.key}"] = pareto_front(cost.values, accuracy)[ranks]
    return rows


def _front_table(
    space: EnumerableSpace,
    costs: list[CostAxis],
    fronts: dict[str, NDArray[np.bool_]],
    accuracy: Array,
) -> pd.DataFrame:
    parts = []
    for cost in costs:
        ranks = np.flatnonzero(fronts[cost.key])
        ranks = ranks[np.argsort(cost.values[ranks], kind="stable")]
        cells = [str(space.unrank(int(rank))) for rank in ranks]
        columns = {"cost": cost.key, "architecture": cells, "value": cost.values[ranks]}
        parts.append(pd.DataFrame({**columns, "accuracy": accuracy[ranks]}))
    return pd.concat(parts, ignore_index=True)


# --- drawing -----------------------------------------------------------------------------------


class Height:
    """Where an accuracy is drawn: logarithmic in what is missing to the best, so that the good
    cells, which are what searches find, do not fall together.
    """

    def __init__(self, accuracy: Array, lowest: float, quantity: Quantity = ACCURACY) -> None:
        """Room for the cell `lowest`, in the same unit, and for all but the tail of all cells."""
        self._size = quantity.size
        self.best = float(np.nanmax(accuracy))
        self.low = min(lowest, float(np.nanquantile(accuracy, HIDDEN_TAIL)))
        bottom = float(self.of(np.array(self.low)))
        self.limits = (1.06 * bottom, -0.06 * bottom)

    def of(self, accuracy: Array) -> Array:
        """0 for the best, negative below."""
        found: Array = -np.log1p((self.best - accuracy) / (LINEAR_WITHIN * self._size))
        return found

    def ticks(self) -> list[float]:
        """The best, and round accuracies about evenly spaced in the picture."""
        steps = {0.5: 0.5, 1: 1, 2: 1, 4: 1, 10: 5, 20: 10, 50: 10}
        best, hundredth = self.best * 100 / self._size, self._size / 100
        rounded = [
            unit * math.floor((best - step) / unit) * hundredth for step, unit in steps.items()
        ]
        return [self.best, *(tick for tick in dict.fromkeys(rounded) if tick >= self.low)]


def _panel(
    axes: Axes, cost: CostAxis, accuracy: Array, front: NDArray[np.bool_], height: Height
) -> None:
    limits, heights = height.limits, height.of(accuracy)
    usable = np.isfinite(cost.values) & np.isfinite(accuracy)
    right = float(cost.values[usable].max())
    area = ((-0.03 * right, 1.03 * right), limits)
    counts, _, _ = np.histogram2d(cost.values[usable], heights[usable], BINS, area)
    shades = LinearSegmentedColormap.from_list("", [to_rgba(MUTED, 0.12), to_rgba(MUTED, 0.8)])
    shown = np.ma.masked_equal(np.log1p(counts.T), 0)
    axes.imshow(
        shown, origin="lower", extent=(*area[0], *area[1]), aspect="auto", cmap=shades,
        interpolation="none", zorder=1,
    )  # fmt: skip
    order = np.argsort(cost.values[front], kind="stable")
    x, y = cost.values[front][order], heights[front][order]
    axes.step([*x, right], [*y, y[-1]], where="post", color=INK, linewidth=1.0, zorder=2)
    axes.set_xlim(*area[0])
    axes.set_ylim(*limits)
    ticks = height.ticks()
    axes.set_yticks(height.of(np.array(ticks)), [f"{tick:.4g}" for tick in ticks])
    axes.grid(visible=False)
    axes.tick_params(labelsize=7)
    axes.set_xlabel(cost.axis, fontsize=7.5, labelpad=2)


def _marked(found: pd.DataFrame) -> pd.DataFrame:
    """Of every method the cells found most often, where there are too many for a page."""
    if len(found) <= MARKS:
        return found
    often = found.sort_values("found", ascending=False, kind="stable").groupby("method", sort=False)
    return often.head(MARKS // found["method"].nunique()).sort_index()


def _marks(
    axes: Axes, found: pd.DataFrame, cost: CostAxis, height: Height, styles: dict[str, MethodStyle]
) -> None:
    most = max(int(found["found"].max()), 2)
    for label, rows in found.groupby("method", sort=False):
        style = styles[str(label)]
        share = (rows["found"].to_numpy(dtype=float) - 1) / (most - 1)
        sizes = SMALLEST + share * (LARGEST_MARK - SMALLEST)
        marks = axes.scatter(
            rows[cost.key], height.of(rows["accuracy"].to_numpy(dtype=float)), s=sizes,
            marker=style.mark, color=style.colour, linewidths=1.3, zorder=4, clip_on=False,
        )  # fmt: skip
        if style.marker in Line2D.filled_markers and not style.hollow:
            marks.set_facecolor(to_rgba(style.colour, 0.15))


def _handles(data: StudyData, styles: dict[str, MethodStyle]) -> list[Line2D]:
    marks = [
        Line2D([], [], linestyle="none", marker=styles[label].mark, color=styles[label].colour,
               markerfacecolor=to_rgba(styles[label].colour, 0.15),
               markeredgecolor=styles[label].colour, markeredgewidth=1.3,
               markersize=5.5, label=f" {shortened(label, 24)}")
        for label in data.done_labels
    ]  # fmt: skip
    front = Line2D([], [], color=INK, linewidth=1.0, label="front of all cells")
    every = Line2D([], [], color=to_rgba(MUTED, 0.5), linewidth=7, solid_capstyle="butt",
                   label="all cells, darker where there are more")  # fmt: skip
    return [*marks, front, every]


def _footer(data: StudyData) -> float:
    return 16 + 12.5 * (2 + sum(1 + shortened(x, 24).count("\n") for x in data.done_labels))


# --- words -------------------------------------------------------------------------------------


def _share_on_front(found: pd.DataFrame, cost: CostAxis) -> tuple[int, int]:
    """How many of the different cells found are on the front, and how many there are."""
    cells = found.drop_duplicates("architecture")
    return int(cells[f"front_{cost.key}"].sum()), len(cells)


def _on_front(found: pd.DataFrame, cost: CostAxis) -> str:
    on, different = _share_on_front(found, cost)
    return f"{on} of {count(different, 'found cell')} on the front"


def _caption(
    space: EnumerableSpace, found: pd.DataFrame, costs: list[CostAxis], value: Measure
) -> str:
    accurate = value.noun == "accuracy"
    more, alike = ("more accurate", "as accurate") if accurate else ("better", "as good")
    fronts = "; ".join(f"{_on_front(found, cost)} of {cost.axis.split(',')[0]}" for cost in costs)
    few = MARKS // found["method"].nunique() if len(found) > MARKS else 0
    most = f" Of a method the {few:,} cells found most often are marked." if few else ""
    return (
        f"Grey: all {space.size:,} architectures of the table; the line is their front, on"
        f" which no other is as cheap and {more}, or {alike} and cheaper. A mark is a cell that a"
        f" method answered with, larger the more seeds found it.{most} {value.heading} is on a"
        " logarithmic scale of what is missing to the best. A search that was not asked to hold a"
        f" cost down has no reason to end on the front. Here {fronts}."
    )


def _alt(found: pd.DataFrame, cost: CostAxis, value: Measure) -> str:
    parts = []
    for label, rows in found.groupby("method", sort=False):
        best = rows.sort_values("accuracy", ascending=False).iloc[0]
        taken, worth = numerals.significant(best[cost.key]), value.stated(best["accuracy"])
        parts.append(f"{label}: {count(len(rows), 'cell')}, best {worth} at {taken}")
    return plain(
        f"{value.heading} against {cost.axis}: {_on_front(found, cost)}. {'; '.join(parts)}."
    )
