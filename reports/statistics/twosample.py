"""Whether two sets of independent runs differ: a permutation test of Welch's t.

Runs on a table have no common seeds worth the name, so nothing pairs them, and every way to deal
all runs to the two methods is as likely as the one observed where the methods do not differ. The
test is therefore exact for any distribution, ties included. Studentised, it also holds its level in
the limit where the means are equal and only the spreads differ (Janssen, Statistics & Probability
Letters 1997; Chung & Romano, Annals of Statistics 2013).

Neither the order of runs nor which method comes first changes a p-value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, combinations, islice

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import finite, tied
from nasbench_harness.reports.statistics.resampling import CELLS

DRAWS = 20_000
"""Assignments that are all counted; where there are more, so many are drawn."""
EQUAL = 1 - 1e-9
"""Statistics are as large as another from this share of it on: less is rounding."""
KEPT = 100
"""Runs up to which assignments are kept for the next pair: 16 MB."""
SPREAD = 1e-10
"""Deviations below this share of the range of all runs are rounding."""


def two_sample_p(first: ArrayLike, second: ArrayLike) -> float:
    """Two-sided p-value of `first` [n] and `second` [m], in any unit, being runs of one method.

    Every assignment counts where there are at most `DRAWS`; else so many are drawn, by a fixed
    generator, and the observed one is added. Two groups of equal runs each, of different values,
    are as far apart as can be. 1.0 where a side is empty or all runs are alike.
    """
    ours, theirs, pooled = _scaled(first, second)
    if min(len(ours), len(theirs)) == 0 or not pooled.any():
        return 1.0
    null = _null(pooled.tobytes(), min(len(ours), len(theirs)))
    observed = float(_welch_t(ours[None], theirs[None])[0])
    unseen = 0 if _all_counted(len(ours), len(theirs)) else 1  # the observed one, if drawn
    return (_reached(null, observed) + unseen) / (len(null) + unseen)


def smallest_two_sample_p(first: ArrayLike, second: ArrayLike) -> float:
    """The smallest p-value that any assignment of these very runs could have had.

    It depends on all the runs together and on the sizes of both sides, not on whose run is whose,
    so that tests can be left out by it beforehand (Tarone 1990). Where assignments are drawn, the
    largest statistic drawn stands for the largest. 1.0 where nothing can speak.
    """
    ours, theirs, pooled = _scaled(first, second)
    if min(len(ours), len(theirs)) == 0 or not pooled.any():
        return 1.0
    null = _null(pooled.tobytes(), min(len(ours), len(theirs)))
    unseen = 0 if _all_counted(len(ours), len(theirs)) else 1
    return _reached(null, float(null.max())) / (len(null) + unseen)


def _reached(null: Array, statistic: float) -> int:
    return int(np.count_nonzero(null >= statistic * EQUAL))


def _scaled(first: ArrayLike, second: ArrayLike) -> tuple[Array, Array, Array]:
    """Both sides and all runs in order, moved and scaled into 0 to 1; zeros where all are alike."""
    ours, theirs = tied(finite(first)), tied(finite(second))
    pooled = np.sort(np.concatenate([ours, theirs]))
    if len(pooled) == 0:
        return ours, theirs, pooled
    start, width = pooled[0], float(pooled[-1] - pooled[0]) or 1.0
    return (ours - start) / width, (theirs - start) / width, (pooled - start) / width


def _all_counted(first: int, second: int) -> bool:
    return math.comb(first + second, first) <= DRAWS


@lru_cache(maxsize=64)
def _null(pooled: bytes, few: int) -> Array:
    """Absolute statistics [assignments] of all runs dealt to two sides, one of `few` runs."""
    values = np.frombuffer(pooled)
    orders = _kept if len(values) <= KEPT else _assignments
    parts = [
        _welch_t(values[places[:, :few]], values[places[:, few:]])
        for places in orders(few, len(values))
    ]
    return np.concatenate(parts)


@lru_cache(maxsize=2)
def _kept(few: int, total: int) -> tuple[NDArray[np.int64], ...]:
    """Those of one pair of methods serve all that have as many runs."""
    return tuple(_assignments(few, total))


def _assignments(few: int, total: int) -> Iterator[NDArray[np.int64]]:
    """Orders [rows, total] of all runs, the first `few` for one side: every choice, or drawn."""
    rows = max(1, CELLS // total)
    if _all_counted(few, total - few):
        every = combinations(range(total), few)
        while part := list(islice(every, rows)):
            chosen = np.fromiter(chain.from_iterable(part), int).reshape(len(part), few)
            left = np.ones((len(part), total), dtype=bool)
            np.put_along_axis(left, chosen, False, axis=1)
            others = np.nonzero(left)[1].reshape(len(part), total - few)
            yield np.concatenate([chosen, others], axis=1)
        return
    generator = np.random.default_rng(0)
    for start in range(0, DRAWS, rows):
        ordered = np.tile(np.arange(total), (min(rows, DRAWS - start), 1))
        yield generator.permuted(ordered, axis=1)


def _welch_t(first: Array, second: Array) -> Array:
    """Absolute Welch's t [rows] of scaled `first` [rows, n] and `second` [rows, m].

    A single run counts as one without a spread. Infinite where neither side has a spread and the
    means differ, 0 where they do not.
    """
    apart = np.abs(first.mean(axis=1) - second.mean(axis=1))
    apart[apart <= SPREAD] = 0.0
    error = np.sqrt(_variance_of_mean(first) + _variance_of_mean(second))
    without = np.where(apart > 0, np.inf, 0.0)
    return np.asarray(np.divide(apart, error, out=without, where=error > 0))


def _variance_of_mean(values: Array) -> Array:
    runs = values.shape[1]
    if runs < 2:
        return np.zeros(len(values))
    variance = values.var(axis=1, ddof=1)
    variance[variance <= SPREAD**2] = 0.0
    return np.asarray(variance / runs)
