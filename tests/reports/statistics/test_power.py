"""Seeds needed, against statsmodels and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import wilcoxon
from statsmodels.stats.power import TTestPower

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.power import seeds_needed


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
