"""One row per method: its spread, its middle, and how good it was at any time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.reports.statistics.area import Axis, anytime_regret
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.robust import (
    ENOUGH,
    interquartile_mean,
    interquartile_mean_interval,
)
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure
from nasbench_harness.reports.study.summary import numbers
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable

KEY = "robust"
_SPREAD = (
    "Final {noun} in {unit}. The interquartile mean (IQM) is the mean of the middle half of the"
    " seeds, which single bad seeds cannot move; its interval is a bootstrap over seeds,"
    f" from {ENOUGH} of them on, and somewhat too short with few."
)
_ANYTIME = (
    " The anytime regret is the area under the curve of regret over the search, per unit of its"
    " length: the mean regret of someone who may be stopped at any time, with every part of the"
    " budget weighing the same, or every tenfold of it. An answer to queries stands until the next"
    " one, so that the curve of a method that asks for single architectures is one of steps."
)


def title(measure: Measure) -> str:
    """What the table is headed by."""
    return "Spread, and regret at any time" if measure.is_regret else "Spread"


def note(measure: Measure) -> str:
    """What must be read with the table."""
    anytime = _ANYTIME if measure.is_regret else ""
    return f"{_SPREAD.format(noun=measure.noun, unit=measure.spoken_unit)}{anytime}"


def robust_table(data: StudyData) -> PrintedTable | None:
    """The table; None where nothing is done."""
    rows = robust_statistics(data)
    return PrintedTable(KEY, _columns(data.measure), rows) if len(rows) else None


def robust_statistics(data: StudyData) -> pd.DataFrame:
    """Columns method, seeds, regret_ (mean, std, median, iqm, iqm_low, iqm_high, worst).

    And anytime_linear and anytime_log: mean over seeds of the regret over the recorded budget
    (steps or epochs), NaN where no steps were recorded. Where no best is known instead of all of
    regret accuracy_ (mean, ...), the numbers themselves.
    """
    return pd.DataFrame([_row(data, label) for label in data.done_labels])


def _row(data: StudyData, label: str) -> dict[str, Any]:
    measure = data.measure
    ends = numbers(data.done[data.done["method"] == label], measure.key)
    low, high = interquartile_mean_interval([ends]) if len(ends) >= ENOUGH else (np.nan, np.nan)
    found = {
        "mean": float(ends.mean()) if len(ends) else np.nan,
        "std": float(ends.std(ddof=1)) if len(ends) > 1 else np.nan,
        "median": float(np.median(ends)) if len(ends) else np.nan,
        "iqm": interquartile_mean([ends]),
        "iqm_low": low,
        "iqm_high": high,
        "worst": measure.sign * float((measure.sign * ends).max()) if len(ends) else np.nan,
    }
    row = {"method": label, "seeds": len(ends)}
    row |= {f"{measure.key}_{name}": value for name, value in found.items()}
    if not measure.is_regret:
        return row
    return row | {
        "anytime_linear": float(anytime(data, label).mean()),
        "anytime_log": float(anytime(data, label, logarithmic=True).mean()),
    }


def anytime(data: StudyData, label: str, *, logarithmic: bool = False) -> Array:
    """Per seed [seeds] the mean regret over the budget, at steps that every seed recorded."""
    rows = data.steps.of(label, "regret", data.clock)
    regrets = rows.pivot(index="trial", columns=data.clock, values="regret").dropna(axis=1)
    if label not in data.searching or regrets.empty:
        return np.full(1, np.nan)
    axis: Axis = "log10" if logarithmic else "linear"
    steps = regrets.columns.to_numpy(dtype=float)
    values = regrets.to_numpy(dtype=float)
    return anytime_regret(steps, values, axis, held=label in data.querying)


def _columns(measure: Measure) -> tuple[PrintedColumn, ...]:
    spread = (
        PrintedColumn("Seeds", "", lambda row: str(row.seeds)),
        _column("Mean", measure.unit, measure, "mean"),
        PrintedColumn("Std", "of seeds", lambda row: measure.difference(_of(row, measure, "std"))),
        _column("Median", measure.unit, measure, "median"),
        _column("IQM", measure.unit, measure, "iqm"),
        PrintedColumn("95 % CI", "of IQM", lambda row: _interval(row, measure)),
        _column("Worst", "seed", measure, "worst"),
    )
    if not measure.is_regret:
        return spread
    return (
        *spread,
        PrintedColumn("Anytime", measure.unit, lambda row: measure.text(row.anytime_linear)),
        PrintedColumn("Anytime", "log budget", lambda row: measure.text(row.anytime_log)),
    )


def _column(heading: str, unit: str, measure: Measure, what: str) -> PrintedColumn:
    return PrintedColumn(heading, unit, lambda row: measure.text(_of(row, measure, what)))


def _of(row: Any, measure: Measure, what: str) -> float:
    return float(getattr(row, f"{measure.key}_{what}"))


def _interval(row: Any, measure: Measure) -> str:
    low, high = _of(row, measure, "iqm_low"), _of(row, measure, "iqm_high")
    return measure.interval(low, high)
