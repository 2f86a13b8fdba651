"""The smallest difference that matters where nobody says one: what a retraining would move."""

from __future__ import annotations

import math
from typing import TypeGuard

from nasbench_harness.contracts import Benchmark, CompleteTable, Retrained

SHARE = 0.05
"""Of the way from the median to the best, where a benchmark has no repeated trainings."""
OF_RETRAINING = "the spread of one retraining of good architectures"
OF_TABLE = "5 % of the way from the median to the best of the table"


def smallest_difference_of(table: Benchmark | None, metric: str) -> tuple[float, str] | None:
    """A benchmark's own smallest difference by `metric`, in its unit, and in words whence it is.

    The spread of one retraining of good architectures where the benchmark knows it (`Retrained`),
    else 5 % of the way from the median to the best of a complete table. None without a table,
    where only some architectures are known, and where all are worth the same.
    """
    if isinstance(table, Retrained) and _is_size(noise := table.retraining_noise(metric)):
        return noise, OF_RETRAINING
    if isinstance(table, CompleteTable) and _is_size(part := _part_of_range(table, metric)):
        return part, OF_TABLE
    return None


def _is_size(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value) and value > 0


def _part_of_range(table: CompleteTable, metric: str) -> float:
    import numpy as np

    column = table.column(metric)
    known = column[np.isfinite(column)]
    return SHARE * float(known.max() - np.median(known)) if len(known) else 0.0
