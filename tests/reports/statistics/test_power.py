"""Seeds needed, against statsmodels and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2, wilcoxon
from statsmodels.stats.power import TTestIndPower, TTestPower

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.power import paired_seeds_for, seeds_for, seeds_needed


def with_effect(effect: float, seeds: int = 20) -> Array:
    """Differences whose mean is so many of their standard deviations."""
    values = np.random.default_rng(0).normal(size=seeds)
    standard: Array = (values - values.mean()) / values.std(ddof=1) + effect
    return standard


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("power", [0.8, 0.95])
@pytest.mark.parametrize("effect", [0.05, 0.1, 0.3, -0.7, 1.1])
def test_number_of_the_t_test_over_the_efficiency(
    effect: float, alpha: float, power: float
) -> None:
    pairs = math.ceil(TTestPower().solve_power(abs(effect), alpha=alpha, power=power))
    found = seeds_needed(with_effect(effect), alpha, power)
    assert found == pytest.approx(math.ceil(pairs * math.pi / 3), rel=1e-3)


@pytest.mark.parametrize("effect", [0.3, 0.6, 1.0])
def test_so_many_seeds_do_find_the_difference(effect: float) -> None:
    seeds = seeds_needed(with_effect(effect))
    assert seeds is not None
    studies = np.random.default_rng(1).normal(effect, 1, (4000, seeds))
    found = np.mean(wilcoxon(studies, axis=1).pvalue < 0.05)
    assert 0.77 < found < 0.86


def test_never_fewer_than_the_test_takes() -> None:
    assert seeds_needed([1.0, 1.0]) == 6
    assert seeds_needed([5.0, 5.1, 5.2]) == 6
    assert seeds_needed([5.0, 5.1, 5.2], alpha=0.01) == 8


def test_ties_cost_seeds() -> None:
    """Of seeds of which one in five differs at all, thirty hold six that do."""
    differences = [0.0, 0.0, 0.0, 0.0, 9.0] * 20
    assert seeds_needed(differences, power=0.05) == 30


@pytest.mark.parametrize("differences", [[], [1.0], [0.0, 0.0], [1.0, -1.0], [0.3, 0.3, -0.6]])
def test_no_number_would_do(differences: list[float]) -> None:
    assert seeds_needed(differences) is None


def test_a_tiny_difference_takes_very_many() -> None:
    seeds = seeds_needed(with_effect(1e-4))
    assert seeds == pytest.approx((1.959964 + 0.841621) ** 2 * 1e8 * math.pi / 3, rel=1e-5)


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="Missing"):
        seeds_needed([1.0, np.nan])


def of_spread(deviation: float, seeds: int) -> Array:
    return deviation * with_effect(0, seeds)


@pytest.mark.parametrize("alpha", [0.05, 0.0125])
@pytest.mark.parametrize("power", [0.8, 0.95])
@pytest.mark.parametrize("delta", [0.05, 0.2, 1.0])
def test_seeds_of_the_two_sample_t_test(delta: float, alpha: float, power: float) -> None:
    """With the pooled spread's upper bound: 0.3^2 has 4 degrees of freedom and 0.5^2 has 9."""
    squares = 4 * 0.3**2 + 9 * 0.5**2
    spread = math.sqrt(squares / chi2.ppf(0.2, 13))
    expected = math.ceil(TTestIndPower().solve_power(delta / spread, alpha=alpha, power=power))
    found = seeds_for(delta, of_spread(0.3, 5), of_spread(0.5, 10) + 7, alpha, power)
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("delta", [0.1, 0.5])
def test_paired_seeds_of_the_paired_t_test(delta: float) -> None:
    spread = math.sqrt(7 * 0.4**2 / chi2.ppf(0.2, 7))
    pairs = math.ceil(TTestPower().solve_power(delta / spread, alpha=0.05, power=0.8))
    found = paired_seeds_for(delta, of_spread(0.4, 8) + 3, 0.05)
    assert found == pytest.approx(math.ceil(pairs * math.pi / 3), rel=1e-3)


def test_the_effect_seen_does_not_matter() -> None:
    first, second = of_spread(0.3, 6), of_spread(0.3, 6)
    assert seeds_for(0.2, first, second + 5, 0.05) == seeds_for(0.2, first, second, 0.05)
    assert paired_seeds_for(0.2, first + 5, 0.05) == paired_seeds_for(0.2, first, 0.05)


@pytest.mark.parametrize(("alpha", "fewest"), [(0.05, 4), (0.01, 5), (0.001, 7)])
def test_never_fewer_than_a_permutation_test_takes(alpha: float, fewest: int) -> None:
    assert seeds_for(100.0, of_spread(0.1, 5), of_spread(0.1, 5), alpha) == fewest
    assert 2 / math.comb(2 * fewest, fewest) <= alpha < 2 / math.comb(2 * fewest - 2, fewest - 1)
    assert paired_seeds_for(100.0, of_spread(0.1, 5), 0.05) == 6


def test_four_pilots_in_five_ask_for_enough() -> None:
    """True spread 0.3, difference of interest 0.3: 17 per method."""
    enough = math.ceil(TTestIndPower().solve_power(1.0, alpha=0.05, power=0.8))
    pilots = np.random.default_rng(0).normal(0, 0.3, (400, 2, 5))
    asked = [seeds_for(0.3, *pilot, 0.05) or 0 for pilot in pilots]
    assert np.mean(np.array(asked) >= enough) == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("first", [[], [1.0, 2.0], [1.0, 1.0, 1.0]])
def test_without_a_spread_there_is_no_number(first: list[float]) -> None:
    assert seeds_for(0.1, first, [2.0, 2.0, 2.0], 0.05) is None
    assert paired_seeds_for(0.1, first, 0.05) is None


def test_one_side_may_be_constant() -> None:
    assert seeds_for(0.1, [1.0] * 5, of_spread(0.3, 5), 0.05) == seeds_for(
        0.1, of_spread(0.3 / math.sqrt(2), 5), of_spread(0.3 / math.sqrt(2), 5), 0.05
    )


@pytest.mark.parametrize("delta", [0.0, -1.0, math.nan])
def test_what_is_no_difference_of_interest(delta: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        seeds_for(delta, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 0.05)
    with pytest.raises(ValueError, match="above 0"):
        paired_seeds_for(delta, [1.0, 2.0, 3.0], 0.05)
