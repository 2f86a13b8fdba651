"""How many seeds a study takes to find the smallest difference of interest.

The number follows from that difference and from the spread of the runs, not from the difference
seen: a handful of seeds tells hardly anything about an effect, and taking the observed one for the
true one asks for 26 seeds or for 5,470 where 95 would do. The spread of few runs is uncertain as
well, so its upper 80 % bound is taken: in four studies of five the number is enough.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import TOLERANCE
from nasbench_harness.reports.statistics.checks import finite, tied
from nasbench_harness.reports.statistics.intervals import FEWEST, constant
from nasbench_harness.reports.statistics.signedrank import fewest_pairs

EFFICIENCY = 3 / math.pi
"""Of Wilcoxon's signed-rank test relative to the t-test on normal numbers (Hodges & Lehmann 1956).
"""
SURE = 0.8
"""How sure the bound of the spread is."""
LARGE = 1000
"""Pairs beyond which the t distribution is taken for the normal one."""


def seeds_for(
    delta: float, first: ArrayLike, second: ArrayLike, alpha: float, power: float = 0.8
) -> int | None:
    """Seeds per method with which a two-sample test at level `alpha` finds a difference of `delta`.

    It does with chance `power`, if the runs vary no more than the upper bound of the pooled spread
    of `first` [n] and `second` [m] says, in the unit of `delta`. From the non-central t
    distribution, and never less than lets a permutation test reach `alpha`. None where either side
    has fewer than three runs, or none has a spread.
    """
    _check(delta)
    ours, theirs = tied(finite(first)), tied(finite(second))
    if min(len(ours), len(theirs)) < FEWEST or (constant(ours) and constant(theirs)):
        return None
    squares = float(ours.var() * len(ours) + theirs.var() * len(theirs))
    spread = _upper_bound(squares, len(ours) + len(theirs) - 2)
    return max(_fewest_per_side(alpha), _per_side_of_t_test(delta / spread, alpha, power))


def paired_seeds_for(
    delta: float, differences: ArrayLike, alpha: float, power: float = 0.8
) -> int | None:
    """Paired seeds with which a signed-rank test at level `alpha` finds a difference of `delta`.

    As `seeds_for`, from the spread of paired `differences` [seeds]: the paired t-test's number over
    the efficiency of the signed-rank test, and never less than lets that test reach `alpha`, given
    how many differences are zero. None below three differences and where they do not vary.
    """
    _check(delta)
    values = tied(finite(differences))
    if constant(values):
        return None
    spread = _upper_bound(float(values.var() * len(values)), len(values) - 1)
    fewest = math.ceil(fewest_pairs(alpha) * len(values) / np.count_nonzero(values))
    return max(fewest, math.ceil(_pairs_of_t_test(delta / spread, alpha, power) / EFFICIENCY))


def seeds_needed(differences: ArrayLike, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """Paired seeds with which a signed-rank test at level `alpha` succeeds with chance `power`.

    It takes the mean and the deviation of the observed `differences` [seeds] for the true ones;
    with few seeds that is a rough guess. The number is the paired t-test's, from the non-central t
    distribution, over the efficiency of the signed-rank test, and never less than lets that test
    reach `alpha` at all, given how many differences are zero. None where no number would do: the
    mean difference is zero, or fewer than two were observed.
    """
    values = tied(finite(differences))
    if len(values) < 2 or abs(values.mean()) <= TOLERANCE:
        return None
    fewest = math.ceil(fewest_pairs(alpha) * len(values) / np.count_nonzero(values))
    deviation = float(values.std(ddof=1))
    if deviation <= TOLERANCE:
        return fewest
    pairs = _pairs_of_t_test(abs(float(values.mean())) / deviation, alpha, power)
    return max(fewest, math.ceil(pairs / EFFICIENCY))


def _upper_bound(squares: float, freedom: int) -> float:
    """A bound that the true deviation stays below in 80 % of samples with these summed squares."""
    from scipy.stats import chi2

    return math.sqrt(squares / float(chi2.ppf(1 - SURE, freedom)))


def _fewest_per_side(alpha: float) -> int:
    """Runs of each of two methods without which no permutation test gets a p of `alpha` or less."""
    runs = 1
    while 2 / math.comb(2 * runs, runs) > alpha:
        runs += 1
    return runs


def _per_side_of_t_test(effect: float, alpha: float, power: float) -> int:
    """The fewest runs per side with which a two-sided two-sample t-test has `power`."""
    from scipy.stats import norm

    critical = norm.isf(alpha / 2)
    normal = 2 * ((critical + norm.ppf(power)) / effect) ** 2
    runs = max(2, math.floor(normal))
    if runs > LARGE:  # Guenther's correction (1981)
        return math.ceil(normal + critical**2 / 4)
    while _power(effect * math.sqrt(runs / 2), 2 * runs - 2, alpha) < power:
        runs += 1
    return runs


def _pairs_of_t_test(effect: float, alpha: float, power: float) -> int:
    """The fewest pairs with which a two-sided paired t-test has `power`.

    `effect` is the mean difference in standard deviations.
    """
    from scipy.stats import norm

    critical = norm.isf(alpha / 2)
    normal = ((critical + norm.ppf(power)) / effect) ** 2
    pairs = max(2, math.floor(normal))
    if pairs > LARGE:  # Guenther's correction (1981) for the estimated deviation
        return math.ceil(normal + critical**2 / 2)
    while _power(effect * math.sqrt(pairs), pairs - 1, alpha) < power:
        pairs += 1
    return pairs


def _power(shift: float, freedom: int, alpha: float) -> float:
    """The power of a two-sided t-test whose statistic is shifted by so much."""
    from scipy.stats import nct, t

    critical = t.isf(alpha / 2, freedom)
    return float(nct.sf(critical, freedom, shift) + nct.cdf(-critical, freedom, shift))


def _check(delta: float) -> None:
    if not 0 < delta < math.inf:
        raise ValueError(f"The smallest difference of interest must be above 0, not {delta}.")
