"""Figure: where each seed ended."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nasbench_harness.reports.figures.drawing import Drawing, Omitted
from nasbench_harness.reports.figures.regretlines import HEIGHT, WIDTH, linear_below, regret_axis
from nasbench_harness.reports.figures.style import INK, MethodStyle
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure
from nasbench_harness.reports.words.marked import plain, shortened
from nasbench_harness.tables.quantity import Quantity

KEY, TITLE = "distribution", "Where each seed ended"
WIDE = 0.05
"""Regret from which on the axis becomes logarithmic: a share of what numbers lie within."""
BOXED = 5
"""Seeds below which a box would only repeat its marks."""
MARKS = 8_000
"""Marks of all methods together; of more seeds some are drawn, about 1 MB of them."""
_GOLDEN = 0.618034  # its multiples spread evenly over the unit interval
_TICKS = (0, 0.001, 0.01, 0.1, 1)
"""Such shares."""


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> Drawing | Omitted:
    """A strip of seeds over a box, one row per method."""
    measure, key = data.measure, data.measure.key
    rows = data.done.loc[data.done[key].notna(), ["method", "seed", key]]
    if rows.empty:
        return Omitted(KEY, TITLE, "no trial has a result")
    labels = [label for label in data.done_labels if label in set(rows["method"])]
    height = max(HEIGHT, 52 + 36 * len(labels))
    figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
    axes = figure.add_subplot()
    many = rows[rows.groupby("method")["seed"].transform("size") >= BOXED]
    if len(many):
        _boxes(axes, many, labels, styles, key)
    most = MARKS // len(labels) if len(rows) > MARKS else len(rows)
    for position, label in enumerate(labels):
        own = rows[rows["method"] == label]
        _strip(axes, _marked(own[key], most), position, styles[label])
    _scale(axes, rows[key], labels, measure)
    caption = _caption(measure, most if most < len(rows) else 0, boxed=len(many) > 0)
    return Drawing(KEY, TITLE, caption, _alt(rows, labels, measure), figure, {KEY: rows})


def _caption(measure: Measure, most: int, *, boxed: bool) -> str:
    """What marks are; `most` of a method where not all are drawn, else 0."""
    caption = (
        f"Every mark is one seed's final {measure.noun}; its height within a row carries no"
        " meaning."
    )
    if most:
        caption += (
            f" Of a method's seeds at most {most:,} are drawn, from its best to its worst at equal"
            " distances."
        )
    if boxed:
        caption += (
            " The box spans the middle half of the seeds, its line is the median, and the whiskers"
            " reach the furthest seed within 1.5 box lengths."
        )
    return caption


def _marked(ends: pd.Series[float], most: int) -> pd.Series[float]:
    """At most so many, the least and the greatest among them, in their order."""
    if len(ends) <= most:
        return ends
    ranked = np.argsort(ends.to_numpy(dtype=float), kind="stable")
    places = np.linspace(0, len(ends) - 1, most).round().astype(int)
    return ends.iloc[np.sort(ranked[places])]


def _boxes(
    axes: Axes, rows: pd.DataFrame, labels: list[str], styles: dict[str, MethodStyle], key: str
) -> None:
    import seaborn as sns

    sns.boxplot(
        data=rows, x=key, y="method", order=labels, hue="method", hue_order=labels, ax=axes,
        palette={label: styles[label].colour for label in labels}, legend=False, orient="h",
        width=0.62, fliersize=0, linewidth=0.9, linecolor=INK, saturation=1,
        boxprops={"alpha": 0.25}, medianprops={"linewidth": 1.8},
    )  # fmt: skip


def _strip(axes: Axes, ends: pd.Series[float], position: int, style: MethodStyle) -> None:
    heights = position + 0.44 * ((np.arange(1, len(ends) + 1) * _GOLDEN) % 1 - 0.5)
    edge = "none" if style.marker != "x" and not style.hollow else None
    axes.scatter(
        ends, heights, s=24, color=style.colour, marker=style.mark, zorder=5,
        edgecolors=edge, linewidths=0.9, alpha=0.85, clip_on=False,
    )  # fmt: skip


def _scale(axes: Axes, ends: pd.Series[float], labels: list[str], measure: Measure) -> None:
    unit = f", {measure.unit}" if measure.unit else ""
    axes.set_xlabel(f"final {measure.noun}{unit}")
    if measure.is_regret:
        _scale_regret(axes, float(ends.max()), measure.quantity)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), [shortened(label, 24) for label in labels])
    axes.set_ylabel("")
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def _scale_regret(axes: Axes, top: float, quantity: Quantity) -> None:
    """From zero; logarithmic where the ends lie far apart."""
    size = quantity.size
    if top > WIDE * size:
        axes.set_xscale("symlog", linthresh=linear_below(quantity), linscale=0.7)
        ticks = [tick * size for tick in _TICKS if tick * size <= top]
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_xlabel(regret_axis(quantity, "final regret"))
    axes.set_xlim(-0.02 * min(top, size / 100) - 1e-5 * size, max(top * 1.05, 5e-4 * size))


def _alt(rows: pd.DataFrame, labels: list[str], measure: Measure) -> str:
    parts = []
    for label in labels:
        ends = rows.loc[rows["method"] == label, measure.key]
        low, high, middle = (measure.text(v) for v in (ends.min(), ends.max(), ends.median()))
        parts.append(f"{label} from {low} to {high}, median {middle}")
    what = f"final {measure.noun} in {measure.spoken_unit}"
    return plain(f"Strip and box plot of {what}: {'; '.join(parts)}.")
