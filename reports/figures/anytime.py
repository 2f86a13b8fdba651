"""Figure: the regret of the current architecture while the search goes on."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nasbench_harness.reports import numerals
from nasbench_harness.reports.figures.drawing import Drawing, Omitted
from nasbench_harness.reports.figures.reference import draw_levels, levels
from nasbench_harness.reports.figures.regretlines import HEIGHT, WIDTH, handle, line, scale_regret
from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.statistics.intervals import band
from nasbench_harness.reports.studydata import StudyData
from nasbench_harness.reports.words import name, names, plain

KEY, TITLE = "anytime", "Regret while searching"


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | Omitted:
    """Mean regret against step or epochs with a 95 % band, one line per method."""
    curves = anytime_curves(data)
    if curves.empty:
        return Omitted(KEY, TITLE, "no trial with a result has a recorded step")
    labels = [label for label in data.searching if label in set(curves["method"])]
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
    axes = figure.add_subplot()
    for position, label in enumerate(labels):
        line(axes, curves[curves["method"] == label], data.clock, styles[label], position)
    _scale(axes, curves, data)
    handles = [handle(label, styles[label]) for label in labels] + draw_levels(axes, data)
    figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=3.2)
    return Drawing(KEY, TITLE, _caption(data), _alt(data, labels), figure, {KEY: curves})


def anytime_curves(data: StudyData) -> pd.DataFrame:
    """Columns method, step (of supernets epochs), seeds, regret_mean, _low, _high (points).

    Only steps that every trial of a method recorded.
    """
    parts = []
    for label in data.searching:
        rows = data.steps[data.steps["method"] == label]
        regrets = rows.pivot_table(index="trial", columns=data.clock, values="regret").dropna(
            axis=1
        )
        if regrets.empty:
            continue
        values = regrets.to_numpy(dtype=float)
        low, high = band(values)
        part = {
            "method": label,
            data.clock: regrets.columns.to_numpy(),
            "seeds": len(values),
            "regret_mean": values.mean(axis=0),
            "regret_low": low,
            "regret_high": high,
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"method": []})


def _scale(axes: Axes, curves: pd.DataFrame, data: StudyData) -> None:
    if data.supernet:
        axes.set_xlim(0, float(curves["epochs"].max()) * 1.03)
        axes.set_xlabel("epochs of the search")
        scale_regret(axes, curves, [level.regret for level in levels(data)])
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    else:
        _scale_steps(axes, curves)


def _scale_steps(axes: Axes, curves: pd.DataFrame) -> None:
    last = int(curves["step"].max())
    axes.set_xscale("log")
    axes.set_xlim(0.93, max(2, last) * 1.08)
    powers = [10**power for power in range(10) if 10**power <= last]
    axes.set_xticks(powers, [f"{power:,}" for power in powers])
    axes.set_xlabel("search step (logarithmic)")
    scale_regret(axes, curves)


def _caption(data: StudyData) -> str:
    if data.supernet:
        return (
            "Mean regret, looked up in the table, of the cell a method would answer with if it"
            " stopped after that epoch, over the seeds that have a result; the band is the 95 %"
            " interval of the mean (one seed: no interval). An epoch is one pass over the training"
            " half of the images, whatever the batch. Lines across: all cells of the table, which"
            " is what random sampling draws with endless seeds, and the few it drew where the study"
            " has it."
        )
    words = (
        "Mean regret of the architecture a method would answer with if it stopped at that step,"
        " over the seeds that have a result; the band is the 95 % interval of the mean."
    )
    asking = data.querying
    gradient = [label for label in data.done_labels if label not in asking]
    if asking and gradient:
        words += (
            f" Steps are no common cost: one step of {names(gradient)} sees the whole table at once"
            f" (a soft oracle), while one step of {names(asking)} asks for a single architecture."
        )
    return words


def _alt(data: StudyData, labels: list[str]) -> str:
    ends = data.summary.set_index("method")["regret_mean"]
    said = "; ".join(f"{name(label)} ends at {numerals.points(ends[label])}" for label in labels)
    against = "epochs" if data.supernet else "search step"
    return plain(f"Line chart of mean regret in points against {against}. {said}.")
