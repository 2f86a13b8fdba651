"""Figure: do shared weights rank the answers as their own trainings do."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nasbench_harness.contracts import Kind
from nasbench_harness.reports.figures.drawing import Drawing, Omitted
from nasbench_harness.reports.figures.regretlines import HEIGHT, WIDTH
from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.statistics.correlation import kendall
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure, by_value
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, plain, shortened
from nasbench_harness.tables.quantity import Quantity

KEY, TITLE = "scatter", "One-shot and stand-alone accuracy"
ONESHOT = "oneshot_accuracy"
CORRELATED = 5
"""Answers below which a rank correlation says nothing."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | Omitted | None:
    """A mark per seed; None where the two accuracies cannot be told apart or one is unknown."""
    if not data.has(ONESHOT) or data.first("report_metric") == ONESHOT:
        return None
    rows = answers(data)
    if rows.empty:
        reason = f"no trial that trained a {data.kind.name} has a result"
        return Omitted(KEY, title(data), reason)
    labels = [label for label in data.searching if label in set(rows["method"])]
    height = HEIGHT + 14 * len(labels)
    figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
    axes = figure.add_subplot()
    for label in labels:
        _marks(axes, rows[rows["method"] == label], label, styles[label])
    value = by_value(data.measure.quantity)
    _scale(axes, rows, value.quantity)
    figure.legend(loc="outside lower center", ncols=1, handletextpad=0.4)
    tau = rank_correlation(rows)
    caption = _caption(rows, tau, data.kind)
    return Drawing(KEY, title(data), caption, _alt(rows, labels, tau, value), figure, {KEY: rows})


def title(data: StudyData) -> str:
    """What the figure is headed by."""
    noun = data.measure.quantity.noun
    return TITLE if noun == "accuracy" else f"One-shot accuracy and stand-alone {noun}"


def answers(data: StudyData) -> pd.DataFrame:
    """Columns method, seed, architecture, oneshot_accuracy and accuracy, by method.

    Only of trials that trained a network.
    """
    columns = ["method", "seed", "architecture", ONESHOT, "accuracy"]
    if ONESHOT not in data.done:
        return pd.DataFrame(columns=columns)
    rows = data.done.loc[data.done["method"].isin(data.searching), columns]
    return rows.dropna(subset=[ONESHOT, "accuracy"]).reset_index(drop=True)


def rank_correlation(rows: pd.DataFrame) -> float:
    """Kendall's tau-b over all answers; NaN of too few, or where one of the two is constant."""
    return kendall(rows[ONESHOT], rows["accuracy"]) if len(rows) >= CORRELATED else math.nan


def _marks(axes: Axes, rows: pd.DataFrame, label: str, style: MethodStyle) -> None:
    text = shortened(label, 30)
    axes.scatter(
        rows[ONESHOT], rows["accuracy"], s=34, marker=style.mark, color=style.colour,
        linewidths=0.9, alpha=0.85, zorder=4, clip_on=False,
        label=f" {text}" if text.startswith("_") else text,
    )  # fmt: skip


def _scale(axes: Axes, rows: pd.DataFrame, quantity: Quantity) -> None:
    sides = ((ONESHOT, axes.set_xlim, 100.0), ("accuracy", axes.set_ylim, quantity.size))
    for column, scale, size in sides:
        low, high = float(rows[column].min()), float(rows[column].max())
        room = max(0.06 * (high - low), 0.005 * size)
        scale(low - room, high + room)
    axes.set_xlabel("one-shot accuracy, % of the search-validation images")
    axes.set_ylabel(f"stand-alone {quantity.noun} (table){quantity.of_values}")


def _caption(rows: pd.DataFrame, tau: float, kind: Kind) -> str:
    one = kind.name
    words = (
        f"A mark is the answer of one seed: across its accuracy with the weights of the {one} it"
        " was searched in, upwards what the table says of the same cell, trained by itself. A"
        f" {one} that is worth searching ranks the two alike. Every seed has a {one} of its"
        f" own, so that differences between {kind.plural or one} add to those between cells."
    )
    if math.isnan(tau):
        why = (
            f"{count(len(rows), 'answer')} are too few for a rank correlation"
            if 1 < len(rows) < CORRELATED
            else "No rank correlation can be computed"
        )
        return f"{words} {why}."
    return (
        f"{words} Kendall's τ-b over these {len(rows)} answers is {numerals.percent(tau)};"
        f" cells that searches chose say less about a {one} than random ones do."
    )


def _alt(rows: pd.DataFrame, labels: list[str], tau: float, value: Measure) -> str:
    parts, digits = [], max(0, value.digits - 1)
    for label in labels:
        own = rows[rows["method"] == label]
        low, high = (
            f"{numerals.fixed(own[c].min(), d)} to {numerals.fixed(own[c].max(), d)}"
            for c, d in ((ONESHOT, 1), ("accuracy", digits))
        )
        parts.append(f"{label}: one-shot {low}, stand-alone {high}")
    known = "" if np.isnan(tau) else f" Kendall's tau-b {numerals.percent(tau)}."
    unit = "percent" if value.quantity.is_percent else f"percent against {value.noun}"
    return plain(f"Scatter of {count(len(rows), 'answer')}, {unit}. {'; '.join(parts)}.{known}")
