"""How likely a run of one method is better than a run of another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import finite, tied
from nasbench_harness.reports.statistics.resampling import bounds, resample


class Improvement(NamedTuple):
    """A probability with its 95 % bounds."""

    value: float
    low: float
    high: float

    def turned(self) -> Improvement:
        """That of the opposite."""
        return Improvement(1 - self.value, 1 - self.high, 1 - self.low)


def probability_of_improvement(first: ArrayLike, second: ArrayLike) -> Improvement:
    """P(a run of `first` [n] has less regret than one of `second` [m]) + half of P(a tie).

    The Mann-Whitney U statistic over n m (Agarwal et al., NeurIPS 2021); both methods' runs are
    drawn independently in the bootstrap, as they are there. Any unit, lower is better; NaN without
    a run, and without bounds where a method has only one.
    """
    ours, theirs = np.sort(tied(finite(first))), tied(finite(second))
    if min(len(ours), len(theirs)) == 0:
        return Improvement(np.nan, np.nan, np.nan)
    below = np.searchsorted(ours, theirs, side="left")
    reached = np.searchsorted(ours, theirs, side="right")
    pairs = len(ours) * len(theirs)

    def share(of_ours: Array, of_theirs: Array) -> Array:
        summed = np.pad(np.cumsum(of_ours, axis=1), ((0, 0), (1, 0)))
        wins: Array = (summed[:, below] + summed[:, reached]) / 2
        return np.asarray(np.einsum("rm,rm->r", wins, of_theirs) / pairs)

    value = float(share(np.ones((1, len(ours))), np.ones((1, len(theirs))))[0])
    if min(len(ours), len(theirs)) < 2:
        return Improvement(value, np.nan, np.nan)
    low, high = bounds(resample(share, [len(ours), len(theirs)]))
    return Improvement(value, float(low), float(high))
