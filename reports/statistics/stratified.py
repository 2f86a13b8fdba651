"""Two methods over several problems: how likely one is better, and by how much, in one unit.

Problems weigh the same and are what they are; seeds are drawn within each of them, so what is said
holds for these problems and for no others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import finite
from nasbench_harness.reports.statistics.improvement import (
    Improvement,
    probability_of_improvement,
    score_bounds,
)
from nasbench_harness.reports.statistics.intervals import FEWEST


def mean_chance(first: Sequence[ArrayLike], second: Sequence[ArrayLike]) -> Improvement:
    """P(a run of `first` is lower than one of `second`) + half of P(a tie), mean over problems.

    Both hold regrets [seeds] on the same problems, in any unit. The bounds are those
    of `probability_of_improvement` with the variances of the problems added up, each at the mean
    probability: no variance is larger where problems differ, and bounds have a width also where
    every run of one method is better. NaN without a problem or a run on one, and without bounds
    where a method has fewer than three runs on one.
    """
    pairs = [(finite(a), finite(b)) for a, b in zip(first, second, strict=True)]
    if not pairs or any(min(map(len, pair)) == 0 for pair in pairs):
        return Improvement(np.nan, np.nan, np.nan)
    value = float(np.mean([probability_of_improvement(*pair).value for pair in pairs]))
    if min(len(runs) for pair in pairs for runs in pair) < FEWEST:
        return Improvement(value, np.nan, np.nan)
    return Improvement(value, *score_bounds(value, [(len(a), len(b)) for a, b in pairs]))


def mean_difference(first: Sequence[ArrayLike], second: Sequence[ArrayLike]) -> float:
    """How much lower the mean of `first` is than that of `second`, mean over problems.

    In the unit of the numbers, which all problems share. NaN without a problem or a run on one.
    """
    gains = [_mean(b) - _mean(a) for a, b in zip(map(finite, first), map(finite, second),
                                                 strict=True)]  # fmt: skip
    return float(np.mean(gains)) if gains else np.nan


def _mean(runs: Array) -> float:
    return float(runs.mean()) if len(runs) else np.nan
