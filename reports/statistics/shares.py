"""Shares of runs: of those that found the optimum, that collapsed, that ended within a bound."""

from __future__ import annotations

from typing import Literal

import numpy as np

LEVEL = 0.95


def wilson(of_them: int, runs: int) -> tuple[float, float]:
    """95 % bounds of a share of which `of_them` of `runs` were seen (Wilson 1927); NaN without one.

    Right on average over all shares. For a share near 0 or 1 it may hold the truth more rarely.
    """
    return _interval(of_them, runs, "wilson")


def clopper_pearson(of_them: int, runs: int) -> tuple[float, float]:
    """95 % bounds of a share that hold at least that often, whatever the share; NaN without a run.

    Clopper and Pearson, Biometrika 1934.
    """
    return _interval(of_them, runs, "exact")


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


def _interval(of_them: int, runs: int, method: Literal["wilson", "exact"]) -> tuple[float, float]:
    from scipy.stats import binomtest

    _check(of_them, runs)
    if runs == 0:
        return (np.nan, np.nan)
    low, high = binomtest(of_them, runs).proportion_ci(LEVEL, method)
    return (float(low), float(high))


def _check(of_them: int, runs: int) -> None:
    if not 0 <= of_them <= runs:
        raise ValueError(f"Expected from 0 to {runs} of {runs} runs, not {of_them}.")
