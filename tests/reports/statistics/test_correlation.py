"""Rank correlation against its definition."""

from __future__ import annotations

import warnings
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from nasbench_harness.reports.statistics import correlation
from nasbench_harness.reports.statistics.correlation import kendall, kendall_interval

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=10)


@given(pairs)
def test_against_the_definition(points: list[tuple[int, int]]) -> None:
    left, right = np.array(points, dtype=float).reshape(-1, 2).T
    both = [(np.sign(left[i] - left[j]), np.sign(right[i] - right[j]))
            for i, j in combinations(range(len(left)), 2)]  # fmt: skip
    untied = sum(a != 0 for a, _ in both) * sum(b != 0 for _, b in both)
    if untied == 0:
        assert np.isnan(kendall(left, right))
        return
    assert kendall(left, right) == pytest.approx(sum(a * b for a, b in both) / np.sqrt(untied))


@pytest.mark.parametrize(("left", "right"), [([1.0] * 4, [1, 2, 3, 4]), ([], []), ([1], [2])])
def test_what_has_no_order_is_nan_without_a_warning(left: list[float], right: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(kendall(left, right))


@pytest.mark.parametrize("rounded", [None, 0])
@pytest.mark.parametrize("number", [10, 25])
def test_interval_is_the_jackknife_s_on_fisher_s_scale(number: int, rounded: int | None) -> None:
    generator = np.random.default_rng(number)
    left = generator.normal(0, 1.5, number)
    right = left + generator.normal(0, 1, number)
    if rounded is not None:
        left, right = left.round(rounded), right.round(rounded)
    taus = [kendall(np.delete(left, i), np.delete(right, i)) for i in range(number)]
    error = np.sqrt((number - 1) / number * np.sum((taus - np.mean(taus)) ** 2))
    tau = kendall(left, right)
    reach = student.ppf(0.975, number - 1) * error / (1 - tau**2)
    found = kendall_interval(left, right)
    assert np.arctanh(found) == pytest.approx([np.arctanh(tau) - reach, np.arctanh(tau) + reach])
    assert kendall_interval(-left, right) == pytest.approx((-found[1], -found[0]))


def test_rankings_that_agree_altogether() -> None:
    """3.7 reversed pairs of 45 are all missed with a chance of 2.5 %."""
    low, high = kendall_interval(range(10), range(10))
    assert high == 1
    assert 45 * (1 - low) / 2 == pytest.approx(-np.log(0.025))
    assert kendall_interval(range(10), range(10, 0, -1)) == (-1, -low)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(2, 31))
    whole = kendall_interval(*values)
    monkeypatch.setattr(correlation, "CELLS", 100)
    assert kendall_interval(*values) == pytest.approx(whole)


@pytest.mark.parametrize(
    ("left", "right"),
    [([], []), (range(9), range(9)), ([1.0] * 12, range(12)), ([*[0.0] * 11, 1.0], range(12))],
)
def test_without_an_interval(left: list[float], right: list[float]) -> None:
    assert np.isnan(kendall_interval(left, right)).all()


def test_wrong_input() -> None:
    with pytest.raises(ValueError, match="Missing"):
        kendall([1, np.nan, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="as many"):
        kendall([1, 2, 3], [1, 2])
