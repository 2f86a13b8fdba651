"""Lines of a figure: the fronts of all that methods asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nasbench_harness.contracts import EnumerableSpace
from nasbench_harness.reports.analysis.archives import archives
from nasbench_harness.reports.analysis.fronts import TrueFront
from nasbench_harness.reports.figures.style import MUTED, MethodStyle
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import names
from nasbench_harness.study.heldcost import held_names

DASHES = (0, (4, 1.5))
COLUMNS = ("method", "cost", "architecture", "value", "accuracy")


def asked_fronts(
    data: StudyData, space: EnumerableSpace, costs: Mapping[str, Array], accuracy: Array
) -> pd.DataFrame:
    """Of every method that kept what it asked for the front of one seed, by each cost it holds.

    That of the median hypervolume, the lower of two. Columns method, cost, architecture, value and
    accuracy, by rising cost; empty where no method kept anything. `costs` are of all architectures
    by the costs' names.
    """
    parts = []
    holds = {spec.label: dict(held_names(spec.roles)) for spec in data.study.specs}
    for label, kept in archives(data, space):
        if not kept.asked:
            continue
        for key, values in costs.items():
            if key not in holds[label]:
                continue
            ranks = _middle(TrueFront.of(accuracy, [values]), kept.ranks)
            ranks = ranks[np.argsort(values[ranks], kind="stable")]
            cells = [str(space.unrank(int(rank))) for rank in ranks]
            about = {"method": label, "cost": key, "architecture": cells}
            parts.append(
                pd.DataFrame({**about, "value": values[ranks], "accuracy": accuracy[ranks]})
            )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def _middle(front: TrueFront, seeds: list[list[int]]) -> np.ndarray:
    """The ranks on the front of the seed in the middle."""
    ordered = sorted(seeds, key=front.share)
    return np.array(front.found(ordered[(len(ordered) - 1) // 2]), dtype=np.intp)


def draw(
    axes: Axes,
    fronts: pd.DataFrame,
    height: Callable[[Array], Array],
    right: float,
    styles: Mapping[str, MethodStyle],
) -> None:
    """Steps as thin as the true front's, to the right edge."""
    for label, rows in fronts.groupby("method", sort=False):
        x, y = rows["value"].to_numpy(float), height(rows["accuracy"].to_numpy(float))
        axes.step(
            [*x, right], [*y, y[-1]], where="post", color=styles[str(label)].colour,
            linewidth=0.9, linestyle=DASHES, zorder=3,
        )  # fmt: skip


def handle() -> Line2D:
    """The line of the legend for all of them."""
    told = "front of all that a method asked for"
    return Line2D([], [], color=MUTED, linewidth=0.9, linestyle=DASHES, label=told)


def caption(fronts: pd.DataFrame) -> str:
    """What the lines are; empty where there are none."""
    labels = [str(label) for label in fronts["method"].unique()]
    if not labels:
        return ""
    return (
        f" Dashed, in its colour: the front of all that one seed of {names(labels)} asked for, the"
        " seed in the middle by hypervolume."
    )
