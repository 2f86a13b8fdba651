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
from nasbench_harness.reports.statistics.checks import finite, tied
from nasbench_harness.reports.statistics.dealing import drawn, sums
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

    `first` and `second` hold their final regrets [seeds] of the same problems, in any unit. Which
    run is whose is permuted within each problem, `DRAWS` times by fixed generators. The statistic
    is the sum over problems of the difference of mean ranks, by the number of ranks, so that every
    problem weighs the same. Problems on which one of both has no run are left out; 1.0 where none
    is left.
    """
    if len(first) != len(second):
        raise ValueError(f"Expected as many problems of both, not {len(first)} and {len(second)}.")
    pairs = [(tied(finite(ours)), tied(finite(theirs))) for ours, theirs in
             zip(first, second, strict=True)]  # fmt: skip
    pairs = [pair for pair in pairs if min(map(len, pair)) > 0]
    ranked = [_ranks(*pair) for pair in pairs]
    observed = sum(float(ranks[:n].mean() - ranks[n:].mean()) for ranks, n in ranked)
    if observed < 0:  # the same draws whichever comes first
        return within_problems_p(second, first)
    null = sum((_dealt(*each, place) for place, each in enumerate(ranked)), np.zeros(DRAWS))
    return (1 + int(np.count_nonzero(np.abs(null) >= observed - 1e-9))) / (1 + DRAWS)


def _ranks(first: Array, second: Array) -> tuple[Array, int]:
    """Ranks of all runs from 0 to 1, those of `first` before the others, and how many those are."""
    from scipy.stats import rankdata

    together = np.concatenate([first, second])
    return np.asarray(rankdata(together) / len(together)), len(first)


def _dealt(ranks: Array, number: int, stream: int) -> Array:
    """Differences of mean ranks [draws], of the ranks dealt anew; runs in any order give the same.

    Of n runs and m, the sum of the n fixes the difference. Each problem has a `stream` of draws.
    """
    ordered, others = np.sort(ranks), len(ranks) - number
    dealt = drawn(number, len(ranks), DRAWS, stream)
    ours = np.concatenate([sums(members, ordered) for members in dealt])
    return np.asarray(ours / number - (ordered.sum() - ours) / others)
