"""Figure: the known signs of a search that fails, epoch by epoch, one panel a sign."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nasbench_harness.reports.analysis.searchcost import most_skips
from nasbench_harness.reports.figures.drawing import Drawing, PanelGrid
from nasbench_harness.reports.figures.epochcurves import draw_curve, epoch_curves, scale_epochs
from nasbench_harness.reports.figures.regretlines import handle
from nasbench_harness.reports.figures.style import INK, MethodStyle
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import count, name, plain

KEY, TITLE = "signs", "Signs of failure"
SPREAD = 30
"""Ratio of the largest to the smallest number from which on an axis becomes logarithmic."""
FEW = 8
"""Skips to which an axis goes at least, where nobody knows how many there can be."""


@dataclass(frozen=True)
class Sign:
    """A recorded quantity, and how its panel is headed."""

    quantity: str
    heading: str
    meaning: str


SIGNS = (
    Sign("skip_connections", "Skip connections", "in the derived cell; many: collapse"),
    Sign("entropy", "Entropy of the choices", "nats, mean of decisions; line: all equal"),
    Sign("kendall_tau", "Rank correlation", "Kendall's τ, one-shot with table; 0: none"),
    Sign("alpha_gradient_norm", "Gradient in alpha", "norm, of the validation loss"),
    Sign("alpha_gradient_variance", "Gradient variance", "in alpha, over validation batches"),
    Sign("hessian_eigenvalue", "Largest eigenvalue", "Hessian in alpha; large: sharp, unstable"),
)


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | None:
    """Small multiples of what was recorded over epochs; None where none of it was."""
    curves = epoch_curves(data, [sign.quantity for sign in SIGNS])
    if curves.empty:
        return None
    signs = [sign for sign in SIGNS if sign.quantity in set(curves["quantity"])]
    labels = data.searching
    handles = [handle(label, styles[label]) for label in labels]
    footer = 22 + 14 * sum(1 + str(line.get_label()).count("\n") for line in handles)
    grid = PanelGrid(len(signs), 250, 176, insets=(40, 10, 36, 32), footer=footer)
    panels = []
    for index, sign in enumerate(signs):
        axes = grid.axes(index)
        own = curves[curves["quantity"] == sign.quantity]
        _panel(axes, sign, own, styles, data)
        grid.title(axes, sign.heading, sign.meaning)
        panels.append(grid.panel(index, _alt(sign, own)))
    grid.legend(handles)
    alt = f"Line charts of {count(len(signs), 'sign')} of failure against epochs."
    below = grid.footer_panel("Which line is which method.")
    caption = _caption(data, [sign.quantity for sign in signs])
    return Drawing(KEY, TITLE, caption, alt, grid.figure, {KEY: curves}, panels, below)


def _panel(
    axes: Axes, sign: Sign, curves: pd.DataFrame, styles: dict[str, MethodStyle], data: StudyData
) -> None:
    for label, curve in curves.groupby("method", sort=False):
        draw_curve(axes, curve, styles[str(label)])
    ends = [float(rows["epochs"].max()) for _, rows in data.steps.each("epochs") if len(rows)]
    scale_epochs(axes, max(ends))
    _scale(axes, sign, curves, data)


def _scale(axes: Axes, sign: Sign, curves: pd.DataFrame, data: StudyData) -> None:
    low, high = float(curves["low"].min()), float(curves["high"].max())
    if sign.quantity == "skip_connections":
        axes.set_ylim(-0.15, (most_skips(data.space) or max(high, FEW)) + 0.15)
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    elif sign.quantity == "entropy":
        largest = _largest_entropy(data)
        _line(axes, largest)
        axes.set_ylim(0, 1.08 * largest)
    elif sign.quantity == "kendall_tau":
        _line(axes, 0)
    elif low > 0 and high / low > SPREAD:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")  # labels are plain text, not formulas
    else:
        axes.set_ylim(min(0, low * 1.1), high * 1.1 if high > 0 else None)


def _line(axes: Axes, level: float) -> None:
    axes.axhline(level, color=INK, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1.5)


def _largest_entropy(data: StudyData) -> float:
    """Of choices that are all equally likely, mean over decisions."""
    sizes = [len(decision.options) for decision in data.space.decisions]
    return sum(map(math.log, sizes)) / len(sizes)


def _caption(data: StudyData, shown: list[str]) -> str:
    words = (
        "Lines are means, bands the range over seeds. Searches with shared weights are known to"
        " fail by filling the cell with skip connections, by choices that stay undecided or settle"
        " at once, and by a validation loss that is sharp in alpha."
    )
    if "kendall_tau" in shown:
        return (
            f"{words} The diagnosed numbers are of choice probabilities read as a softmax of alpha,"
            " every few epochs; the rank correlation is over the same random cells in every study."
        )
    return (
        f"{words} The {data.kind.plural or 'searches'} were not diagnosed; with {name(_DIAGNOSE)}"
        " there are rank correlation, gradient and curvature as well."
    )


_DIAGNOSE = "--diagnose-every"


def _alt(sign: Sign, curves: pd.DataFrame) -> str:
    ends = curves.groupby("method", sort=False)["mean"].last()
    said = "; ".join(f"{label} ends at {end:.3g}" for label, end in ends.items())
    return plain(f"{sign.heading} ({sign.meaning}) against epochs. {said}.")
