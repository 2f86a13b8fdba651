"""The probability of improvement against a double loop, scipy and an enumerated bootstrap."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from nasbench_harness.reports.statistics.improvement import probability_of_improvement

runs = st.lists(st.integers(0, 5).map(float), min_size=1, max_size=12)


def looped(first: list[float], second: list[float]) -> float:
    wins = [(a < b) + (a == b) / 2 for a in first for b in second]
    return sum(wins) / len(wins)


@given(runs, runs)
def test_every_pair_of_runs_counts(first: list[float], second: list[float]) -> None:
    found = probability_of_improvement(first, second)
    assert found.value == pytest.approx(looped(first, second))
    u = mannwhitneyu(second, first, method="asymptotic").statistic
    assert found.value == pytest.approx(u / (len(first) * len(second)))
    if min(len(first), len(second)) > 1:
        assert 0 <= found.low <= found.high <= 1


@given(runs, runs)
def test_opposite_is_the_rest(first: list[float], second: list[float]) -> None:
    one = probability_of_improvement(first, second).turned()
    assert one.value == pytest.approx(probability_of_improvement(second, first).value)
    assert not one.low > one.high


def test_bounds_are_those_of_all_resamples() -> None:
    """Of three runs against three there are 27 x 27 resamples."""
    first, second = [0.0, 1.0, 2.0], [1.0, 2.0, 3.0]
    draws = list(product(range(3), repeat=3))
    every = [looped([first[i] for i in a], [second[i] for i in b]) for a in draws for b in draws]
    expected = np.percentile(every, [2.5, 97.5])
    assert probability_of_improvement(first, second)[1:] == pytest.approx(expected)


def test_one_is_always_better() -> None:
    assert probability_of_improvement([0.1, 0.2], [0.3, 0.4]) == (1, 1, 1)
    assert probability_of_improvement([0.0] * 4, [0.0] * 3) == (0.5, 0.5, 0.5)
    assert probability_of_improvement([0.1 + 0.2] * 2, [0.3] * 2).value == 0.5


def test_too_few_runs() -> None:
    assert probability_of_improvement([1.0], [2.0]) == pytest.approx(
        (1, np.nan, np.nan), nan_ok=True
    )
    assert np.isnan(probability_of_improvement([], [2.0])).all()


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="Missing"):
        probability_of_improvement([np.nan], [1.0])
