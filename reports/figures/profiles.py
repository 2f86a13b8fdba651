"""Figure: what share of a method's seeds ended within so much of the optimum."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.regretlines import (
    HEIGHT,
    WIDTH,
    handle,
    linear_below,
    regret_axis,
    regret_ticks,
)
from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.profiles import performance_profile
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure
from nasbench_harness.reports.study.summary import numbers
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import name, plain

KEY, TITLE = "profiles", "How often how close"
THRESHOLDS = 160
FEWEST = 3
"""Seeds below which a profile is a staircase of nothing."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | None:
    """Performance profiles with 95 % bands; None where no method has `FEWEST` seeds, or regret."""
    profiles = profile_table(data) if data.measure.is_regret else pd.DataFrame()
    if profiles.empty:
        return None
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
    axes = figure.add_subplot()
    labels = [label for label in data.done_labels if label in set(profiles["method"])]
    for position, label in enumerate(labels):
        own, style = profiles[profiles["method"] == label], styles[label]
        at = own["regret"].to_numpy()
        axes.fill_between(at, own["low"], own["high"], color=style.colour, alpha=0.16, linewidth=0)
        axes.plot(
            at, own["share"], color=style.colour, linestyle=style.dash, linewidth=1.6,
            marker=style.mark, markersize=5, markevery=(3 * position, THRESHOLDS // 6),
        )  # fmt: skip
    top, quantity = float(profiles["regret"].max()), data.measure.quantity
    below = linear_below(quantity)
    axes.set_xscale("symlog", linthresh=below, linscale=0.7)
    axes.set_xlim(-0.05 * below, top)
    ticks = regret_ticks(0.0, top, quantity)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(regret_axis(quantity, "regret at most"))
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks(np.linspace(0, 1, 5), [f"{share:.0f}" for share in np.linspace(0, 100, 5)])
    axes.set_ylabel("share of seeds, %")
    handles = [handle(label, styles[label]) for label in labels]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=3.2)
    return Drawing(
        KEY, TITLE, _CAPTION, _alt(profiles, labels, data.measure), figure, {KEY: profiles}
    )


_CAPTION = (
    "Performance profiles: the share of a method's seeds that ended with at most so much regret."
    " A curve that lies above another at every point is of a method that is better for every"
    " demand; where two cross, it depends on the demand. Bands are 95 % intervals at every"
    " point, by Wilson's method."
)


def profile_table(data: StudyData) -> pd.DataFrame:
    """Columns method, regret, share, low, high, of methods with `FEWEST` seeds."""
    regrets = {
        label: numbers(data.done[data.done["method"] == label], "regret")
        for label in data.done_labels
    }
    regrets = {label: values for label, values in regrets.items() if len(values) >= FEWEST}
    if not regrets:
        return pd.DataFrame()
    largest = max(float(values.max()) for values in regrets.values())
    thresholds = _thresholds(largest, linear_below(data.measure.quantity))
    parts = []
    for label, values in regrets.items():
        found = performance_profile([values], thresholds)
        columns = {"regret": thresholds, "share": found.share, "low": found.low, "high": found.high}
        parts.append(pd.DataFrame({"method": label, **columns}))
    return pd.concat(parts, ignore_index=True)


def _thresholds(largest: float, below: float) -> Array:
    """Evenly spaced on the axis: linear at first, then logarithmic."""
    top = max(1.1 * largest, 2 * below)
    linear = np.linspace(0, below, THRESHOLDS // 4, endpoint=False)
    return np.concatenate([linear, np.geomspace(below, top, THRESHOLDS * 3 // 4)])


def _alt(profiles: pd.DataFrame, labels: list[str], measure: Measure) -> str:
    said, below = [], linear_below(measure.quantity)
    for label in labels:
        own = profiles[profiles["method"] == label]
        within = own[own["regret"] <= below]["share"].iloc[-1]
        said.append(f"{name(label)} {numerals.share(float(within))}")
    return plain(
        f"Share of seeds against regret. Within {measure.quantity.amount(f'{below:g}')}:"
        f" {', '.join(said)}."
    )
