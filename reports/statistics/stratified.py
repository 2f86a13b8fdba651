"""Two methods over several problems: how likely one is better, and by how much, in one unit.

Problems weigh the same and are what they are; seeds are drawn within each of them, so what is said
holds for these problems and for no others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import by_seed, tied
from nasbench_harness.reports.statistics.improvement import (
    Improvement,
    probability_of_improvement,
    score_bounds,
)
from nasbench_harness.reports.statistics.intervals import FEWEST


def mean_chance(first: Sequence[ArrayLike], second: Sequence[ArrayLike]) -> Improvement:
    """P(a run of `first` is lower than one of `second`) + half of P(a tie), mean over problems.

    Both hold regrets [seeds] on the same problems, in any unit, or [problems, seeds] of those that
    are one block (NaN: no run). The bounds are those of `probability_of_improvement` with the
    variances of the problems added up, each at the mean probability: no variance is larger where
    problems differ, and bounds have a width also where every run of one method is better. Where
    seeds of a block go together, the sum is larger by as much as DeLong's variance (Biometrics
    1988) of the mean over whole seeds is than over single runs. NaN without a problem or a run on
    one, and without bounds where a method has fewer than three runs on one.
    """
    blocks = [(by_seed(a), by_seed(b)) for a, b in zip(first, second, strict=True)]
    pairs = [(_there(a), _there(b)) for both in blocks for a, b in zip(*both, strict=True)]
    if not pairs or any(min(map(len, pair)) == 0 for pair in pairs):
        return Improvement(np.nan, np.nan, np.nan)
    value = float(np.mean([probability_of_improvement(*pair).value for pair in pairs]))
    if min(len(runs) for pair in pairs for runs in pair) < FEWEST:
        return Improvement(value, np.nan, np.nan)
    sizes = [(len(a), len(b)) for a, b in pairs]
    return Improvement(value, *score_bounds(value, sizes, _larger(blocks)))


def mean_difference(first: Sequence[ArrayLike], second: Sequence[ArrayLike]) -> float:
    """How much lower the mean of `first` is than that of `second`, mean over problems.

    Both as in `mean_chance`, in a unit that all problems share. NaN without a problem or a run on
    one.
    """
    blocks = [(by_seed(a), by_seed(b)) for a, b in zip(first, second, strict=True)]
    pairs = [pair for both in blocks for pair in zip(*both, strict=True)]
    gains = [_mean(_there(b)) - _mean(_there(a)) for a, b in pairs]
    return float(np.mean(gains)) if gains else np.nan


def _there(runs: Array) -> Array:
    return runs[~np.isnan(runs)]


def _larger(blocks: Sequence[tuple[Array, Array]]) -> float:
    """How much larger the variance is for seeds that go together; 1 where it is not."""
    together = alone = 0.0
    for ours, theirs in blocks:
        for parts in (_placed(ours, theirs), _placed(theirs, ours)):
            covariance = parts @ parts.T
            together, alone = together + covariance.sum(), alone + np.trace(covariance)
    return max(1.0, float(together / alone)) if alone > 0 else 1.0


def _placed(ours: Array, theirs: Array) -> Array:
    """[problems, seeds] what each run adds to the error of P(better), by its place in the others.

    0 where there is no run.
    """
    found = np.zeros(ours.shape)
    for row, mine, others in zip(found, tied(ours), tied(theirs), strict=True):
        there, against = ~np.isnan(mine), _there(others)
        places = np.mean(np.sign(against[None, :] - mine[there, None]), axis=1) / 2
        number = len(places)
        row[there] = (places - places.mean()) / np.sqrt(max(1, number * (number - 1)))
    return found


def _mean(runs: Array) -> float:
    return float(runs.mean()) if len(runs) else np.nan
