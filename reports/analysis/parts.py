"""Regret in two parts, where a search looks at one metric and is judged by another.

The optimisation regret is what an answer misses to the best by the searched metric: the part that a
method is answerable for. The selection gap is the regret, by the reported metric, of that best
architecture: the part that comes with the metric, and that a perfect search has as well. Where
every look is at one training run drawn from several, the searched metric is their mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.reports.analysis.compare import failed_seeds
from nasbench_harness.reports.analysis.decision import MethodLosses
from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.intervals import mean_interval
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import listing, name, names


def searched_metrics(data: StudyData) -> dict[str, str]:
    """Label to the metric its searches looked at, best method first; of those with a result.

    Empty where regret is not known, nothing of the benchmark was searched on, or every method
    searched on what it is judged by.
    """
    if not data.measure.is_regret or "search_metric" not in data.done:
        return {}
    of_label = dict(zip(data.done["method"], data.done["search_metric"], strict=True))
    found = {label: str(of_label[label]) for label in data.done_labels if of_label[label]}
    return found if set(found.values()) - {str(data.first("report_metric"))} else {}


def selection_gaps(data: StudyData) -> dict[str, float]:
    """Searched metric to its selection gap, in the unit of the reported metric.

    Where several architectures share the best of the searched metric, their mean. Not of the
    reported metric itself, and none where no complete table is at hand.
    """
    report = str(data.first("report_metric"))
    others = [metric for metric in searched_metrics(data).values() if metric != report]
    return {metric: _gap(data, metric, report) for metric in dict.fromkeys(others) if data.complete}


def optimisation_regrets(data: StudyData, label: str) -> Array:
    """What each answer of a method misses to the best by its searched metric: [seeds]."""
    return np.asarray(optimisation_losses(data, label).losses, dtype=np.float64)


def optimisation_losses(data: StudyData, label: str) -> MethodLosses:
    """The same by seed, with the seeds that failed, for the decision."""
    column = f"regret_{searched_metrics(data).get(label, '')}"
    steps = data.steps.of(label, column, "step")
    rows = steps.sort_values("step").groupby("trial").last()
    if column not in rows:
        return MethodLosses(label, pd.Series(dtype=float))
    found = rows[column].astype(float).dropna()
    seeds = data.done.drop_duplicates("trial").set_index("trial")["seed"]
    losses = found.set_axis(seeds[found.index].astype(int)).sort_index()
    return MethodLosses(label, losses, failed_seeds(data, label, losses))


def regret_parts(data: StudyData) -> pd.DataFrame:
    """One row per method with a result; none where no regret has two parts.

    Columns method, searched (metric), seeds, optimisation_ (mean, low, high), in the unit of the
    searched metric, found (how many seeds found its best), gap and regret_mean, in that of the
    reported metric. `gap` is 0 where both are one metric, NaN where no table tells.
    """
    gaps, report = selection_gaps(data), str(data.first("report_metric"))
    gaps[report] = 0.0
    return pd.DataFrame([
        _row(data, label, metric, gaps.get(metric, np.nan))
        for label, metric in searched_metrics(data).items()
    ])  # fmt: skip


def gap_sentences(data: StudyData) -> list[str]:
    """Where a search without error would end, for every metric that was searched on; marked."""
    report, metrics = name(str(data.first("report_metric"))), searched_metrics(data)
    gaps = selection_gaps(data)
    told = [
        f"The best architecture by {name(metric)}, which"
        f" {names(label for label, own in metrics.items() if own == metric)} searched on, has a"
        f" regret of {data.measure.stated(gap)} by {report}."
        for metric, gap in gaps.items()
    ]
    if any(gap > TOLERANCE for gap in gaps.values()):
        told.append("A search without any error ends there; what ends below owes it to chance.")
    return told


def found_sentence(data: StudyData) -> str:
    """Who found the best of what it searched on, with how many of its seeds; marked, or empty."""
    rows: list[dict[Any, Any]] = regret_parts(data).to_dict("records")
    if not rows:
        return ""
    told = [
        f"{name(row['method'])} with {row['found']} of {row['seeds']}"
        for row in rows
        if row["found"]
    ]
    if not told:
        return "No seed of any method found the best of what it searched on."
    return f"The best of what they searched on was found by {listing(told)} seeds."


def _gap(data: StudyData, metric: str, report: str) -> float:
    assert data.complete is not None
    looked_at = np.asarray(data.complete.column(metric), dtype=float)
    judged = np.asarray(data.complete.column(report), dtype=float)
    best = looked_at >= np.nanmax(looked_at) - TOLERANCE
    return float(np.nanmean(np.nanmax(judged) - judged[best]))


def _row(data: StudyData, label: str, metric: str, gap: float) -> dict[str, Any]:
    values = optimisation_regrets(data, label)
    low, high = mean_interval(values, least=0.0)
    return {
        "method": label,
        "searched": metric,
        "seeds": len(values),
        "optimisation_mean": float(values.mean()) if len(values) else np.nan,
        "optimisation_low": low,
        "optimisation_high": high,
        "found": int((values <= TOLERANCE).sum()),
        "gap": gap,
        "regret_mean": float(data.row(label).regret_mean),
    }
