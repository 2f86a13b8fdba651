"""How much may be lost, by metric."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.fields.scalars import shown
from nasbench_harness.reports.regression.baseline import Baseline
from nasbench_harness.reports.regression.series import MEMORY, QUERIES, Series

ACCURACY, DYNAMICS = "accuracy", "dynamics"
MARGINS: Mapping[str, float] = {ACCURACY: 0.2, DYNAMICS: 1.0, QUERIES: 5.0, MEMORY: 10.0}
"""Allowed losses: points for every accuracy, percent for costs; of dynamics, either way, standard
deviations of the baseline's seeds."""
SHARE = 0.002
"""Of any other metric: this share of the power of ten that the baseline's values lie within, which
is 0.2 points of an accuracy."""


def find_margins(baseline: Baseline, given: Mapping[str, float]) -> dict[str, float]:
    """The shipped margins, replaced by the baseline's and those by the given ones."""
    metrics = {series.key.metric for series in baseline.results.series}
    check_margins(given, metrics)
    return {**MARGINS, **baseline.margins, **given}


def check_margins(margins: Mapping[str, float], metrics: Iterable[str]) -> None:
    """HarnessError for a margin of no metric, or below zero."""
    known = {*MARGINS, *metrics}
    for metric, margin in margins.items():
        if metric not in known:
            raise UnknownNameError("metric with a margin", metric, known)
        number = isinstance(margin, int | float) and not isinstance(margin, bool)
        if not number or not 0 <= margin < math.inf:
            raise HarnessError(
                f"The margin of `{metric}` cannot be {shown(margin)}: expected a number ≥ 0."
            )


def margin_of(series: Series, margins: Mapping[str, float]) -> float:
    """A metric's own margin in its unit, that of all accuracies or dynamics, or `SHARE`."""
    key, quantity = series.key, series.quantity
    if key.metric in margins:
        return margins[key.metric]
    if key.is_dynamic:
        return margins[DYNAMICS]
    return margins[ACCURACY] if quantity.is_percent else SHARE * quantity.size
