"""One row per method: its spread, its middle, and how good it was at any time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.reports.statistics.area import Axis, anytime_regret
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.robust import (
    interquartile_mean,
    interquartile_mean_interval,
)
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import numbers
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals

KEY = "robust"
NOTE = (
    "Final regret in points. The interquartile mean (IQM) is the mean of the middle half of the"
    " seeds, which single bad seeds cannot move; its interval is a bootstrap over seeds. The"
    " anytime regret is the area under the curve of regret over the search, per unit of its length:"
    " the mean regret of someone who may be stopped at any time, with every part of the budget"
    " weighing the same, or every tenfold of it."
)


def robust_table(data: StudyData) -> PrintedTable | None:
    """The table; None where nothing is done."""
    rows = robust_statistics(data)
    return PrintedTable(KEY, COLUMNS, rows) if len(rows) else None


def robust_statistics(data: StudyData) -> pd.DataFrame:
    """Columns method, seeds, regret_ (mean, std, median, iqm, iqm_low, iqm_high, worst), in points.

    And anytime_linear and anytime_log: mean over seeds of the regret over the recorded budget
    (steps, of supernets epochs), NaN where no steps were recorded.
    """
    return pd.DataFrame([_row(data, label) for label in data.done_labels])


def _row(data: StudyData, label: str) -> dict[str, Any]:
    regret = numbers(data.done[data.done["method"] == label], "regret")
    low, high = interquartile_mean_interval([regret])
    return {
        "method": label,
        "seeds": len(regret),
        "regret_mean": float(regret.mean()) if len(regret) else np.nan,
        "regret_std": float(regret.std(ddof=1)) if len(regret) > 1 else np.nan,
        "regret_median": float(np.median(regret)) if len(regret) else np.nan,
        "regret_iqm": interquartile_mean([regret]),
        "regret_iqm_low": low,
        "regret_iqm_high": high,
        "regret_worst": float(regret.max()) if len(regret) else np.nan,
        "anytime_linear": float(anytime(data, label).mean()),
        "anytime_log": float(anytime(data, label, logarithmic=True).mean()),
    }


def anytime(data: StudyData, label: str, *, logarithmic: bool = False) -> Array:
    """Per seed [seeds] the mean regret over the budget, at steps that every seed recorded."""
    rows = data.steps[data.steps["method"] == label]
    regrets = rows.pivot(index="trial", columns=data.clock, values="regret").dropna(axis=1)
    if label not in data.searching or regrets.empty:
        return np.full(1, np.nan)
    axis: Axis = "log10" if logarithmic else "linear"
    steps = regrets.columns.to_numpy(dtype=float)
    return anytime_regret(steps, regrets.to_numpy(dtype=float), axis)


COLUMNS = (
    PrintedColumn("Seeds", "", lambda row: str(row.seeds)),
    PrintedColumn("Mean", "points", lambda row: numerals.points(row.regret_mean)),
    PrintedColumn("Std", "of seeds", lambda row: numerals.points(row.regret_std)),
    PrintedColumn("Median", "points", lambda row: numerals.points(row.regret_median)),
    PrintedColumn("IQM", "points", lambda row: numerals.points(row.regret_iqm)),
    PrintedColumn(
        "95 % CI", "of IQM", lambda row: numerals.interval(row.regret_iqm_low, row.regret_iqm_high)
    ),
    PrintedColumn("Worst", "seed", lambda row: numerals.points(row.regret_worst)),
    PrintedColumn("Anytime", "points", lambda row: numerals.points(row.anytime_linear)),
    PrintedColumn("Anytime", "log budget", lambda row: numerals.points(row.anytime_log)),
)
