"""Figure: what share of a method's seeds had a good enough answer by when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nasbench_harness.reports.analysis.equalcost import QUERIES
from nasbench_harness.reports.analysis.totarget import (
    hitting_times,
    reaching,
    time_to_target,
    usual_target,
)
from nasbench_harness.reports.figures.drawing import Drawing, Variant
from nasbench_harness.reports.figures.regretlines import HEIGHT, WIDTH, cost_ticks, handle
from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.smallest import SmallestDifference
from nasbench_harness.reports.words.marked import name, names, plain

KEY, TITLE = "to-target", "How soon good enough"
FEWEST = 3
"""Seeds below which a distribution is a staircase of nothing."""
_SWITCH = {QUERIES: "Queries", "epochs": "Epochs", "step": "Steps"}
_AXIS = {QUERIES: "queries", "epochs": "epochs of the search", "step": "search step"}


def draw(data: StudyData, styles: dict[str, MethodStyle]) -> list[Drawing] | None:
    """Step functions, a variant per unit of time; None where no method has `FEWEST` seeds."""
    rows, target = time_to_target(data), usual_target(data)
    rows = rows[rows["seeds"] >= FEWEST] if len(rows) else rows
    if target is None or rows.empty or not rows["reached"].any():
        return None
    reached = set(rows.loc[rows["reached"] > 0, "unit"])
    units = [unit for unit in (QUERIES, data.clock) if unit in reached]
    drawn = [_draw(data, styles, rows[rows["unit"] == unit], target) for unit in units]
    return [replace(one, variant=None) for one in drawn] if len(drawn) == 1 else drawn


def _draw(
    data: StudyData, styles: dict[str, MethodStyle], rows: pd.DataFrame, target: SmallestDifference
) -> Drawing:
    """The methods of `rows`, whose time is counted in one unit."""
    unit = str(rows["unit"].iloc[0])
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
    axes = figure.add_subplot()
    shown, parts = rows[rows["reached"] > 0], []
    for row in shown.itertuples():
        curve = _curve(data, row)
        _line(axes, curve, styles[str(row.method)])
        parts.append(curve)
    _scale(axes, float(rows["spent"].max()), unit)
    handles = [handle(str(label), styles[str(label)]) for label in shown["method"]]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, handlelength=3.2)
    key = f"{KEY}-{unit}"
    return Drawing(
        key,
        TITLE,
        _CAPTION.format(data.measure.stated(target.points), target.why) + _never(rows),
        _alt(rows, unit),
        figure,
        {key: pd.concat(parts, ignore_index=True)},
        variant=Variant(KEY, (("against", _SWITCH.get(unit, unit)),)),
    )


_CAPTION = (
    "The share of a method's seeds that had an answer with a regret of at most {} by then,"
    " {}. A line that never gets to 100 % is of a method some of whose seeds never had one. Only as"
    " exact as steps were recorded."
)


def _never(rows: pd.DataFrame) -> str:
    """Whose line would lie on the axis."""
    never = [str(label) for label in rows.loc[rows["reached"] == 0, "method"]]
    return f" Not drawn, as no seed ever had one: {names(never)}." if never else ""


def _curve(data: StudyData, row: Any) -> pd.DataFrame:
    """Columns method, time and share: the steps of the function, to where the search ended."""
    times, shares = reaching(hitting_times(data, row.method, row.target))
    share = [0.0, *shares, shares[-1] if len(shares) else 0.0]
    time = [min([1.0, *times]), *times, row.spent]
    return pd.DataFrame({"method": row.method, "time": time, "share": share})


def _line(axes: Axes, curve: pd.DataFrame, style: MethodStyle) -> None:
    axes.step(
        curve["time"], curve["share"], where="post", color=style.colour, linestyle=style.dash,
        linewidth=1.6, marker=style.mark, markersize=4, markevery=max(1, len(curve) // 6),
    )  # fmt: skip


def _scale(axes: Axes, spent: float, unit: str) -> None:
    axes.set_xscale("log")
    axes.set_xlim(0.93, max(spent, 2.0) * 1.08)
    ticks = cost_ticks(*axes.get_xlim())
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(f"{_AXIS.get(unit, unit)} (logarithmic)")
    axes.set_ylim(-0.02, 1.02)
    axes.set_yticks(np.linspace(0, 1, 5), [f"{share:.0f}" for share in np.linspace(0, 100, 5)])
    axes.set_ylabel("share of seeds, %")


def _alt(rows: pd.DataFrame, unit: str) -> str:
    said = [f"{name(str(row.method))} {row.reached} of {row.seeds}" for row in rows.itertuples()]
    return plain(
        f"Share of seeds that reached the target against {_AXIS.get(unit, unit)}. In the end:"
        f" {', '.join(said)}."
    )
