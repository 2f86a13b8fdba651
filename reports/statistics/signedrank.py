"""Wilcoxon's signed-rank test and its effect size, right where many differences are tied or zero.

On a complete table two methods often find the same cell, so most differences may be zero and many
of the others equal. Zeros are treated as Pratt proposed (JASA 1959): they are ranked with the
others and their ranks then put aside. Dropping them before ranking has the flaw he showed: raising
every difference can make a gain less significant. Splitting their ranks between the signs adds the
same to both sides, which changes nothing in an exact test.

With ties or zeros scipy enumerates the signs of up to 13 differences and takes a normal
approximation beyond. That finds 5 wins among 50 seeds with 45 ties significant (p 0.03), which no
5 coin flips are (p 0.06). Here the distribution is exact for up to `EXACT` differences that are not
zero: every rank falls on either side with chance one half, and the chances of all sums are counted
up. Beyond that scipy's approximation is good.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import finite, tied

EXACT = 100


def signed_rank_p(differences: ArrayLike) -> float:
    """Two-sided p-value of `differences` [pairs], in any unit, being symmetric about zero.

    1.0 where all are zero or there is none: nothing speaks against a tie.
    """
    values = tied(finite(differences))
    nonzero = np.count_nonzero(values)
    if nonzero == 0:
        return 1.0
    if nonzero <= EXACT:
        return _exact_p(values)
    from scipy.stats import wilcoxon

    return float(wilcoxon(values, zero_method="pratt").pvalue)


def rank_biserial(differences: ArrayLike) -> float:
    """Matched-pairs rank-biserial correlation of `differences` [pairs]: from −1 to 1, or NaN.

    The share of the rank sum that speaks for positive differences less the share that speaks for
    negative ones (Kerby 2014). Zeros keep their ranks and speak for neither, so five wins among
    fifty ties are a small effect.
    """
    values = tied(finite(differences))
    if len(values) == 0:
        return np.nan
    ranks = _ranks(values)
    return float(np.sum(np.sign(values) * ranks) / np.sum(ranks))


def fewest_pairs(alpha: float = 0.05) -> int:
    """Pairs without which no signed-rank test gets a two-sided p of `alpha` or less: 6 for 0.05.

    Where all n differences have one sign, its p-value is 2 / 2^n.
    """
    return math.ceil(math.log2(2 / alpha))


def smallest_signed_rank_p(differences: ArrayLike) -> float:
    """The smallest p-value that these `differences` [pairs] could have had, whatever their signs.

    That of all signs alike: 2 / 2^n of n differences that are not zero; 1.0 where all are.
    """
    return min(1.0, 2.0 ** (1 - np.count_nonzero(tied(finite(differences)))))


def _ranks(values: Array) -> Array:
    from scipy.stats import rankdata

    return np.asarray(rankdata(np.abs(values)))


def _exact_p(values: Array) -> float:
    """By the chances of all rank sums; ranks are doubled, so that shared ones are whole."""
    ranks = np.rint(2 * _ranks(values)).astype(int)
    positive, used = int(ranks[values > 0].sum()), ranks[values != 0]
    total = int(used.sum())
    chances = np.zeros(total + 1)
    chances[0] = 1.0
    for rank in used:
        moved = np.zeros_like(chances)
        moved[rank:] = chances[:-rank]
        chances = (chances + moved) / 2
    tail = chances[: min(positive, total - positive) + 1].sum()
    return min(1.0, 2 * float(tail))
