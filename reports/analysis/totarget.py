"""How long searches took to an answer that is good enough, and how many got there at all.

Good enough is a regret of at most the smallest difference of interest. Time is counted in queries
where a method makes them, else in epochs or steps. A seed that never had such an answer has no
time, so that the middle of the times is one only where half of the seeds have one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.reports.analysis.equalcost import QUERIES
from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.shares import clopper_pearson
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.smallest import SmallestDifference


def usual_target(data: StudyData) -> SmallestDifference | None:
    """The smallest difference of interest from the best; None without a best, or a difference."""
    return data.smallest if data.complete is not None and data.measure.is_regret else None


def unit_of(data: StudyData, label: str) -> str:
    """What a method's time is counted in, and the column of its steps that has it."""
    asked = label in data.querying and QUERIES in data.steps
    return QUERIES if asked else data.clock


def hitting_times(data: StudyData, label: str, target: float) -> Array:
    """When each seed of a method first had a regret of at most `target`; infinite: never. [seeds].

    As far as steps were recorded. Later answers may be worse again.
    """
    unit = unit_of(data, label)
    rows = data.steps.of(label, "regret", unit)
    rows = rows[rows["regret"].notna()]
    first = rows[rows["regret"] <= target + TOLERANCE].groupby("trial")[unit].min()
    trials = pd.Index(rows["trial"].unique())
    return np.asarray(first.reindex(trials).fillna(np.inf), dtype=float)


def time_to_target(data: StudyData, target: SmallestDifference | None = None) -> pd.DataFrame:
    """One row per method that searched; none where regret or the target is not known.

    Columns method, unit, seeds, target (points; by default `usual_target`), reached (how many
    seeds), share, low, high (exact 95 % bounds), median (of all seeds, infinite where fewer than
    half reached it) and spent (the most that a seed could have taken).
    """
    target = target or usual_target(data)
    if target is None or "regret" not in data.steps:
        return pd.DataFrame()
    rows = [_row(data, label, target.points) for label in data.searching]
    return pd.DataFrame([row for row in rows if row["seeds"]])


def reaching(times: Array) -> tuple[Array, Array]:
    """The empirical distribution of `times` [seeds]: times that somebody took, and the shares.

    Shares are of all seeds, those that never got there included.
    """
    there = np.sort(times[np.isfinite(times)])
    places, counts = np.unique(there, return_counts=True)
    return places, np.cumsum(counts) / max(1, len(times))


def _row(data: StudyData, label: str, target: float) -> dict[str, Any]:
    times, unit = hitting_times(data, label, target), unit_of(data, label)
    reached = int(np.isfinite(times).sum())
    low, high = clopper_pearson(reached, len(times))
    rows = data.steps.of(label, unit)
    return {
        "method": label,
        "unit": unit,
        "seeds": len(times),
        "target": target,
        "reached": reached,
        "share": reached / len(times) if len(times) else np.nan,
        "low": low,
        "high": high,
        "median": _middle(times),
        "spent": float(rows[unit].max()),
    }


def _middle(times: Array) -> float:
    """The smallest time by which half of the seeds were there."""
    ordered = np.sort(times)
    return float(ordered[(len(ordered) - 1) // 2]) if len(ordered) else np.nan
