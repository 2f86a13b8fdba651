"""Several problems at once: normalised regrets, and labels permuted within each."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import rankdata

from nasbench_harness.reports.statistics.normalised import normalised_iqm, within_problems_p
from nasbench_harness.reports.statistics.robust import (
    interquartile_mean,
    interquartile_mean_interval,
)


def test_regrets_are_told_by_those_of_a_uniform_draw() -> None:
    small, large = np.array([0.1, 0.2, 0.3, 0.4]), np.array([10.0, 20.0, 30.0, 90.0])
    found = normalised_iqm([small, large], [0.5, 50.0])
    scaled = [small / 0.5, large / 50]
    assert found[0] == pytest.approx(interquartile_mean(scaled))
    assert found[1:] == pytest.approx(interquartile_mean_interval(scaled))
    assert found[0] == pytest.approx((0.4 + 0.4 + 0.6 + 0.6) / 4)


def test_too_few_runs() -> None:
    found = normalised_iqm([[0.1, 0.3]], [0.5])
    assert found[0] == pytest.approx(0.4)
    assert np.isnan(found[1:]).all()
    assert np.isnan(normalised_iqm([], [])).all()


@pytest.mark.parametrize(
    ("uniform", "said"), [([0.5, 0.5], "1 mean"), ([0.0], "above 0"), ([np.nan], "above 0")]
)
def test_wrong_means(uniform: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        normalised_iqm([[0.1, 0.2, 0.3]], uniform)


def every(first: list[list[float]], second: list[list[float]]) -> tuple[float, list[float]]:
    """The statistic, and that of all assignments within problems."""
    parts = []
    for ours, theirs in zip(first, second, strict=True):
        ranks, n = rankdata([*ours, *theirs]) / len([*ours, *theirs]), len(ours)
        chosen = [list(c) for c in combinations(range(len(ranks)), n)]
        parts.append([ranks[c].mean() - np.delete(ranks, c).mean() for c in chosen])
    return sum(part[0] for part in parts), [sum(some) for some in product(*parts)]


@pytest.mark.parametrize("shift", [0.0, 0.4, 0.8])
def test_draws_come_near_all_assignments(shift: float) -> None:
    generator = np.random.default_rng(0)
    first = [list(generator.normal(0, 1, 3).round(1)) for _ in range(3)]
    second = [list(generator.normal(shift, 1, n).round(1)) for n in (3, 4, 2)]
    observed, null = every(first, second)
    expected = float(np.mean(np.abs(null) >= abs(observed) - 1e-9))
    found = within_problems_p(first, second)
    assert found == pytest.approx(expected, abs=4 * np.sqrt(expected / 20_000) + 1e-4)


def test_many_small_gains_add_up() -> None:
    """Each problem alone, of three seeds, can say nothing at 0.05."""
    first = [[0.1, 0.2, 0.3]] * 5
    second = [[0.4, 0.5, 0.6]] * 5
    assert within_problems_p(first[:1], second[:1]) == pytest.approx(0.1, abs=0.01)
    assert within_problems_p(first, second) < 0.001


def test_neither_order_nor_unit_matters() -> None:
    generator = np.random.default_rng(4)
    first = [generator.normal(0, 1, n) for n in (5, 8, 3)]
    second = [generator.normal(0.3, 1, n) for n in (5, 4, 6)]
    p = within_problems_p(first, second)
    assert within_problems_p(second, first) == p
    assert within_problems_p([runs[::-1] for runs in first], second) == p
    scaled = [[7 * first[0], *first[1:]], [7 * second[0], *second[1:]]]
    assert within_problems_p(*scaled) == p


def test_problems_that_one_has_not_are_left_out() -> None:
    first, second = [[0.1, 0.2, 0.3], [9.0]], [[0.4, 0.5, 0.6], []]
    assert within_problems_p(first, second) == within_problems_p(first[:1], second[:1])
    assert within_problems_p([], []) == within_problems_p([[1.0]], [[]]) == 1.0
    assert within_problems_p([[1.0] * 5], [[1.0] * 5]) == 1.0


def test_seeds_that_draw_alike_on_each_problem_are_dealt_whole() -> None:
    """Drawn twice from one distribution, the same on seven problems, as tasks of one space are."""
    generator = np.random.default_rng(5)
    apart = together = 0
    for _ in range(100):
        first, second = (np.tile(generator.exponential(1, 5), (7, 1)) for _ in range(2))
        apart += within_problems_p(list(first), list(second)) < 0.05
        together += within_problems_p([first], [second]) < 0.05
    assert apart > 30
    assert together <= 11  # 99 % of the numbers that 5 % give


def test_a_block_of_one_problem_is_that_problem() -> None:
    first, second = [[0.1, 0.5, 0.3], [0.1, 0.7]], [[0.4, 0.5, 0.6], [0.9, 0.3]]
    blocks = [[row] for row in first], [[row] for row in second]
    assert within_problems_p(*blocks) == within_problems_p(first, second)


def test_a_run_that_is_not_there_is_left_out_of_its_problem_alone() -> None:
    first, second = np.array([[1.0, 2, 3], [1, np.nan, 3]]), np.array([[4.0, 5, 6], [4, 5, 6]])
    assert within_problems_p([first], [second]) == pytest.approx(0.1, abs=0.01)
    nowhere = np.array([[1.0, 2, 3], [np.nan] * 3])
    assert within_problems_p([nowhere], [second]) == within_problems_p([[1, 2, 3]], [[4, 5, 6]])


def test_wrong_input() -> None:
    with pytest.raises(ValueError, match="as many problems"):
        within_problems_p([[1.0]], [])
    with pytest.raises(ValueError, match="Missing"):
        within_problems_p([[np.nan]], [[1.0]])
