"""`accuracy` and `regret` of a study's tables: those of the metric each row is judged by."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nasbench_harness.store.schema import REGRET
from nasbench_harness.study.heldcost import WITHIN

if TYPE_CHECKING:
    import pyarrow as pa

ACCURACY, OUTCOME_REGRET = "accuracy", "regret"
REGRETS = (OUTCOME_REGRET, WITHIN)
"""What only studies that look their answers up in a complete table have."""
AFTER = {"trials": ("error",), "history": ("architecture", "step")}
"""Behind which column they stand; the first that is there."""


def outcome(result: Mapping[str, Any], metric: str) -> dict[str, float]:
    """Accuracy (percent) and regret (points) of one trial by its report metric; NaN if missing."""
    named = {ACCURACY: metric, OUTCOME_REGRET: f"{REGRET}{metric}"}
    return {name: _number(result.get(column)) for name, column in named.items()}


def _number(value: Any) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else math.nan


def has_regret(metrics: Iterable[str], recorded: Collection[str], *, complete: bool) -> bool:
    """Have rows that are judged by `metrics` a regret, given the names of what is `recorded`.

    Where nothing is recorded yet, those have one that are looked up in a `complete` table.
    """
    judged_by = list(metrics)
    if any(f"{REGRET}{metric}" in recorded for metric in judged_by):
        return True
    return complete and not any(metric in recorded for metric in judged_by)


def with_outcome(
    kind: str, table: pa.Table, judged_by: pa.ChunkedArray | pa.Array, *, regret: bool = True
) -> pa.Table:
    """`trials` or `history` with both columns, from the metric that each row is judged by.

    Without `regret` the one of them that there is: see `has_regret`.
    """
    import pyarrow.compute as pc

    metrics = [metric for metric in pc.unique(judged_by).to_pylist() if metric is not None]
    columns = {ACCURACY: _chosen(table, judged_by, {metric: metric for metric in metrics})}
    if regret:
        columns[OUTCOME_REGRET] = _chosen(table, judged_by, {m: f"{REGRET}{m}" for m in metrics})
    table = table.drop_columns([name for name in columns if name in table.column_names])
    place = place_after(table.column_names, AFTER[kind])
    for offset, (name, values) in enumerate(columns.items()):
        table = table.add_column(place + offset, name, values)
    return table


def place_after(names: Sequence[str], wanted: Sequence[str]) -> int:
    """The place behind the first of these columns that is there; the end if none is."""
    return next((names.index(name) + 1 for name in wanted if name in names), len(names))


def _chosen(
    table: pa.Table, judged_by: pa.ChunkedArray | pa.Array, columns: Mapping[str, str]
) -> pa.ChunkedArray | pa.Array:
    """Of each row the number in the column that its metric names."""
    import pyarrow as pa
    import pyarrow.compute as pc

    chosen: Any = pa.nulls(table.num_rows, pa.float64())
    for metric, column in columns.items():
        if column in table.column_names and _is_number(table[column].type):
            values = table[column].cast(pa.float64())
            here = pc.fill_null(pc.equal(judged_by, metric), False)
            chosen = pc.if_else(here, values, chosen)
    return chosen


def _is_number(kind: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_floating(kind))


def completed(trials: pa.Table, history: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Tables that were gathered before they had these columns, with them."""
    import pyarrow.compute as pc

    metrics = pc.unique(trials["report_metric"]).to_pylist()
    looked_up = any(pc.unique(trials["table"]).to_pylist())

    def regret(table: pa.Table) -> bool:
        undecided = ACCURACY not in table.column_names  # all were complete before they had it
        return has_regret(metrics, table.column_names, complete=looked_up and undecided)

    if not _has(trials, regret=regret(trials)):
        judged_by = trials["report_metric"]
        trials = with_outcome("trials", trials, judged_by, regret=regret(trials))
    if not _has(history, regret=regret(history)):
        judged_by = judging(trials, history)
        history = with_outcome("history", history, judged_by, regret=regret(history))
    return trials, history


def judging(trials: pa.Table, history: pa.Table) -> pa.ChunkedArray:
    """The metric that the trial of each recorded step is judged by."""
    import pyarrow as pa
    import pyarrow.compute as pc

    trial = history["trial"].cast(pa.string())
    known = trials["trial"].cast(pa.string()).combine_chunks()
    return trials["report_metric"].take(pc.index_in(trial, known))


def _has(table: pa.Table, *, regret: bool) -> bool:
    wanted = {ACCURACY, OUTCOME_REGRET} if regret else {ACCURACY}
    return wanted <= set(table.column_names)
