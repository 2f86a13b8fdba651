"""How likely a run of one method is better than a run of another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.checks import finite, tied
from nasbench_harness.reports.statistics.intervals import FEWEST, LEVEL


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

    The Mann-Whitney U statistic over n m (Agarwal et al., NeurIPS 2021), with the fifth of the
    intervals of Newcombe (Statistics in Medicine 2006, part 2), which stays within 0 and 1 and has
    a width also where every run of one method is better. Three runs against three or four all lie
    apart by chance too often to speak against 1/2, so those bounds hold it. Any unit, lower is
    better; NaN without a run, and without bounds where a method has fewer than three.
    """
    ours, theirs = np.sort(tied(finite(first))), tied(finite(second))
    if min(len(ours), len(theirs)) == 0:
        return Improvement(np.nan, np.nan, np.nan)
    below = np.searchsorted(ours, theirs, side="left")
    reached = np.searchsorted(ours, theirs, side="right")
    value = float((below + reached).sum()) / (2 * len(ours) * len(theirs))
    if min(len(ours), len(theirs)) < FEWEST:
        return Improvement(value, np.nan, np.nan)
    low, high = score_bounds(value, [(len(ours), len(theirs))])
    if 2 / math.comb(len(ours) + len(theirs), len(ours)) > 1 - LEVEL:
        low, high = min(low, 0.5), max(high, 0.5)
    return Improvement(value, low, high)


def score_bounds(
    value: float, sizes: Sequence[tuple[int, int]], factor: float = 1.0
) -> tuple[float, float]:
    """The probabilities from which `value` is as far as 95 % of estimates are.

    Hanley and McNeil's variance (Radiology 1982) at the probability itself, not at its estimate,
    with the mean of both numbers of runs in place of each. `sizes` are these numbers; of several
    problems, `value` is the mean of their estimates, and `factor` how much larger its variance is
    than of as many that share nothing.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    quantile = float(ndtri((1 + LEVEL) / 2))

    def beyond(p: float) -> float:
        variance = factor * sum(_variance(p, *both) for both in sizes) / len(sizes) ** 2
        return float((value - p) ** 2 - quantile**2 * variance)

    near = 1e-12
    low = brentq(beyond, 0.0, min(value, 1 - near)) if value > near else 0.0
    high = brentq(beyond, max(value, near), 1.0) if value < 1 - near else 1.0
    return (float(low), float(high))


def _variance(p: float, first: int, second: int) -> float:
    runs = (first + second) / 2 - 1
    return p * (1 - p) * (1 + runs * (1 - p) / (2 - p) + runs * p / (1 + p)) / (first * second)
