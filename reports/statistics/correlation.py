"""Whether two rankings agree: Kendall's tau-b."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.checks import tied, together
from nasbench_harness.reports.statistics.resampling import CELLS

FEWEST = 10
"""Pairs without which tau has no interval."""
MISSED = 0.025
"""The chance of seeing no reversed pair at the bound of rankings that agree altogether."""


def kendall(first: ArrayLike, second: ArrayLike) -> float:
    """Kendall's tau-b of two arrays [pairs], in any units; NaN where one of them is constant."""
    from scipy.stats import kendalltau

    left, right = map(tied, together(first, second))
    return np.nan if _constant(left, right) else float(kendalltau(left, right).statistic)


def kendall_interval(first: ArrayLike, second: ArrayLike) -> tuple[float, float]:
    """95 % bounds of tau-b; NaN below ten pairs and where one of both is constant.

    Student's t on Fisher's scale, with the jackknife's variance. Fieller's variance on that scale,
    0.437 / (n - 4) (Biometrika 1957), is that of untied normal numbers: its intervals hold the
    truth in 90 % of samples with ties, and in fewer where tau is near 1. Of two rankings that agree
    (or disagree) altogether the jackknife says nothing; as many reversed pairs are then not
    excluded as are all missing with a chance of 2.5 %, if they come as a Poisson number. NaN as
    well where a single pair is not tied.
    """
    tau, pairs = kendall(first, second), len(np.asarray(first))
    if math.isnan(tau) or pairs < FEWEST:
        return (np.nan, np.nan)
    if abs(tau) >= 1 - TOLERANCE:
        other = 1 + 4 * math.log(MISSED) / (pairs * (pairs - 1))
        return (other, 1.0) if tau > 0 else (-1.0, -other)
    spread = _jackknife(*map(tied, together(first, second)))
    if not spread > TOLERANCE:
        return (np.nan, np.nan)
    from scipy.special import stdtrit

    reach = float(stdtrit(pairs - 1, 0.975)) * spread / (1 - tau**2)
    middle = math.atanh(tau)
    return (math.tanh(middle - reach), math.tanh(middle + reach))


def _jackknife(left: Array, right: Array) -> float:
    """Standard error of tau-b by leaving out every pair; NaN where one leaves nothing to order."""
    number = len(left)
    counts = np.concatenate([
        _counts(left, right, slice(start, start + max(1, CELLS // number)))
        for start in range(0, number, max(1, CELLS // number))
    ])  # fmt: skip
    without = counts.sum(axis=0) - 2 * counts  # every comparison is counted in both its rows
    if (without[:, 1:] <= 0).any():
        return np.nan
    taus = without[:, 0] / np.sqrt(without[:, 1] * without[:, 2])
    return math.sqrt((number - 1) * float(taus.var()))


def _counts(left: Array, right: Array, rows: slice) -> Array:
    """Of each of some rows [rows, 3]: concordant less discordant, untied left, untied right."""
    of_left = np.sign(left[rows, None] - left)
    of_right = np.sign(right[rows, None] - right)
    signs = (of_left * of_right, np.abs(of_left), np.abs(of_right))
    return np.column_stack([sign.sum(axis=1) for sign in signs])


def _constant(left: Array, right: Array) -> bool:
    return len(left) < 2 or min(np.ptp(left), np.ptp(right)) == 0
