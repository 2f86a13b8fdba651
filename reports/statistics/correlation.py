"""Whether two rankings agree: Kendall's tau-b, Spearman's rho, and an interval of the first."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import tied, together
from nasbench_harness.reports.statistics.resampling import BAND_RESAMPLES, bounds, resample

SMALL = 200
"""Up to so many pairs all their signs are held as a matrix; beyond, fewer resamples will do."""


def kendall(first: ArrayLike, second: ArrayLike) -> float:
    """Kendall's tau-b of two arrays [pairs], in any units; NaN where one of them is constant."""
    from scipy.stats import kendalltau

    left, right = map(tied, together(first, second))
    return np.nan if _constant(left, right) else float(kendalltau(left, right).statistic)


def spearman(first: ArrayLike, second: ArrayLike) -> float:
    """Spearman's rank correlation of two arrays [pairs]; NaN where one of them is constant."""
    from scipy.stats import spearmanr

    left, right = map(tied, together(first, second))
    return np.nan if _constant(left, right) else float(spearmanr(left, right).statistic)


def kendall_interval(first: ArrayLike, second: ArrayLike) -> tuple[float, float]:
    """95 % bounds of `kendall` by bootstrap over pairs; NaN for fewer than three.

    Resamples in which one of the two is constant have no tau and are left out.
    """
    left, right = map(tied, together(first, second))
    if len(left) < 3 or _constant(left, right):
        return (np.nan, np.nan)
    taus = _of_few(left, right) if len(left) <= SMALL else _of_many(left, right)
    low, high = bounds(taus[np.isfinite(taus)])
    return (float(low), float(high))


def _constant(left: Array, right: Array) -> bool:
    return len(left) < 2 or min(np.ptp(left), np.ptp(right)) == 0


def _of_few(left: Array, right: Array) -> Array:
    """By the definition: concordant less discordant pairs over the untied ones of each side."""
    signs = [np.sign(values[:, None] - values[None, :]) for values in (left, right)]
    products = (signs[0] * signs[1], signs[0] ** 2, signs[1] ** 2)

    def tau(counts: Array) -> Array:
        both, one, other = (np.einsum("rn,rn->r", counts @ p, counts) for p in products)
        with np.errstate(invalid="ignore"):
            return np.asarray(both / np.sqrt(one * other))

    return resample(tau, [len(left)])


def _of_many(left: Array, right: Array) -> Array:
    from scipy.stats import kendalltau

    def tau(counts: Array) -> Array:
        drawn = [np.repeat(np.arange(len(left)), row.astype(int)) for row in counts]
        return np.array([kendalltau(left[i], right[i]).statistic for i in drawn])

    return resample(tau, [len(left)], BAND_RESAMPLES)
