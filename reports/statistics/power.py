"""How many seeds would settle an undecided comparison."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import TOLERANCE
from nasbench_harness.reports.statistics.checks import finite, tied
from nasbench_harness.reports.statistics.signedrank import fewest_pairs

EFFICIENCY = 3 / math.pi
"""Of Wilcoxon's signed-rank test relative to the t-test on normal numbers (Hodges & Lehmann 1956).
"""
LARGE = 1000
"""Pairs beyond which the t distribution is taken for the normal one."""


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
    while _power_of_t_test(pairs, effect, alpha) < power:
        pairs += 1
    return pairs


def _power_of_t_test(pairs: int, effect: float, alpha: float) -> float:
    from scipy.stats import nct, t

    critical = t.isf(alpha / 2, pairs - 1)
    shift = effect * math.sqrt(pairs)
    return float(nct.sf(critical, pairs - 1, shift) + nct.cdf(-critical, pairs - 1, shift))
