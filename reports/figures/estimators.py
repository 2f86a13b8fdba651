"""Figure: bias and variance of the gradient each method follows, against the exact one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nasbench_harness.reports.figures.drawing import Drawing, PanelGrid
from nasbench_harness.reports.figures.style import INK, MUTED, MethodStyle
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count

KEY, TITLE = "estimators", "How good the gradient is"
BIAS, ERROR, VARIANCE, COSINE = (
    "gradient_bias", "gradient_bias_error", "gradient_variance", "gradient_cosine",
)  # fmt: skip
ROUNDING = 1e-9
"""Shares of the exact gradient below which only the computer's rounding is seen."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | None:
    """A panel per method that has an estimator; None where gradients were not diagnosed."""
    rows = diagnosed(data)
    if rows.empty:
        return None
    curves, labels = medians(rows), list(dict.fromkeys(rows["method"]))
    grid = PanelGrid(len(labels), 250, 190, insets=(42, 10, 36, 32), footer=72)
    limits = _limits(curves)
    panels = []
    for index, label in enumerate(labels):
        axes = grid.axes(index)
        own = rows[rows["method"] == label]
        _panel(axes, curves[curves["method"] == label], styles[label], limits)
        facts = _facts(own)
        grid.head(axes, label, [facts], styles[label])
        panels.append(grid.panel(index, _alt(label, facts, own)))
    _legend(grid)
    footer = grid.footer_panel("Lines: bias, what chance alone gives, variance.")
    alt = f"Bias and variance of the gradient of {count(len(labels), 'method')} against steps."
    return Drawing(KEY, TITLE, _CAPTION, alt, grid.figure, {KEY: curves}, panels, footer)


_CAPTION = (
    "Every so often each search drew its architecture gradient many times over, at the parameters"
    " it had then, and the exact gradient of the objective it claims to descend was computed"
    " beside: the table is complete, so the expectation is known. Bias is the distance of the mean"
    " of the draws from the exact gradient, as a share of the latter's length. As the draws are"
    " finite, even an unbiased estimator is some way off: the dotted line is how far chance takes"
    " it. Above each panel the two are compared, root mean square over steps and seeds: near 1 no"
    " bias was seen, and one far below the dotted line cannot be; long tails lie a little above"
    " 1. Variance is that of one draw, as a share of the squared length. Lines are medians"
    " over seeds, both axes are logarithmic. Shares grow where a search converges and the exact"
    " gradient vanishes. Weight decay and the optimiser's averages, which take out noise, are not"
    " counted."
)


# --- numbers -----------------------------------------------------------------------------------


def diagnosed(data: StudyData) -> pd.DataFrame:
    """The recorded steps with a diagnosis: method, seed, step and the four shares."""
    if BIAS not in data.steps:
        return pd.DataFrame()
    columns = ["method", "seed", "step", BIAS, ERROR, VARIANCE, COSINE]
    found = [
        rows[rows[BIAS].notna()].sort_values("step", kind="stable")[columns]
        for _, rows in data.steps.each(*columns)
    ]
    return pd.concat(found) if found else data.steps.none[columns]


def medians(rows: pd.DataFrame) -> pd.DataFrame:
    """Columns method, step, seeds, and the median over seeds of each share."""
    grouped = rows.groupby(["method", "step"], sort=False)
    found = grouped[[BIAS, ERROR, VARIANCE, COSINE]].median().reset_index()
    found.insert(2, "seeds", grouped.size().to_numpy())
    return found


def excess(rows: pd.DataFrame) -> float:
    """Bias as a multiple of what chance gives, root mean square over steps and seeds.

    About 1 for an unbiased estimator; NaN where there is nothing but rounding.
    """
    noisy = rows[rows[ERROR] > ROUNDING]
    if noisy.empty:
        return math.nan
    return float(np.sqrt(((noisy[BIAS] / noisy[ERROR]) ** 2).mean()))


# --- drawing -----------------------------------------------------------------------------------


def _limits(curves: pd.DataFrame) -> tuple[float, float]:
    """What all panels show, so that they can be compared."""
    values = curves[[BIAS, ERROR, VARIANCE]].to_numpy(dtype=float).ravel()
    values = values[values > ROUNDING]
    if not len(values):
        return 0.1, 10.0
    return 0.6 * float(values.min()), 1.7 * float(values.max())


def _panel(
    axes: Axes, curve: pd.DataFrame, style: MethodStyle, limits: tuple[float, float]
) -> None:
    steps = curve["step"].to_numpy(dtype=float)
    for column, look in _looks(style).items():
        values = curve[column].to_numpy(dtype=float)
        axes.plot(steps, np.where(values > ROUNDING, values, np.nan), **look)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(max(0.9, 0.9 * steps.min()), 1.1 * steps.max())
    axes.set_ylim(*limits)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:g}")  # labels are plain text, not formulas
    axes.minorticks_off()
    axes.tick_params(labelsize=7)
    axes.set_xlabel("search step", fontsize=7.5, labelpad=2)
    axes.set_ylabel("share of the exact gradient", fontsize=7.5, labelpad=2)
    if not (curve[VARIANCE] > ROUNDING).any():
        axes.text(0.5, 0.5, "exact", transform=axes.transAxes, ha="center", va="center",
                  fontsize=9, color=MUTED)  # fmt: skip


def _looks(style: MethodStyle) -> dict[str, dict[str, Any]]:
    return {
        VARIANCE: {"color": style.colour, "linestyle": (0, (5, 2)), "linewidth": 1.2},
        ERROR: {"color": INK, "linestyle": (0, (1, 1.6)), "linewidth": 1.2},
        BIAS: {"color": style.colour, "linestyle": "-", "linewidth": 1.5, "marker": style.mark,
               "markersize": 3.4, "markevery": 4},
    }  # fmt: skip


def _legend(grid: PanelGrid) -> None:
    lines: tuple[tuple[Any, str, str], ...] = (
        ("-", "o", "bias of the mean of the draws"),
        ((0, (1, 1.6)), "", "what chance alone gives"),
        ((0, (5, 2)), "", "variance of one draw"),
    )
    handles = [
        Line2D([], [], color=INK, linestyle=dash, marker=marker, markersize=3.4, linewidth=1.4,
               label=words)
        for dash, marker, words in lines
    ]  # fmt: skip
    grid.legend(handles)


# --- words -------------------------------------------------------------------------------------


def _facts(rows: pd.DataFrame) -> str:
    """What the numbers say, in a line."""
    times = excess(rows)
    if math.isnan(times):
        return "exact: neither bias nor variance"
    seeds = count(int(rows["seed"].nunique()), "seed")
    return f"bias {numerals.fixed(times, 2)} × what chance gives, {seeds}"


def _alt(label: str, facts: str, rows: pd.DataFrame) -> str:
    bias, variance, cosine = (
        numerals.significant(float(rows[column].median())) for column in (BIAS, VARIANCE, COSINE)
    )
    return (
        f"{label}: {facts}. Median over steps and seeds: bias {bias}, variance {variance},"
        f" cosine of the mean with the exact gradient {cosine}."
    )
