"""Several methods ranked over many blocks: which are told apart, and which are not.

Source: Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 2006. A block
is whatever all methods faced alike: a seed of one study, or a data set, or every seed of every data
set. Blocks count as independent, so pool seeds of several data sets only where they are meant to
weigh the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.checks import finite, tied


@dataclass(frozen=True)
class Ranking:
    """Average ranks with the tests of Friedman and Nemenyi; methods go by their column."""

    blocks: int
    average_ranks: tuple[float, ...]
    """1 is best; ties share."""
    chi2: float
    p_value: float
    """Friedman's test, corrected for ties; NaN for fewer than three methods or two blocks."""
    f: float
    f_p_value: float
    """Iman and Davenport's form of it, which is less conservative."""
    critical_difference: float
    """Nemenyi: average ranks that differ by less are not told apart."""
    p_values: tuple[tuple[float, ...], ...]
    """Nemenyi's, [methods, methods]."""
    groups: tuple[tuple[int, ...], ...]
    """Maximal sets of two methods or more that are not told apart, best first."""


def rank_methods(values: ArrayLike, alpha: float = 0.05) -> Ranking:
    """Rank methods by `values` [blocks, methods] in points of regret: lower is better.

    Blocks without a value of every method must be left out; ValueError if one is missing.
    """
    table = tied(finite(values, 2))
    blocks, methods = table.shape
    average = _average_ranks(table)
    chi2, p_value = _friedman(table)
    f, f_p_value = _iman_davenport(chi2, blocks, methods)
    difference = critical_difference(methods, blocks, alpha)
    return Ranking(
        blocks=blocks,
        average_ranks=tuple(map(float, average)),
        chi2=chi2,
        p_value=p_value,
        f=f,
        f_p_value=f_p_value,
        critical_difference=difference,
        p_values=_nemenyi(table),
        groups=_groups(average, difference),
    )


def critical_difference(methods: int, blocks: int, alpha: float = 0.05) -> float:
    """Nemenyi's critical difference of average ranks; NaN without blocks or with one method."""
    from scipy.stats import studentized_range

    if blocks < 1 or methods < 2:
        return np.nan
    quantile = float(studentized_range.ppf(1 - alpha, methods, np.inf)) / math.sqrt(2)
    return quantile * math.sqrt(methods * (methods + 1) / (6 * blocks))


def _average_ranks(table: Array) -> Array:
    from scipy.stats import rankdata

    if len(table) == 0:
        return np.full(table.shape[1], np.nan)
    return np.asarray(rankdata(table, axis=1).mean(axis=0))


def _friedman(table: Array) -> tuple[float, float]:
    from scipy.stats import friedmanchisquare

    blocks, methods = table.shape
    if blocks < 2 or methods < 3:
        return (np.nan, np.nan)
    if (table == table[:, :1]).all():
        return (0.0, 1.0)
    found = friedmanchisquare(*table.T)
    return (float(found.statistic), float(found.pvalue))


def _iman_davenport(chi2: float, blocks: int, methods: int) -> tuple[float, float]:
    """Demšar's section 3.2.2; infinite where all blocks rank the methods alike."""
    from scipy.stats import f

    if math.isnan(chi2):
        return (np.nan, np.nan)
    left = blocks * (methods - 1) - chi2
    if left <= TOLERANCE:
        return (np.inf, 0.0)
    statistic = (blocks - 1) * chi2 / left
    return (statistic, float(f.sf(statistic, methods - 1, (methods - 1) * (blocks - 1))))


def _nemenyi(table: Array) -> tuple[tuple[float, ...], ...]:
    from scikit_posthocs import posthoc_nemenyi_friedman

    blocks, methods = table.shape
    found = np.ones((methods, methods))
    if blocks > 0 and methods > 1:
        found = np.asarray(posthoc_nemenyi_friedman(table), dtype=float)
    return tuple(tuple(map(float, row)) for row in found)


def _groups(average: Array, difference: float) -> tuple[tuple[int, ...], ...]:
    """The longest runs, in order of rank, whose ends lie within the critical difference."""
    order = [int(i) for i in np.argsort(average, kind="stable")]
    found: list[tuple[int, ...]] = []
    reached = 0
    for start in range(len(order)):
        end = start + 1
        while end < len(order) and not (
            average[order[end]] - average[order[start]] > difference + TOLERANCE
        ):
            end += 1
        if end > max(reached, start + 1):
            found.append(tuple(order[start:end]))
            reached = end
    return tuple(found)
