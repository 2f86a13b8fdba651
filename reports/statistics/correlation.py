"""Whether two rankings agree: Kendall's tau-b."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.checks import tied, together

FEWEST = 10
"""Pairs without which tau has no interval."""


def kendall(first: ArrayLike, second: ArrayLike) -> float:
    """Kendall's tau-b of two arrays [pairs], in any units; NaN where one of them is constant."""
    from scipy.stats import kendalltau

    left, right = map(tied, together(first, second))
    return np.nan if _constant(left, right) else float(kendalltau(left, right).statistic)


def kendall_interval(first: ArrayLike, second: ArrayLike) -> tuple[float, float]:
    """95 % bounds of tau-b; NaN below ten pairs and where one of both is constant.

    Fisher's transform, whose variance for tau is 0.437 / (n - 4) (Fieller, Hartley & Pearson,
    Biometrika 1957).
    """
    from scipy.stats import norm

    tau = kendall(first, second)
    pairs = len(np.asarray(first))
    if math.isnan(tau) or pairs < FEWEST:
        return (np.nan, np.nan)
    reach = float(norm.ppf(0.975)) * math.sqrt(0.437 / (pairs - 4))
    middle = np.arctanh(np.clip(tau, -1 + 1e-15, 1 - 1e-15))
    return (float(np.tanh(middle - reach)), float(np.tanh(middle + reach)))


def _constant(left: Array, right: Array) -> bool:
    return len(left) < 2 or min(np.ptp(left), np.ptp(right)) == 0
