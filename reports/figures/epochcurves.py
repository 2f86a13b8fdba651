"""Recorded columns over epochs: mean and range over seeds."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.study.data import StudyData

FIELDS = ("method", "quantity", "epochs", "seeds", "mean", "low", "high")


def epoch_curve(data: StudyData, label: str, quantity: str) -> pd.DataFrame:
    """Columns `FIELDS`: mean, least and greatest over the seeds, where every seed has a number.

    Empty where the quantity was not recorded, or no epochs were.
    """
    nothing = pd.DataFrame(columns=list(FIELDS))
    if quantity not in data.steps or "epochs" not in data.steps:
        return nothing
    rows = data.steps.of(label, quantity, "epochs")
    rows = rows[rows[quantity].notna()]
    if rows.empty:
        return nothing
    found = rows.groupby("epochs")[quantity].agg(["size", "mean", "min", "max"]).reset_index()
    found = found[found["size"] == rows["trial"].nunique()]
    found = found.rename(columns={"size": "seeds", "min": "low", "max": "high"})
    return found.assign(method=label, quantity=quantity)[list(FIELDS)]


def epoch_curves(data: StudyData, quantities: list[str]) -> pd.DataFrame:
    """The curves of every method that searched, one below the other."""
    parts = [epoch_curve(data, label, q) for label in data.searching for q in quantities]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(FIELDS))


def draw_curve(axes: Axes, curve: pd.DataFrame, style: MethodStyle) -> None:
    """Mean with markers, and the range over seeds as a band."""
    epochs = curve["epochs"].to_numpy(dtype=float)
    axes.fill_between(
        epochs, curve["low"].to_numpy(dtype=float), curve["high"].to_numpy(dtype=float),
        color=style.colour, alpha=0.16, linewidth=0,
    )  # fmt: skip
    axes.plot(
        epochs, curve["mean"].to_numpy(dtype=float), color=style.colour, linestyle=style.dash,
        linewidth=1.5, marker=style.mark, markersize=4.6, markevery=max(1, len(epochs) // 8),
    )  # fmt: skip


def scale_epochs(axes: Axes, last: float) -> None:
    """An axis from the beginning to the last epoch, ticks at whole numbers."""
    axes.set_xlim(0, last * 1.03)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.tick_params(labelsize=7)
    axes.set_xlabel("epochs", fontsize=7.5, labelpad=2)
