"""Two methods over several problems: exact means, and intervals that hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nasbench_harness.reports.statistics.improvement import probability_of_improvement
from nasbench_harness.reports.statistics.stratified import mean_chance, mean_difference


def test_chance_and_difference_are_means_over_problems() -> None:
    first, second = [[1, 2, 3], [5, 5, 5]], [[2, 2, 9], [5, 5, 5]]
    expected = (probability_of_improvement(first[0], second[0]).value + 0.5) / 2
    assert mean_chance(first, second).value == pytest.approx(expected, abs=1e-12)
    assert mean_difference(first, second) == pytest.approx((13 / 3 - 2) / 2, abs=1e-12)


def test_one_problem_is_the_chance_of_a_study() -> None:
    ours, theirs = [0.1, 0.5, 0.4, 0.2, 0.9], [0.3, 0.8, 0.6, 0.7, 1.5]
    assert mean_chance([ours], [theirs]) == pytest.approx(probability_of_improvement(ours, theirs))


def test_bounds_narrow_with_problems_and_are_never_a_point() -> None:
    apart = [[1, 2, 3, 4, 5]], [[6, 7, 8, 9, 10]]
    one, nine = (mean_chance(apart[0] * k, apart[1] * k) for k in (1, 9))
    assert one.value == nine.value == 1
    assert one.low < nine.low < 1
    turned = mean_chance(apart[1], apart[0])
    assert turned == pytest.approx(one.turned(), abs=1e-9)


def test_without_runs_there_is_no_number_and_with_few_no_bounds() -> None:
    assert math.isnan(mean_chance([[1.0], []], [[2.0], [1.0]]).value)
    assert math.isnan(mean_difference([[1.0], []], [[2.0], [1.0]]))
    two = mean_chance([[1, 2]], [[3, 4]])
    assert two.value == 1
    assert math.isnan(two.low)


@pytest.mark.parametrize("seeds", [5, 10])
@pytest.mark.parametrize("shifts", [(0.0,) * 9, (2.5,) * 4, (0.0, 3.0, 0.5, -1.0)])
def test_bounds_hold_the_truth(seeds: int, shifts: tuple[float, ...]) -> None:
    """Of normal runs; where problems differ, more often than is asked for."""
    generator = np.random.default_rng(1)
    truth = np.mean([0.5 * (1 + math.erf(shift / 2)) for shift in shifts])
    held = 0
    for _ in range(300):
        ours = [generator.normal(size=seeds) for _ in shifts]
        theirs = [generator.normal(shift, size=seeds) for shift in shifts]
        found = mean_chance(ours, theirs)
        held += found.low <= truth <= found.high
    assert held >= 0.93 * 300


def test_seeds_that_go_together_say_less() -> None:
    """Seven problems on which every seed ends alike are one problem."""
    generator = np.random.default_rng(2)
    ours, theirs = generator.normal(0, 1, 10), generator.normal(0.5, 1, 10)
    one = mean_chance([ours], [theirs])
    block = mean_chance([np.tile(ours, (7, 1))], [np.tile(theirs, (7, 1))])
    assert block == pytest.approx(one)
    apart = mean_chance([ours] * 7, [theirs] * 7)
    assert apart.high - apart.low < (block.high - block.low) / 2
