"""One row per method: what searches cost, and the accuracies within their shared weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nasbench_harness.contracts import SearchSpace
from nasbench_harness.reports.analysis.calibration import sentences
from nasbench_harness.reports.analysis.finalalpha import COLUMNS as ALPHA
from nasbench_harness.reports.analysis.finalalpha import final_alpha, nearly_even_sentences
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import numbers
from nasbench_harness.reports.words.marked import listing

_OF_CONCLUSION = (
    "{}; the gap is how much more accurate the mixture was at the last epoch, over the images"
    " recorded every epoch; skips are skip connections of the answer. "
)
"""After what the kind says of its conclusion."""
_COST = (
    "Search is the time of the search steps alone.{} Cost is that time as GPU-days where a GPU ran,"
    " else as CPU-hours, times the threads of a trial. Peak memory is the largest of the seeds: on"
    " a GPU what was allocated there, on a CPU that of the whole process, which may have run other"
    " trials before. What never trained a network has no such numbers."
)
_OF_ALPHA = (
    "Of the choice probabilities at the end: the largest of any option, the entropy as a share of"
    " that of even probabilities, and the least lead of a likeliest option over the next; means"
    " over seeds. Answers are the likeliest options, however small the lead. What keeps no"
    " probabilities but an answer has 1 and 0."
)
GPU, CPU = "search_gpu_days", "search_cpu_hours"
COHORT = "cohort"
"""Column of the trials: how many searches were stepped together with one, itself included."""
SHARED = (
    "Searches that differ in their seed only were stepped together: seconds of one are its share of"
    " what all of them took."
)


def note(data: StudyData) -> str:
    """What must be read with the numbers."""
    told = data.kind.conclusion_told
    oneshot = _OF_CONCLUSION.format(told) if told and concludes(data) else ""
    shared = f" {SHARED}" if stepped_together(data) else ""
    alpha = f" {_OF_ALPHA}" if any(len(final_alpha(data, name)) for name in data.searching) else ""
    columns = oneshot + _COST.format(shared) + alpha
    return " ".join([columns, *nearly_even_sentences(data), *sentences(data)])


def stepped_together(data: StudyData) -> bool:
    """Whether some searches were stepped as one, so that the clock ran for several at a time."""
    return COHORT in data.done and bool((data.done[COHORT].fillna(0).astype(float) > 1).any())


def most_skips(space: SearchSpace) -> int | None:
    """How many skips an answer can have; None where it keeps some of the decisions only."""
    return len(space.decisions) if getattr(space, "product", False) else None


def concludes(data: StudyData) -> bool:
    """Whether searches conclude an accuracy by themselves."""
    return bool(data.kind.concludes) and data.has(data.kind.concludes)


def measured(data: StudyData) -> bool:
    """Whether searches trained networks, or recorded what they took of the machine."""
    return concludes(data) or any(numbers(data.done, column).size for column in (GPU, CPU))


def search_cost(data: StudyData) -> pd.DataFrame:
    """Means over the trials with a result, methods in the order of the summary.

    Columns method, seeds, oneshot_mean (percent, over the whole search-validation half), gap_mean
    (points), skips_mean, top_mean, entropy_mean and lead_mean (see `final_alpha`), seconds_mean,
    gpu_days_mean, cpu_hours_mean, memory_mb_max, devices. What needs a trained network is NaN where
    none was trained.
    """
    return pd.DataFrame([_row(data, label) for label in data.done_labels])


def devices(data: StudyData, label: str | None = None) -> list[str]:
    """Where searches ran, of one method or of all."""
    rows = data.done if label is None else data.done[data.done["method"] == label]
    return sorted(set(rows["device"].dropna())) if "device" in rows else []


def _row(data: StudyData, label: str) -> dict[str, Any]:
    trials = data.done[data.done["method"] == label]
    steps = data.steps.of(label, "step", "discretisation_gap", "skip_connections")
    last = steps.sort_values("step").groupby("trial").last()
    trained = label in data.searching
    searched = trials if trained else trials.iloc[:0]
    alpha = final_alpha(data, label) if trained else pd.DataFrame()
    return {
        "method": label,
        "seeds": len(trials),
        "oneshot_mean": _mean(searched, data.kind.concludes),
        "gap_mean": _mean(last if trained else last.iloc[:0], "discretisation_gap"),
        "skips_mean": _mean(last, "skip_connections"),
        **{f"{name}_mean": _mean(alpha, name) for name in ALPHA},
        "seconds_mean": _mean(trials, "search_seconds"),
        "gpu_days_mean": _mean(searched, GPU),
        "cpu_hours_mean": _mean(searched, CPU),
        "memory_mb_max": _most(numbers(searched, "peak_memory_mb")),
        "devices": listing(devices(data, label)) if trained else "",
    }


def _most(values: Array) -> float:
    return float(values.max()) if len(values) else np.nan


def _mean(rows: pd.DataFrame, column: str) -> float:
    values = numbers(rows, column)
    return float(values.mean()) if len(values) else np.nan
