"""Friedman and Nemenyi against Demšar's worked example and by other routes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2, rankdata
from scipy.stats import f as f_distribution

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.ranks import critical_difference, rank_methods

AUC = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)
"""Four variants of C4.5 on 14 data sets: Demšar (2006), Table 6."""

tables = arrays(
    float, st.tuples(st.integers(2, 6), st.integers(3, 5)), elements=st.integers(0, 4).map(float)
)


def anova_of_ranks(table: Array) -> float:
    """F of methods in a two-way analysis of variance of the ranks: Iman and Davenport's."""
    ranks = rankdata(table, axis=1)
    blocks, methods = ranks.shape
    residuals = ranks - ranks.mean(axis=0) - ranks.mean(axis=1, keepdims=True) + ranks.mean()
    between = blocks * np.sum((ranks.mean(axis=0) - ranks.mean()) ** 2) / (methods - 1)
    return float(between / (np.sum(residuals**2) / ((methods - 1) * (blocks - 1))))


def test_demsar_s_example() -> None:
    found = rank_methods(-AUC)
    assert found.blocks == 14
    assert np.round(found.average_ranks, 3) == pytest.approx([3.143, 2.000, 2.893, 1.964])
    assert round(found.critical_difference, 2) == 1.25
    assert found.groups == ((3, 1, 2, 0),)  # "not powerful enough to detect any differences"


def test_demsar_s_chi_square_is_ours_without_the_correction_for_ties() -> None:
    found = rank_methods(-AUC)
    shared = [np.unique(row, return_counts=True)[1] for row in AUC]
    ties = sum(float(np.sum(n**3 - n)) for n in shared)
    uncorrected = found.chi2 * (1 - ties / (14 * 4 * (4**2 - 1)))
    assert round(uncorrected, 2) == 9.28
    assert round(13 * uncorrected / (14 * 3 - uncorrected), 2) == 3.69
    assert found.p_value == pytest.approx(chi2.sf(found.chi2, 3))


@given(tables)
def test_f_is_that_of_an_analysis_of_variance_of_the_ranks(table: Array) -> None:
    found = rank_methods(table)
    blocks, methods = table.shape
    if not np.isfinite(found.f):
        assert found.chi2 == pytest.approx(blocks * (methods - 1))
        return
    expected = 0.0 if np.ptp(table, axis=1).max() == 0 else anova_of_ranks(table)
    assert found.f == pytest.approx(expected, abs=1e-9)
    degrees = (methods - 1, (methods - 1) * (blocks - 1))
    assert found.f_p_value == pytest.approx(f_distribution.sf(expected, *degrees), abs=1e-9)


@pytest.mark.parametrize(
    ("alpha", "quantiles"),
    [
        (0.05, [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]),
        (0.10, [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920]),
    ],
)
def test_critical_values_are_the_published_ones(alpha: float, quantiles: list[float]) -> None:
    """Demšar (2006), Table 5a, for two to ten methods."""
    for methods, quantile in enumerate(quantiles, start=2):
        expected = quantile * np.sqrt(methods * (methods + 1) / (6 * 14))
        assert critical_difference(methods, 14, alpha) == pytest.approx(expected, rel=5e-4)


@given(tables)
def test_nemenyi_s_p_values_agree_with_the_critical_difference(table: Array) -> None:
    found = rank_methods(table)
    for i, j in combinations(range(table.shape[1]), 2):
        apart = abs(found.average_ranks[i] - found.average_ranks[j])
        assert (found.p_values[i][j] < 0.05) == (apart > found.critical_difference)
        assert found.p_values[i][j] == found.p_values[j][i]


@given(arrays(float, (12, 5), elements=st.integers(0, 9).map(float)), st.floats(0.01, 0.99))
def test_groups_are_the_maximal_sets_not_told_apart(table: Array, alpha: float) -> None:
    found = rank_methods(table + 4 * np.arange(5), alpha)
    ranks = np.array(found.average_ranks)
    alike = [
        set(some)
        for size in range(2, 6)
        for some in combinations(range(5), size)
        if np.ptp(ranks[list(some)]) <= found.critical_difference
    ]
    maximal = [some for some in alike if not any(some < other for other in alike)]
    assert len(found.groups) == len(maximal)
    assert all(set(group) in maximal for group in found.groups)
    ends = [ranks[group[0]] for group in found.groups]
    assert ends == sorted(ends)


def test_clear_order() -> None:
    found = rank_methods(np.tile([0.3, 0.1, 0.2], (30, 1)))
    assert found.average_ranks == (3, 1, 2)
    assert found.groups == ()
    assert found.f == np.inf
    assert found.p_value < 1e-9


def test_ties_everywhere() -> None:
    found = rank_methods(np.zeros((5, 3)))
    assert found.average_ranks == (2, 2, 2)
    assert (found.chi2, found.p_value, found.f, found.f_p_value) == (0, 1, 0, 1)
    assert found.groups == ((0, 1, 2),)
    assert np.array(found.p_values) == pytest.approx(np.ones((3, 3)))
    assert rank_methods([[0.1 + 0.2, 0.3, 0.3]] * 2).average_ranks == (2, 2, 2)


def test_two_methods_have_no_friedman_test_but_a_critical_difference() -> None:
    found = rank_methods([[0.1, 0.2]] * 9)
    assert np.isnan([found.chi2, found.p_value, found.f, found.f_p_value]).all()
    assert found.groups == ()
    assert found.p_values[0][1] < 0.05


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (1, 1), (4, 1), (0, 0)])
def test_too_little_tells_nothing_apart(shape: tuple[int, int]) -> None:
    values = np.arange(shape[0] * shape[1], dtype=float).reshape(shape)
    found = rank_methods(values)
    assert found.blocks == shape[0]
    assert np.isnan(found.p_value)
    assert found.groups == (((0, 1, 2),) if shape[1] == 3 else ())


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="Missing"):
        rank_methods([[0.1, np.nan, 0.2]])
