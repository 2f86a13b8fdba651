"""The smallest difference of interest as a study says it, of everything or by metric.

In points of accuracy, or the own unit of a metric that is no accuracy in percent.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Mapping
from typing import Any

from nasbench_harness.contracts import Benchmark, CompleteTable, Kind
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.fields.scalars import is_number, shown
from nasbench_harness.tables.library import find_table
from nasbench_harness.tables.metrics import find_metric
from nasbench_harness.tables.quantity import ACCURACY as PERCENTAGE
from nasbench_harness.tables.quantity import Quantity, quantity_in

SMALLEST = "smallest_difference"
REGRET, ACCURACY = "regret", "accuracy"
Said = float | dict[str, float]


def read_smallest(value: Any) -> Said | None:
    """As a study file or an option has it: a number, or one for each metric.

    ValueError, with the entry where it is one of several, for what is no number above 0.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        return _points(value)
    if not value:
        raise ValueError("no metric is named")
    said = {}
    for name, points in value.items():
        try:
            said[str(name)] = _points(points)
        except ValueError:
            raise ValueError(f"`{name}` is {shown(points)}") from None
    return said


def _points(value: Any) -> float:
    if isinstance(value, bool) or (isinstance(value, str) and not is_number(value.strip())):
        raise ValueError
    try:
        points = float(value)
    except (TypeError, OverflowError):
        raise ValueError from None
    if not (math.isfinite(points) and points > 0):
        raise ValueError
    return points


def check_metrics(said: Said | None, table: Benchmark | None, kind: Kind) -> None:
    """UnknownNameError for a metric that nothing of the study is judged by."""
    if not isinstance(said, Mapping):
        return
    known = [ACCURACY, *([kind.concludes] if kind.concludes else [])]
    if table is not None:
        known += [REGRET] if isinstance(table, CompleteTable) else []
        known += [name for name, one in table.metrics.items() if one.report or name in said]
    for name in said:
        if name not in known:
            raise UnknownNameError(f"metric for `{SMALLEST}`", name, set(known))


def said_of(said: Any, metric: str, judged_by: Collection[str]) -> float | None:
    """What was said of `metric`; None where nothing was.

    `judged_by` are the study's report metrics: `accuracy` is their value and `regret` what it
    misses, in the same unit, so that what was said of one of them holds for the others too.
    """
    if not isinstance(said, Mapping):
        return None if said is None else float(said)
    names = [metric]
    if metric in (REGRET, ACCURACY, *judged_by):
        names += [*judged_by, ACCURACY, REGRET]
    return next((float(said[name]) for name in names if name in said), None)


def change(there: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """That a study is judged by another smallest difference from now on; empty if it is not."""
    old, new = there.get(SMALLEST), asked.get(SMALLEST)
    if new is None or new == old:
        return ""
    quantity = _judged_by(there)
    before = "the benchmark's own" if old is None else told(old, quantity)
    now = told(new, quantity)
    return f"its smallest difference of interest was {before} and is {now} from now on"


def _judged_by(config: Mapping[str, Any]) -> Quantity:
    """What results of a study of such a config are; accuracies where that cannot be told."""
    with contextlib.suppress(HarnessError):
        if (table := find_table(str(config.get("table") or ""))) is not None:
            dataset, asked = str(config.get("dataset")), config.get("report_metric")
            named = find_metric(table, dataset, asked).name if asked else None
            return quantity_in(table, named or table.report_metric(dataset))
    return PERCENTAGE


def told(said: Said, quantity: Quantity = PERCENTAGE) -> str:
    """In words: `0.2 points`, or `0.2 (regret) and 0.3 (accuracy) points`."""
    if not isinstance(said, Mapping):
        return quantity.amount(f"{said:g}")
    return quantity.amount(" and ".join(f"{size:g} ({name})" for name, size in said.items()))
