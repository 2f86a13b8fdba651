"""Intervals from what sources print: a mean, a standard deviation and a number of searches."""

from __future__ import annotations

import math
from dataclasses import dataclass

LEVEL = 0.95
FEWEST = 3
"""Searches below which there is no interval."""
NONE = (math.nan, math.nan)


@dataclass(frozen=True)
class MeanOfSearches:
    """What is known of some searches; NaN for what is not."""

    mean: float
    std: float
    number: float

    @property
    def known(self) -> bool:
        """Whether its mean has a standard error."""
        return self.number >= FEWEST and self.std >= 0

    @property
    def variance(self) -> float:
        """Of the mean."""
        return self.std**2 / self.number


def mean_interval(searches: MeanOfSearches) -> tuple[float, float]:
    """Student's t interval of the mean; NaN where it is not known, or nothing varied."""
    if not searches.known:
        return NONE
    return _around(searches.mean, searches.variance, searches.number - 1)


def difference_interval(first: MeanOfSearches, second: MeanOfSearches) -> tuple[float, float]:
    """Welch's interval of the first mean less the second; NaN as of a mean."""
    if not (first.known and second.known):
        return NONE
    one, other = first.variance, second.variance
    if one + other == 0:
        return NONE
    freedom = (one + other) ** 2 / (one**2 / (first.number - 1) + other**2 / (second.number - 1))
    return _around(first.mean - second.mean, one + other, freedom)


def _around(mean: float, variance: float, freedom: float) -> tuple[float, float]:
    from scipy.special import stdtrit

    if variance == 0:
        return NONE
    reach = float(stdtrit(freedom, (1 + LEVEL) / 2)) * math.sqrt(variance)
    return mean - reach, mean + reach
