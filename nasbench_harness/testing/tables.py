"""Does a table keep the contract of `Table`."""

from __future__ import annotations

import numpy as np

from nasbench_harness.contracts import EnumerableSpace, Table
from nasbench_harness.errors import HarnessError


def check_table(table: Table, space: EnumerableSpace) -> None:
    """Does a table keep the contract of `Table` for its space.

    Every column has a row per architecture and cannot be written to; single look-ups, columns and
    tensors agree; metrics explain themselves; search and report metrics exist for every dataset.
    """
    assert table.space == space.name, "a table names its space"
    assert table.content_hash, "a table has a content hash"
    assert table.caveat, "a table says what a reader must know"
    options = tuple(len(decision.options) for decision in space.decisions)
    for name, metric in table.metrics.items():
        assert metric.name == name, "metrics are keyed by their name"
        assert metric.meaning, f"{name} must explain itself"
        _check_column(table, name, space.size, options)
    for dataset in {metric.dataset for metric in table.metrics.values() if metric.report}:
        assert table.metrics[table.search_metric(dataset)].search, "search_metric may be searched"
        assert table.metrics[table.report_metric(dataset)].report, "report_metric may be reported"
    _check_unknown_metric(table)


def _check_column(table: Table, name: str, size: int, options: tuple[int, ...]) -> None:
    column, tensor = table.column(name), table.tensor(name)
    assert column.shape == (size,), f"{name} must have a row per architecture"
    assert tensor.shape == options, f"{name} as a tensor must have an axis per decision"
    assert not column.flags.writeable, f"{name} must be read-only"
    assert not tensor.flags.writeable, f"{name} must be read-only"
    for rank in (0, size // 2, size - 1):
        answers = [table.value(name, rank), tensor.flat[rank], table.lookup(rank)[name]]
        same = np.array_equal(answers, [column[rank]] * 3, equal_nan=True)
        assert same, f"{name} must agree with itself"
    assert table.best(name) == np.nanmax(column), f"best({name}) must be the maximum"
    assert table.standing(name, table.best(name))[1] == 0, "nothing is better than the best"


def _check_unknown_metric(table: Table) -> None:
    try:
        table.value("no such metric", 0)
    except HarnessError:
        return
    raise AssertionError("an unknown metric must raise a HarnessError")
