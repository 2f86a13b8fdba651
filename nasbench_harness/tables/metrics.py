"""Finding the column a person means: an accuracy by split and epochs."""

from __future__ import annotations

import math

from nasbench_harness.contracts import Architecture, Benchmark, CompleteTable, Metric
from nasbench_harness.errors import HarnessError, UnknownNameError, nearest

OTHERS = "`nasharness data list` tells which other tables there are and how to install them."
"""What to do where a table lacks something."""


def find_metric(table: Benchmark, dataset: str, text: str) -> Metric:
    """A metric by its column name, or by split and epochs: `valid@200`, `test@12`."""
    if text in table.metrics:
        return table.metrics[text]
    split, _, epochs = text.partition("@")
    offered = [m for m in table.metrics.values() if m.dataset == dataset and (m.search or m.report)]
    for metric in offered:
        if metric.split == split and str(metric.epochs) == epochs:
            return metric
    known = [f"{m.split}@{m.epochs}" for m in offered if m.epochs] or [m.name for m in offered]
    more = f"`nasharness show table {table.name}` lists all columns, which are known as well."
    wanted = f"metric of {dataset} in table `{table.name}`"
    if hint := nearest(text, table.metrics):
        more = f"Or `{hint}`? {more}" if hint not in known else more
    raise UnknownNameError(wanted, text, known, more)


def value_of(table: Benchmark, metric: str, arch: Architecture) -> float | None:
    """One number; None where the benchmark does not know it."""
    try:
        value = table.value(metric, arch)
    except HarnessError:
        if isinstance(table, CompleteTable):  # it knows every architecture
            raise
        return None
    return value if math.isfinite(value) else None
