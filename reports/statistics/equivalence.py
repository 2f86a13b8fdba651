"""Whether two methods are practically the same: closer than a difference that matters.

Two one-sided tests (Schuirmann 1987): that the difference is below `delta`, and that it is above
-`delta`. Both have to be found, so the larger p-value counts. Where runs are all alike there is no
t test; `MANY` of them on either side are then taken at their word.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.checks import finite
from nasbench_harness.reports.statistics.intervals import FEWEST, constant, welch

MANY = 10


def equivalence_p(first: ArrayLike, second: ArrayLike, delta: float) -> float:
    """P-value against: the means of independent `first` and `second` lie `delta` or more apart.

    In the unit of both, by Welch's test. 1.0 below three runs on either side. Where the runs of
    each side are all alike: 0.0 if the two values are closer than `delta` and there are ten runs on
    either side, else 1.0.
    """
    _check(delta)
    ours, theirs = finite(first), finite(second)
    if min(len(ours), len(theirs)) < FEWEST:
        return 1.0
    apart = abs(float(ours.mean() - theirs.mean()))
    if constant(ours) and constant(theirs):
        return _taken_at_their_word(apart, delta, min(len(ours), len(theirs)))
    return _one_sided(apart, delta, *welch(ours, theirs))


def paired_equivalence_p(differences: ArrayLike, delta: float) -> float:
    """P-value against: the mean of paired `differences` [seeds] is `delta` or more from zero.

    In their unit, by Student's test. 1.0 below three. Of equal differences: 0.0 if they are smaller
    than `delta` and ten or more, else 1.0.
    """
    _check(delta)
    values = finite(differences)
    if len(values) < FEWEST:
        return 1.0
    apart = abs(float(values.mean()))
    if constant(values):
        return _taken_at_their_word(apart, delta, len(values))
    return _one_sided(apart, delta, _error(values), len(values) - 1)


def _one_sided(apart: float, delta: float, error: float, freedom: float) -> float:
    """The larger p of both tests: the one against the bound that lies nearer."""
    from scipy.special import stdtr

    return float(stdtr(freedom, (apart - delta) / error))


def _taken_at_their_word(apart: float, delta: float, runs: int) -> float:
    return 0.0 if apart < delta - TOLERANCE and runs >= MANY else 1.0


def _error(values: Array) -> float:
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def _check(delta: float) -> None:
    if not 0 < delta < np.inf:
        raise ValueError(f"The smallest difference of interest must be above 0, not {delta}.")
