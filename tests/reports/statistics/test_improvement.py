"""The probability of improvement against a double loop, scipy and the equation of its interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import Polynomial
from scipy.stats import mannwhitneyu, norm

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
    if min(len(first), len(second)) >= 3:
        assert 0 <= found.low <= found.value <= found.high <= 1
    else:
        assert np.isnan(found[1:]).all()


@given(runs, runs)
def test_opposite_is_the_rest(first: list[float], second: list[float]) -> None:
    one = probability_of_improvement(first, second).turned()
    assert one.value == pytest.approx(probability_of_improvement(second, first).value)
    assert not one.low > one.high
    other = probability_of_improvement(second, first)
    assert one[1:] == pytest.approx(other[1:], abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(("first", "second"), [(5, 5), (3, 12), (20, 4)])
def test_bounds_are_newcombe_s_fifth(first: int, second: int) -> None:
    """Against the roots of the polynomial of degree four that the equation is."""
    generator = np.random.default_rng(first)
    ours, theirs = generator.normal(0, 1, first), generator.normal(0.5, 1, second)
    found = probability_of_improvement(ours, theirs)
    runs, p, pairs = (first + second) / 2 - 1, Polynomial([0, 1]), first * second
    # (estimate - p)^2 n m (2 - p)(1 + p) = z^2 p (1 - p) [(2 - p)(1 + p) + runs (...)]
    both = (2 - p) * (1 + p)
    spread = p * (1 - p) * (both + runs * ((1 - p) * (1 + p) + p * (2 - p)))
    equation = pairs * (found.value - p) ** 2 * both - norm.ppf(0.975) ** 2 * spread
    roots = np.sort([r.real for r in equation.roots() if abs(r.imag) < 1e-9 and 0 < r.real < 1])
    assert [found.low, found.high] == pytest.approx(roots, abs=1e-9)


def test_separated_runs_have_an_interval() -> None:
    better, worse = [0.1, 0.2, 0.3, 0.35], [0.4, 0.5, 0.6, 0.7]
    found = probability_of_improvement(better, worse)
    assert (found.value, found.high) == (1, 1)
    # 16 (1 - p) = z^2 p [1 + 3 (1 - p)/(2 - p) + 3 p/(1 + p)]
    p, z = found.low, norm.ppf(0.975)
    right = z**2 * p * (1 + 3 * (1 - p) / (2 - p) + 3 * p / (1 + p))
    assert 16 * (1 - p) == pytest.approx(right, abs=1e-6)
    assert probability_of_improvement(worse, better) == pytest.approx((0, 0, 1 - p))


@pytest.mark.parametrize(("runs", "held"), [(3, True), (4, True), (5, False)])
def test_three_against_three_never_exclude_a_half(runs: int, held: bool) -> None:
    """They lie apart with a chance of 2 in 20, against four 2 in 35, against five 2 in 56."""
    found = probability_of_improvement([0.1, 0.2, 0.3], np.arange(1.0, runs + 1))
    assert (found.low <= 0.5) == held
    assert probability_of_improvement(np.arange(1.0, runs + 1), [0.1, 0.2, 0.3]).high == (
        pytest.approx(1 - found.low)
    )


def test_ties_count_half() -> None:
    tied = probability_of_improvement([0.0] * 4, [0.0] * 3)
    assert tied.value == 0.5
    assert tied.low == pytest.approx(1 - tied.high)
    assert probability_of_improvement([0.1 + 0.2] * 2, [0.3] * 2).value == 0.5


def test_too_few_runs() -> None:
    assert probability_of_improvement([1.0], [2.0]) == pytest.approx(
        (1, np.nan, np.nan), nan_ok=True
    )
    assert np.isnan(probability_of_improvement([], [2.0])).all()


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="Missing"):
        probability_of_improvement([np.nan], [1.0])
