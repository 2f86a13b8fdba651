"""One row per method: what its seeds say together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.intervals import mean_interval
from nasbench_harness.reports.study.measure import REGRET, measure_of
from nasbench_harness.store.results import with_outcomes

__all__ = ["COLUMNS", "DONE", "latest", "numbers", "summarise", "with_outcomes"]

COLUMNS = (
    "method",
    "seeds",
    "failed",
    "known",
    "regret_mean",
    "regret_low",
    "regret_high",
    "regret_std",
    "regret_median",
    "percentile_mean",
    "accuracy_mean",
    "accuracy_low",
    "accuracy_high",
    "accuracy_best",
    "optimum_share",
    "seconds_mean",
    "queries_mean",
)
OF_REGRET = (
    "regret_mean", "regret_low", "regret_high", "regret_std", "regret_median", "percentile_mean",
    "optimum_share",
)  # fmt: skip
"""Columns without a number where no best is known."""
DONE = "done"
ANYTHING = (-math.inf, math.inf)
POSSIBLE = {"regret": (0.0, math.inf), "accuracy": (0.0, 100.0)}
"""The least and the most that either can be, in percent; of another number nobody knows."""


def summarise(trials: pd.DataFrame) -> pd.DataFrame:
    """Summarise `trials` (one row per planned trial) by method label, lowest mean regret first.

    Where no best is known the highest mean accuracy is first, and columns of regret are NaN.

    `seeds` counts those with a result and `failed` all others, a seed that a method holds twice, as
    after an update of it, once and by its later result (`latest`); `known` counts the done ones
    whose answer has a number, which may be fewer where a benchmark knows some architectures only.
    Every statistic is over these. Regret is in points and accuracy in percent, or both in the
    metric's own unit, each of the trial's own `report_metric`; `regret_low` and `regret_high` bound
    the mean (95 %, Student's t, within what is possible; NaN for fewer than three and for equal
    ones). `optimum_share` is the share of seeds without regret. A method without a single result
    stays in the table, last.
    """
    outcomes = with_outcomes(trials)
    measure = measure_of(outcomes)
    possible = POSSIBLE["accuracy"] if measure.quantity.is_percent else ANYTHING
    rows = [
        _row(str(label), group, possible) for label, group in outcomes.groupby("method", sort=False)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(
        [f"{measure.key}_mean", "method"], ascending=[measure.is_regret, True], na_position="last",
        ignore_index=True, kind="stable",
    )  # fmt: skip


def latest(done: pd.DataFrame) -> pd.DataFrame:
    """Of `done` trials the last of each method and seed: there may be one of every version."""
    return done.drop_duplicates(["method", "seed"], keep="last")


def _row(label: str, group: pd.DataFrame, possible: tuple[float, float]) -> dict[str, Any]:
    done = latest(group[group["status"] == DONE])
    regret, accuracy = numbers(done, "regret"), numbers(done, "accuracy")
    return {
        "method": label,
        "seeds": len(done),
        "failed": group["seed"].nunique() - len(done),
        "known": len(regret if REGRET.key in done else accuracy),
        **_mean("regret", regret, POSSIBLE["regret"]),
        "regret_std": float(regret.std(ddof=1)) if len(regret) > 1 else np.nan,
        "regret_median": float(np.median(regret)) if len(regret) else np.nan,
        "percentile_mean": _average(done, "percentile"),
        **_mean("accuracy", accuracy, possible),
        "accuracy_best": float(accuracy.max()) if len(accuracy) else np.nan,
        "optimum_share": float((regret <= TOLERANCE).mean()) if len(regret) else np.nan,
        "seconds_mean": _average(done, "search_seconds"),
        "queries_mean": _average(done, "queries"),
    }


def numbers(rows: pd.DataFrame, column: str) -> Array:
    """The finite numbers of a column; none where there is no such column."""
    if column not in rows:
        return np.empty(0)
    values = rows[column].to_numpy(dtype=float, na_value=np.nan)
    return np.asarray(values[np.isfinite(values)])


def _mean(name: str, values: Array, possible: tuple[float, float]) -> dict[str, float]:
    """Mean, lower and upper bound; equal values give exactly that value, and no bounds."""
    low, high = mean_interval(values, *possible)
    equal = len(values) > 0 and np.ptp(values) <= TOLERANCE
    mean = float(values[0]) if equal else float(values.mean()) if len(values) else np.nan
    return {f"{name}_mean": mean, f"{name}_low": low, f"{name}_high": high}


def _average(rows: pd.DataFrame, column: str) -> float:
    values = numbers(rows, column)
    return float(values.mean()) if len(values) else np.nan
