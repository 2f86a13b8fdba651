"""Figure: the regret of the current architecture while the search goes on."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nasbench_harness.reports import numerals
from nasbench_harness.reports.drawing import Drawing, Omitted
from nasbench_harness.reports.intervals import band
from nasbench_harness.reports.studydata import BASELINE, StudyData
from nasbench_harness.reports.style import INK, MethodStyle
from nasbench_harness.reports.words import name, names, plain, shortened

KEY, TITLE = "anytime", "Regret while searching"
WIDTH, HEIGHT = 350, 300  # points
LINEAR_BELOW = 0.1
"""Points of regret below which the logarithmic axis is linear, so that it can show zero."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | Omitted:
    """Mean regret against step with a 95 % band, one line per method."""
    curves = anytime_curves(data)
    if curves.empty:
        return Omitted(KEY, TITLE, "no trial with a result has a recorded step")
    labels = [label for label in data.done_labels if label in set(curves["method"])]
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
    axes = figure.add_subplot()
    for position, label in enumerate(labels):
        _line(axes, curves[curves["method"] == label], styles[label], position)
    _scale(axes, curves)
    handles = [_handle(label, styles[label]) for label in labels] + _reference(axes, data)
    figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=3.2)
    return Drawing(KEY, TITLE, _caption(data), _alt(data, labels), figure, {KEY: curves})


def anytime_curves(data: StudyData) -> pd.DataFrame:
    """Columns method, step, seeds, regret_mean, regret_low, regret_high (points).

    Only steps that every trial of a method recorded.
    """
    parts = []
    for label in data.done_labels:
        rows = data.steps[data.steps["method"] == label]
        regrets = rows.pivot_table(index="trial", columns="step", values="regret").dropna(axis=1)
        if regrets.empty:
            continue
        values = regrets.to_numpy(dtype=float)
        low, high = band(values)
        part = {
            "method": label,
            "step": regrets.columns.to_numpy(dtype=int),
            "seeds": len(values),
            "regret_mean": values.mean(axis=0),
            "regret_low": low,
            "regret_high": high,
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"method": []})


def _line(axes: Axes, curve: pd.DataFrame, style: MethodStyle, position: int) -> None:
    step = curve["step"].to_numpy()
    axes.fill_between(
        step, curve["regret_low"], curve["regret_high"], color=style.colour, alpha=0.16, linewidth=0
    )
    spread = max(1, len(step) // 8)
    axes.plot(
        step,
        curve["regret_mean"],
        color=style.colour,
        linestyle=style.dash,
        linewidth=1.6,
        marker=style.marker,
        markersize=4,
        markevery=(position * spread // 6 % spread, spread),
    )


def _handle(label: str, style: MethodStyle) -> Line2D:
    text = shortened(label, 24)
    return Line2D(
        [],
        [],
        color=style.colour,
        linestyle=style.dash,
        linewidth=1.6,
        marker=style.marker,
        markersize=4,
        label=f" {text}" if text.startswith("_") else text,  # matplotlib hides a leading underscore
    )


def _scale(axes: Axes, curves: pd.DataFrame) -> None:
    last = int(curves["step"].max())
    axes.set_xscale("log")
    axes.set_xlim(0.93, max(2, last) * 1.08)
    powers = [10**power for power in range(10) if 10**power <= last]
    axes.set_xticks(powers, [f"{power:,}" for power in powers])
    axes.set_xlabel("search step (logarithmic)")
    regrets = curves[["regret_mean", "regret_low", "regret_high"]].to_numpy()
    low, high = float(np.nanmin(regrets)), max(float(np.nanmax(regrets)), LINEAR_BELOW)
    axes.set_yscale("symlog", linthresh=LINEAR_BELOW, linscale=0.7)
    axes.set_ylim(0.75 * low if low > 2 * LINEAR_BELOW else -0.012, 1.25 * high)
    ticks = regret_ticks(*axes.get_ylim())
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_ylabel(f"regret, points (logarithmic, linear below {LINEAR_BELOW:g})")
    axes.minorticks_off()


def regret_ticks(low: float, high: float) -> list[float]:
    """Round numbers between the limits of a logarithmic axis; more of them on a short one."""
    for digits in ((1, 2, 5), range(1, 10)):
        ticks = [0.0, *(digit * 10.0**power for power in (-1, 0, 1, 2) for digit in digits)]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) >= 3:
            break
    return inside


def _reference(axes: Axes, data: StudyData) -> list[Line2D]:
    """A line where random search ends, if it does."""
    rows = data.summary[data.summary["method"] == BASELINE]
    level = float(rows["regret_mean"].iloc[0]) if len(rows) else np.nan
    if np.isnan(level):
        return []
    label = f"{BASELINE} ends here ({numerals.points(level)})"
    return [axes.axhline(level, color=INK, linewidth=0.9, linestyle=(0, (1, 2)), label=label)]


def _caption(data: StudyData) -> str:
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
    return plain(f"Line chart of mean regret in points against search step. {said}.")
