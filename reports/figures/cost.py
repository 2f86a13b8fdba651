"""Figure: the regret of the current architecture against the training its queries would cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nasbench_harness.reports import numerals
from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.regretlines import (
    HEIGHT,
    WIDTH,
    cost_ticks,
    handle,
    line,
    scale_regret,
)
from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.statistics.intervals import Array, band
from nasbench_harness.reports.studydata import StudyData
from nasbench_harness.reports.words import name, names, plain

KEY, TITLE = "cost", "Regret against simulated cost"
COLUMN = "simulated_gpu_hours"
POINTS = 200
"""Places on the grid that all methods share, evenly spaced on the logarithmic axis."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | None:
    """Mean regret against GPU hours with a 95 % band; None where no method has such a cost."""
    curves = cost_curves(data)
    if curves.empty:
        return None
    labels = [label for label in data.done_labels if label in set(curves["method"])]
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
    axes = figure.add_subplot()
    for position, label in enumerate(labels):
        line(axes, curves[curves["method"] == label], "gpu_hours", styles[label], position)
    axes.set_xlabel("simulated search cost, GPU hours (logarithmic)")
    scale_cost(axes, curves["gpu_hours"])
    scale_regret(axes, curves)
    handles = [handle(label, styles[label]) for label in labels]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=3.2)
    return Drawing(KEY, TITLE, _caption(data, labels), _alt(curves, labels), figure, {KEY: curves})


def cost_curves(data: StudyData, recorded: str = COLUMN, called: str = "gpu_hours") -> pd.DataFrame:
    """Columns method, `called`, seeds, regret_mean, regret_low, regret_high (points).

    `recorded` is the column of the history with the cost so far. A method's curve begins where its
    last seed has an answer and goes to where its last seed ends; a seed that ended before keeps
    its final answer.
    """
    paths = {label: found for label in data.searching if (found := _paths(data, label, recorded))}
    if not paths:
        return pd.DataFrame({"method": []})
    costs = np.concatenate([cost for found in paths.values() for cost, _ in found])
    grid = np.geomspace(costs.min(), costs.max(), POINTS)
    curves = [_curve(label, found, grid) for label, found in paths.items()]
    return pd.concat(curves, ignore_index=True).rename(columns={"cost": called})


Answers = tuple[Array, Array]
"""Costs, rising, and the regret of the answer from there on."""


def _paths(data: StudyData, label: str, recorded: str) -> list[Answers]:
    """One path per seed that has costs."""
    if recorded not in data.steps:
        return []
    rows = data.steps[(data.steps["method"] == label) & (data.steps[recorded] > 0)]
    rows = rows[rows["regret"].notna()].sort_values(["trial", "step"])
    return [
        (seed[recorded].to_numpy(dtype=float), seed["regret"].to_numpy(dtype=float))
        for _, seed in rows.groupby("trial")
    ]


def _curve(label: str, paths: list[Answers], grid: Array) -> pd.DataFrame:
    start, end = max(cost[0] for cost, _ in paths), max(cost[-1] for cost, _ in paths)
    costs = np.unique([start, *grid[(grid > start) & (grid < end)], end])
    values = np.stack([held(path, costs) for path in paths])
    low, high = band(values)
    curve = {
        "method": label,
        "cost": costs,
        "seeds": len(values),
        "regret_mean": values.mean(axis=0),
        "regret_low": low,
        "regret_high": high,
    }
    return pd.DataFrame(curve)


def held(path: Answers, costs: Array) -> Array:
    """A seed's regret at each of `costs`: that of the last answer paid for by then."""
    cost, regret = path
    found: Array = regret[np.searchsorted(cost, costs, side="right") - 1]
    return found


def scale_cost(axes: Axes, costs: pd.Series) -> None:
    """A logarithmic axis with round ticks."""
    low, high = float(costs.min()), float(costs.max())
    axes.set_xscale("log")
    axes.set_xlim(low * 0.93, high * 1.08)
    ticks = cost_ticks(*axes.get_xlim())
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])


def _caption(data: StudyData, labels: list[str]) -> str:
    words = (
        "Mean regret of the answer a method would give if it stopped at that cost, judged as"
        " everywhere here; the band is the 95 % interval of the mean over seeds, and a seed that"
        " has spent its budget keeps its final answer. Costs are the benchmark's recorded training"
        " times scaled to the queried epochs."
    )
    free = [label for label in data.done_labels if label not in labels]
    if free:
        words += (
            f" Not shown: {names(free)}. Gradient methods on a landscape train nothing and have no"
            " such cost."
        )
    return words


def _alt(curves: pd.DataFrame, labels: list[str]) -> str:
    said = []
    for label in labels:
        curve = curves[curves["method"] == label]
        regret, hours = float(curve["regret_mean"].iloc[-1]), float(curve["gpu_hours"].iloc[-1])
        said.append(f"{name(label)} ends at {numerals.points(regret)} after {hours:.3g} GPU hours")
    return plain(
        f"Line chart of mean regret in points against simulated GPU hours. {'; '.join(said)}."
    )
