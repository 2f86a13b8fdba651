"""Figure: the regret of the current architecture against the training its queries would cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nasbench_harness.reports import numerals
from nasbench_harness.reports.drawing import Drawing
from nasbench_harness.reports.intervals import Array, band
from nasbench_harness.reports.regretlines import (
    HEIGHT,
    WIDTH,
    cost_ticks,
    handle,
    line,
    scale_regret,
)
from nasbench_harness.reports.studydata import StudyData
from nasbench_harness.reports.style import MethodStyle
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
    _scale(axes, curves)
    handles = [handle(label, styles[label]) for label in labels]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=3.2)
    return Drawing(KEY, TITLE, _caption(data, labels), _alt(curves, labels), figure, {KEY: curves})


def cost_curves(data: StudyData) -> pd.DataFrame:
    """Columns method, gpu_hours, seeds, regret_mean, regret_low, regret_high (points).

    A method's curve begins where its last seed has an answer and goes to where its last seed ends;
    a seed that ended before keeps its final answer.
    """
    paths = {label: found for label in data.done_labels if (found := _paths(data, label))}
    if not paths:
        return pd.DataFrame({"method": []})
    costs = np.concatenate([cost for found in paths.values() for cost, _ in found])
    grid = np.geomspace(costs.min(), costs.max(), POINTS)
    return pd.concat([_curve(*item, grid) for item in paths.items()], ignore_index=True)


Answers = tuple[Array, Array]
"""GPU hours, rising, and the regret of the answer from there on."""


def _paths(data: StudyData, label: str) -> list[Answers]:
    """One path per seed that has costs."""
    if COLUMN not in data.steps:
        return []
    rows = data.steps[(data.steps["method"] == label) & (data.steps[COLUMN] > 0)]
    rows = rows[rows["regret"].notna()].sort_values(["trial", "step"])
    return [
        (seed[COLUMN].to_numpy(dtype=float), seed["regret"].to_numpy(dtype=float))
        for _, seed in rows.groupby("trial")
    ]


def _curve(label: str, paths: list[Answers], grid: Array) -> pd.DataFrame:
    start, end = max(cost[0] for cost, _ in paths), max(cost[-1] for cost, _ in paths)
    hours = np.unique([start, *grid[(grid > start) & (grid < end)], end])
    values = np.stack([held(path, hours) for path in paths])
    low, high = band(values)
    curve = {
        "method": label,
        "gpu_hours": hours,
        "seeds": len(values),
        "regret_mean": values.mean(axis=0),
        "regret_low": low,
        "regret_high": high,
    }
    return pd.DataFrame(curve)


def held(path: Answers, hours: Array) -> Array:
    """A seed's regret at each of `hours`: that of the last answer paid for by then."""
    cost, regret = path
    found: Array = regret[np.searchsorted(cost, hours, side="right") - 1]
    return found


def _scale(axes: Axes, curves: pd.DataFrame) -> None:
    low, high = float(curves["gpu_hours"].min()), float(curves["gpu_hours"].max())
    axes.set_xscale("log")
    axes.set_xlim(low * 0.93, high * 1.08)
    ticks = cost_ticks(*axes.get_xlim())
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.set_xlabel("simulated search cost, GPU hours (logarithmic)")
    scale_regret(axes, curves)


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
