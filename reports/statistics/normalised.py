"""Methods over several problems, whose regrets have different sizes.

A regret is divided by the mean regret of a uniform draw of its problem: 0 is the optimum, 1 as good
as drawing blindly. Problems are what they are and seeds are drawn within each of them, so what is
said holds for these problems and for no others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import by_seed, finite, tied
from nasbench_harness.reports.statistics.dealing import Assignments, drawn, sums
from nasbench_harness.reports.statistics.robust import (
    interquartile_mean,
    interquartile_mean_interval,
)

DRAWS = 20_000


def normalised_iqm(
    problems: Sequence[ArrayLike], uniform: Sequence[float]
) -> tuple[float, float, float]:
    """Interquartile mean of all normalised regrets, with its 95 % bounds: value, low, high.

    `problems` holds a method's final regrets [seeds] of each problem, `uniform` the mean regret of
    a uniform draw of each, in the same unit. The bootstrap draws the seeds of every problem on
    their own. NaN without a run; no bounds as in `interquartile_mean_interval`.
    """
    if len(problems) != len(uniform):
        raise ValueError(f"Expected {len(problems)} mean regrets, not {len(uniform)}.")
    if not all(0 < mean < math.inf for mean in uniform):
        raise ValueError("The mean regret of a uniform draw must be above 0.")
    scaled = [finite(runs) / mean for runs, mean in zip(problems, uniform, strict=True)]
    return (interquartile_mean(scaled), *interquartile_mean_interval(scaled))


def within_problems_p(first: Sequence[ArrayLike], second: Sequence[ArrayLike]) -> float:
    """Two-sided p-value of two methods being the same on every problem; lower is better.

    `first` and `second` hold their final regrets [seeds] of the same problems, in any unit; or
    [problems, seeds] of those that are one block, as the data sets of a space are, where a seed
    draws alike on each (NaN: no run). Which run is whose is permuted within each block, whole seeds
    at a time, `DRAWS` times by fixed generators. The statistic is the sum over problems of the
    difference of mean ranks, by the number of ranks, so that every problem weighs the same.
    Problems on which one of both has no run are left out; 1.0 where none is left.
    """
    if len(first) != len(second):
        raise ValueError(f"Expected as many problems of both, not {len(first)} and {len(second)}.")
    pairs = [(tied(by_seed(ours)), tied(by_seed(theirs))) for ours, theirs in
             zip(first, second, strict=True)]  # fmt: skip
    ranked = [ranks for pair in pairs if (ranks := _ranks(*pair))[0].size]
    observed = sum(float(np.sum(_apart(ranks, _first(ranks, n)))) for ranks, n in ranked)
    if observed < 0:  # the same draws whichever comes first
        return within_problems_p(second, first)
    null = sum((_dealt(*each, place) for place, each in enumerate(ranked)), np.zeros(DRAWS))
    return (1 + int(np.count_nonzero(np.abs(null) >= observed - 1e-9))) / (1 + DRAWS)


def _ranks(first: Array, second: Array) -> tuple[Array, int]:
    """Ranks [problems, runs] from 0 to 1, those of `first` before the others, and how many it has.

    Without problems and seeds on which nobody has a run.
    """
    from scipy.stats import rankdata

    on = (~np.isnan(first)).any(axis=1) & (~np.isnan(second)).any(axis=1)
    first, second = (runs[on][:, ~np.isnan(runs[on]).all(axis=0)] for runs in (first, second))
    together = np.concatenate([first, second], axis=1)
    if not together.size:
        return np.empty((0, 0)), 0
    numbers = (~np.isnan(together)).sum(axis=1, keepdims=True)
    return rankdata(together, axis=1, nan_policy="omit") / numbers, first.shape[1]


def _first(ranks: Array, number: int) -> Assignments:
    """The runs as they are: those of the first side are the first."""
    return np.arange(ranks.shape[1])[None, :] < number


def _apart(ranks: Array, members: Assignments) -> Array:
    """Differences of mean ranks [rows], added up over problems; 0 where a side has no run."""
    found = np.zeros(len(members))
    for row in ranks:
        there = ~np.isnan(row)
        values = np.where(there, row, 0.0)
        ours, number = sums(members, values), sums(members, there.astype(float))
        others = there.sum() - number
        both = (number > 0) & (others > 0)
        mean = ours / np.maximum(number, 1) - (values.sum() - ours) / np.maximum(others, 1)
        found += np.where(both, mean, 0.0)
    return found


def _dealt(ranks: Array, number: int, stream: int) -> Array:
    """`_apart` [draws] of the ranks dealt anew; runs in any order give the same.

    Each block has a `stream` of draws.
    """
    ordered = ranks[:, np.lexsort(ranks[::-1])]
    dealt = drawn(number, ranks.shape[1], DRAWS, stream)
    return np.concatenate([_apart(ordered, members) for members in dealt])
