"""Finding the column a person means: an accuracy by split and epochs."""

from __future__ import annotations

import math

from nasbench_harness.contracts import Architecture, Benchmark, CompleteTable, Metric
from nasbench_harness.errors import HarnessError, UnknownNameError, nearest

OTHERS = "`nasharness data list` tells which other tables there are and how to install them."
"""What to do where a table lacks something."""


USUAL_DATASET = "cifar10"
"""The data set where nothing is said, of a table that has it."""


def default_dataset(table: Benchmark, usual: str = USUAL_DATASET) -> str:
    """The data set of a table where nothing is said: the usual one if searches may look at it.

    Else the first that they may look at, and the first of all where they may look at none.
    """
    every = table.metrics.values()
    reported = {metric.dataset for metric in every if metric.report}
    searched = [m.dataset for m in every if m.search and m.dataset in reported]
    known = searched or [metric.dataset for metric in every if metric.report]
    return usual if usual in known or not known else known[0]


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
