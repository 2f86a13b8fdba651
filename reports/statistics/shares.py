"""Shares of runs: of those that found the optimum, that collapsed, that ended within a bound."""

from __future__ import annotations

import math

import numpy as np

LEVEL = 0.95


def wilson(of_them: int, runs: int) -> tuple[float, float]:
    """95 % bounds of a share of which `of_them` of `runs` were seen (Wilson 1927); NaN without one.

    Right on average over all shares. For a share near 0 or 1 it may hold the truth more rarely.
    """
    from scipy.special import ndtri

    _check(of_them, runs)
    if runs == 0:
        return (np.nan, np.nan)
    z = float(ndtri((1 + LEVEL) / 2))
    share, weight = of_them / runs, z**2 / runs
    middle = (share + weight / 2) / (1 + weight)
    reach = z * math.sqrt(share * (1 - share) / runs + weight / (4 * runs)) / (1 + weight)
    low = 0.0 if of_them == 0 else middle - reach
    return (low, 1.0 if of_them == runs else middle + reach)


def clopper_pearson(of_them: int, runs: int) -> tuple[float, float]:
    """95 % bounds of a share that hold at least that often, whatever the share; NaN without a run.

    Clopper and Pearson, Biometrika 1934.
    """
    from scipy.special import betaincinv

    _check(of_them, runs)
    if runs == 0:
        return (np.nan, np.nan)
    missed, tail = runs - of_them, (1 - LEVEL) / 2
    low = float(betaincinv(of_them, missed + 1, tail)) if of_them else 0.0
    high = float(betaincinv(of_them + 1, missed, 1 - tail)) if missed else 1.0
    return (low, high)


def fisher_p(first: int, first_runs: int, second: int, second_runs: int) -> float:
    """Two-sided p-value of Fisher's exact test of two shares being one; 1.0 where a side is empty.

    `first` of `first_runs` runs against `second` of `second_runs`.
    """
    from scipy.stats import fisher_exact

    _check(first, first_runs)
    _check(second, second_runs)
    table = np.array([[first, first_runs - first], [second, second_runs - second]])
    return float(fisher_exact(table).pvalue)


def excluded_miss(runs: int, level: float = LEVEL) -> float:
    """The smallest miss rate that `runs` runs without a miss exclude: 0.26 of 10 runs.

    With that rate, all of them succeed with a chance of 5 % (1 - `level`); 1.0 without a run.
    """
    _check(0, runs)
    return 1 - (1 - level) ** (1 / runs) if runs else 1.0


def _check(of_them: int, runs: int) -> None:
    if not 0 <= of_them <= runs:
        raise ValueError(f"Expected from 0 to {runs} of {runs} runs, not {of_them}.")
