"""Rank correlations against their definitions, and the interval against written-out resamples."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, rankdata

from nasbench_harness.reports.statistics import correlation, resampling
from nasbench_harness.reports.statistics.correlation import kendall, kendall_interval, spearman
from nasbench_harness.reports.statistics.resampling import resample

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=10)


@given(pairs)
def test_against_the_definitions(points: list[tuple[int, int]]) -> None:
    left, right = np.array(points, dtype=float).reshape(-1, 2).T
    both = [(np.sign(left[i] - left[j]), np.sign(right[i] - right[j]))
            for i, j in combinations(range(len(left)), 2)]  # fmt: skip
    untied = sum(a != 0 for a, _ in both) * sum(b != 0 for _, b in both)
    if untied == 0:
        assert np.isnan(kendall(left, right))
        assert np.isnan(spearman(left, right))
        return
    assert kendall(left, right) == pytest.approx(sum(a * b for a, b in both) / np.sqrt(untied))
    ranks = np.corrcoef(rankdata(left), rankdata(right))[0, 1]
    assert spearman(left, right) == pytest.approx(ranks)


@pytest.mark.parametrize(("left", "right"), [([1.0] * 4, [1, 2, 3, 4]), ([], []), ([1], [2])])
def test_what_has_no_order_is_nan_without_a_warning(left: list[float], right: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(kendall(left, right))
        assert np.isnan(spearman(left, right))
        assert np.isnan(kendall_interval(left, right)).all()


@pytest.mark.parametrize("size", [5, 12])
def test_interval_is_that_of_written_out_resamples(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resampling, "RESAMPLES", 500)
    generator = np.random.default_rng(size)
    left = np.round(generator.normal(size=size), 1)
    right = np.round(left + generator.normal(size=size), 1)
    counts = resample(lambda c: c, [size]).astype(int)
    taus = [kendalltau(np.repeat(left, row), np.repeat(right, row)).statistic for row in counts]
    expected = np.nanpercentile(taus, [2.5, 97.5])
    assert kendall_interval(left, right) == pytest.approx(expected, abs=1e-9)


def test_both_routes_to_the_interval_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    left = generator.normal(size=60)
    right = left + generator.normal(size=60)
    matrix = kendall_interval(left, right)
    monkeypatch.setattr(correlation, "SMALL", 10)
    assert kendall_interval(left, right) == pytest.approx(matrix, abs=0.02)


def test_interval_of_perfect_agreement() -> None:
    assert kendall_interval([1, 2, 3, 4], [2, 4, 6, 8]) == pytest.approx((1, 1))
    assert np.isnan(kendall_interval([1, 2], [2, 4])).all()


@pytest.mark.parametrize("measure", [kendall, spearman, kendall_interval])
def test_wrong_input(measure: object) -> None:
    assert callable(measure)
    with pytest.raises(ValueError, match="Missing"):
        measure([1, np.nan, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="as many"):
        measure([1, 2, 3], [1, 2])
