"""Confidence intervals of means and of their differences, by Student's t distribution.

A percentile bootstrap of three to ten runs is too narrow: its 95 % intervals hold the mean of
normal numbers in 75 to 90 % of samples. Those here hold it in 95 %.

Regrets are skewed, which Student's t does not know: of ten exponential numbers it holds the mean in
90 % of samples. From `MANY` runs on, from which a skewness can be told, intervals of a mean are
corrected for it by Hall's transformation of t (Journal of the Royal Statistical Society B 1992):
94 %. The studentised bootstrap gets there too, but where single runs collapse or most are equal
half of its bounds lie anywhere, up to infinity. docs/statistics.md has what was measured.

Fewer than `FEWEST` runs have no interval, and neither have runs that are all alike: nothing tells
how far others would lie.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.checks import finite

FEWEST = 3
"""Runs without which there is no interval."""
MANY = 10
"""Runs from which on a skewness is corrected for."""
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
    low, high = band(runs[:, None], least, most)
    return (float(low[0]), float(high[0]))


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


def band(values: Array, least: float = -math.inf, most: float = math.inf) -> tuple[Array, Array]:
    """95 % bounds [steps] of the mean over seeds of `values` [seeds, steps], each on its own.

    As `mean_interval`, but without a width at a step at which all seeds have the same value. NaN
    below three seeds.
    """
    seeds, steps = values.shape
    if seeds < FEWEST:
        nothing = np.full(steps, np.nan)
        return (nothing, nothing)
    mean, quantile = values.mean(axis=0), _quantile(LEVEL, seeds - 1)
    error = values.std(axis=0, ddof=1) / math.sqrt(seeds)
    skewed = _skewness(values) / math.sqrt(seeds) if seeds >= MANY else np.zeros(steps)
    low = mean - error * _untransformed(quantile, skewed)
    high = mean - error * _untransformed(-quantile, skewed)
    return (np.clip(low, least, most), np.clip(high, least, most))


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


def _skewness(values: Array) -> Array:
    """Skewness [steps] of `values` [seeds, steps]; 0 where all seeds are alike."""
    apart = values - values.mean(axis=0)
    squares = (apart**2).mean(axis=0)
    spread = np.ptp(values, axis=0) > TOLERANCE
    without = np.zeros(values.shape[1])
    cubes = (apart**3).mean(axis=0)
    return np.asarray(np.divide(cubes, squares**1.5, out=without, where=spread))


def _untransformed(quantile: float, skewed: Array) -> Array:
    """The t [steps] whose transform is `quantile`, for a skewness over the root of seeds [steps].

    Hall's transform of t is t + a t^2 / 3 + a^2 t^3 / 27 + a / 6, which rises in t.
    """
    some = np.abs(skewed) > TOLERANCE
    a = np.where(some, skewed, 1.0)
    found = 3 / a * (np.cbrt(1 + a * (quantile - a / 6)) - 1)
    return np.where(some, found, quantile)


def _variance_of_mean(values: Array) -> float:
    return float(values.var(ddof=1)) / len(values)


def _quantile(level: float, freedom: float) -> float:
    """Student's t that the middle `level` stays below."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))
