"""Confidence intervals of means and of their differences, by Student's t distribution.

A percentile bootstrap of three to ten runs is too narrow: its 95 % intervals hold the mean of
normal numbers in 75 to 90 % of samples. Those here hold it in 95 %; docs/statistics.md has what was
measured of them, also of skewed numbers and with ties. Fewer than `FEWEST` runs have no interval,
and neither have runs that are all alike: nothing tells how far others would lie.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.checks import finite

FEWEST = 3
"""Runs without which there is no interval."""
LEVEL = 0.95


def mean_interval(
    values: ArrayLike, least: float = -math.inf, most: float = math.inf
) -> tuple[float, float]:
    """95 % bounds of the mean of `values` [seeds], in their unit, within what is possible.

    `least` and `most` are the values that no run can pass, such as 0 of a regret. NaN for fewer
    than three values and for equal ones.
    """
    runs = finite(values)
    if constant(runs):
        return (np.nan, np.nan)
    reach = _quantile(LEVEL, len(runs) - 1) * math.sqrt(_variance_of_mean(runs))
    low, high = np.clip([runs.mean() - reach, runs.mean() + reach], least, most)
    return (float(low), float(high))


def paired_interval(differences: ArrayLike, level: float = LEVEL) -> tuple[float, float]:
    """Bounds of the mean of paired `differences` [seeds]; NaN below three and for equal ones."""
    values = finite(differences)
    if constant(values):
        return (np.nan, np.nan)
    reach = _quantile(level, len(values) - 1) * math.sqrt(_variance_of_mean(values))
    return (float(values.mean() - reach), float(values.mean() + reach))


def difference_interval(
    first: ArrayLike, second: ArrayLike, level: float = LEVEL
) -> tuple[float, float]:
    """Bounds of mean(first) - mean(second), of independent runs, by Welch's method.

    `first` [n] and `second` [m] may vary differently. NaN below three runs on either side, and
    where the runs of each side are all alike.
    """
    ours, theirs = finite(first), finite(second)
    if min(len(ours), len(theirs)) < FEWEST or (constant(ours) and constant(theirs)):
        return (np.nan, np.nan)
    error, freedom = welch(ours, theirs)
    difference, reach = float(ours.mean() - theirs.mean()), _quantile(level, freedom) * error
    return (difference - reach, difference + reach)


def band(values: Array) -> tuple[Array, Array]:
    """95 % bounds [steps] of the mean over seeds of `values` [seeds, steps], each on its own.

    NaN below three seeds; no width at a step at which all seeds have the same value.
    """
    seeds, steps = values.shape
    if seeds < FEWEST:
        nothing = np.full(steps, np.nan)
        return (nothing, nothing)
    mean = values.mean(axis=0)
    reach = _quantile(LEVEL, seeds - 1) * values.std(axis=0, ddof=1) / math.sqrt(seeds)
    return (mean - reach, mean + reach)


def constant(values: Array) -> bool:
    """Whether `values` [seeds] do not tell a spread: they are alike, or fewer than `FEWEST`."""
    return len(values) < FEWEST or float(np.ptp(values)) <= TOLERANCE


def welch(first: Array, second: Array) -> tuple[float, float]:
    """Standard error of the difference of two means, and its degrees of freedom.

    After Welch and Satterthwaite; of at least two values on either side, not all alike.
    """
    ours, theirs = _variance_of_mean(first), _variance_of_mean(second)
    parts = ours**2 / (len(first) - 1) + theirs**2 / (len(second) - 1)
    return math.sqrt(ours + theirs), (ours + theirs) ** 2 / parts


def _variance_of_mean(values: Array) -> float:
    return float(values.var(ddof=1)) / len(values)


def _quantile(level: float, freedom: float) -> float:
    """Student's t that the middle `level` stays below."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))
