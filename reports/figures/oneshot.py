"""Figure: what shared weights say, epoch by epoch, of the mixture and of the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nasbench_harness.reports.figures.drawing import Drawing, PanelGrid
from nasbench_harness.reports.figures.epochcurves import draw_curve, epoch_curves, scale_epochs
from nasbench_harness.reports.figures.style import INK, MethodStyle
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import TRAINED
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count

KEY, TITLE = "oneshot", "Accuracy inside the {}"
MIXTURE, DERIVED = "oneshot_accuracy_mixture", "oneshot_accuracy_derived"
LOOKS: dict[str, tuple[str, Any, str]] = {
    TRAINED: ("training images, mean of the epoch", (0, (1, 1.6)), ""),
    MIXTURE: ("validation images, mixture", "-", "o"),
    DERIVED: ("validation images, derived cell", (0, (5, 2)), "s"),
}
"""What the legend says, dash and marker."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | None:
    """One panel per method; None where nothing of it was recorded."""
    curves, inside = epoch_curves(data, list(LOOKS)), data.kind.name
    if curves.empty:
        return None
    labels = [label for label in data.searching if label in set(curves["method"])]
    grid = PanelGrid(len(labels), 250, 190, insets=(34, 10, 36, 32), footer=58)
    panels = []
    for index, label in enumerate(labels):
        axes = grid.axes(index)
        own = curves[curves["method"] == label]
        _panel(axes, own, styles[label], float(curves["epochs"].max()))
        facts = _facts(own)
        grid.head(axes, label, [facts], styles[label])
        panels.append(grid.panel(index, f"{label}: {facts}."))
    _legend(grid)
    footer = grid.footer_panel("Lines: training images, mixture, derived cell.")
    alt = f"Line charts of accuracy inside the {inside} of {count(len(labels), 'method')}."
    title, caption = TITLE.format(inside), _CAPTION.format(inside)
    return Drawing(KEY, title, caption, alt, grid.figure, {KEY: curves}, panels, footer)


_CAPTION = (
    "Accuracy with the weights of the {}, per cent of the images: while training, of the"
    " mixture of all operations the method holds, and of the cell it would answer with. The last"
    " two are over the same search-validation images, and what lies between them is the"
    " discretisation gap: a wide one says that the mixture's accuracy tells little about the"
    " answer. Lines are means, bands the range over seeds. None of it is the accuracy of a network"
    " trained by itself."
)


def _panel(axes: Axes, curves: pd.DataFrame, style: MethodStyle, last: float) -> None:
    for quantity, (_, dash, marker) in LOOKS.items():
        curve = curves[curves["quantity"] == quantity]
        if len(curve):
            draw_curve(axes, curve, replace(style, dash=dash, marker=marker))
    scale_epochs(axes, last)
    axes.set_ylim(0, 100)
    axes.set_ylabel("accuracy, %", fontsize=7.5, labelpad=2)


def _facts(curves: pd.DataFrame) -> str:
    """The gap in the end and the seeds behind it."""
    mixture, derived = (curves[curves["quantity"] == which] for which in (MIXTURE, DERIVED))
    if mixture.empty or derived.empty:
        return "no one-shot accuracy recorded"
    gap = float(mixture["mean"].iloc[-1] - derived["mean"].iloc[-1])
    seeds = count(int(derived["seeds"].iloc[-1]), "seed")
    return f"gap in the end {numerals.decimal(gap)} points, {seeds}"


def _legend(grid: PanelGrid) -> None:
    handles = [
        Line2D([], [], color=INK, linestyle=dash, marker=marker, markersize=3.6, linewidth=1.5,
               label=words)
        for words, dash, marker in LOOKS.values()
    ]  # fmt: skip
    grid.legend(handles)
