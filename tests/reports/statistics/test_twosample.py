"""The two-sample permutation test against enumeration by scipy's t statistic."""

from __future__ import annotations

import math
import warnings
from itertools import combinations
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from nasbench_harness.reports.statistics import dealing, twosample
from nasbench_harness.reports.statistics.normalised import within_problems_p
from nasbench_harness.reports.statistics.twosample import (
    smallest_two_sample_p,
    two_sample_p,
    two_sample_test,
)

runs = st.lists(st.integers(0, 4).map(float), min_size=2, max_size=5)


def statistic(first: list[float], second: list[float]) -> float:
    """Welch's t by scipy; where nothing varies on either side, infinite or 0."""
    if np.ptp(first) == np.ptp(second) == 0:
        return math.inf if first[0] != second[0] else 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return abs(float(ttest_ind(first, second, equal_var=False).statistic))


def every(first: list[float], second: list[float]) -> list[float]:
    pooled = [*first, *second]
    found = []
    for chosen in combinations(range(len(pooled)), len(first)):
        others = [i for i in range(len(pooled)) if i not in chosen]
        found.append(statistic([pooled[i] for i in chosen], [pooled[i] for i in others]))
    return found


@settings(max_examples=40)
@given(runs, runs)
def test_exact_with_any_ties_and_constant_groups(first: list[float], second: list[float]) -> None:
    null = np.array(every(first, second))
    expected = np.mean(null >= statistic(first, second) * (1 - 1e-9))
    assert two_sample_p(first, second) == pytest.approx(expected)
    smallest = np.mean(null >= null.max() * (1 - 1e-9)) if np.ptp([*first, *second]) else 1.0
    assert smallest_two_sample_p(first, second) == pytest.approx(smallest)


@pytest.mark.parametrize("sizes", [(5, 5), (4, 9), (30, 30), (12, 40)])
def test_neither_order_nor_unit_matters(sizes: tuple[int, int]) -> None:
    generator = np.random.default_rng(1)
    first, second = generator.normal(0, 1, sizes[0]), generator.normal(0.4, 2, sizes[1])
    p = two_sample_p(first, second)
    assert two_sample_p(second, first) == p
    assert two_sample_p(generator.permutation(first), second[::-1]) == p
    assert two_sample_p(90 + 0.01 * first, 90 + 0.01 * second) == p
    smallest = smallest_two_sample_p(first, second)
    assert smallest_two_sample_p(second, first) == smallest <= p


def test_separated_groups_by_hand() -> None:
    """No assignment is as far apart, but for the other way round."""
    assert two_sample_p([1, 2, 3], [7, 8, 9]) == 2 / 20
    assert two_sample_p(range(6), range(10, 16)) == 2 / 924
    assert smallest_two_sample_p([1, 8, 3], [7, 2, 9]) == 2 / 20
    assert two_sample_p([0, 0, 0, 0], [1, 1, 1, 1]) == 2 / 70
    assert two_sample_p([0.0] * 15, [0.5] * 15) == 1 / 20001


def test_drawn_assignments_come_near_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    first, second = generator.normal(0, 1, 8), generator.normal(1, 1, 8)
    exact = two_sample_p(first, second)
    monkeypatch.setattr(twosample, "_all_counted", lambda few, many: False)
    twosample._tested.cache_clear()
    drawn = two_sample_p(first, second)
    twosample._tested.cache_clear()
    assert drawn != exact
    assert drawn == pytest.approx(exact, abs=4 * math.sqrt(exact / twosample.DRAWS))


def test_smallest_p_of_mostly_equal_runs() -> None:
    """Three runs differ, so the most telling assignment has them on one side."""
    first, second = [0.0] * 50, [0.0] * 47 + [1.0] * 3
    expected = 2 * math.comb(97, 47) / math.comb(100, 50)
    assert smallest_two_sample_p(first, second) == pytest.approx(expected, rel=0.05)
    assert two_sample_p(first, second) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("first", "second"),
    [([], []), ([], [1.0, 2.0]), ([1.0], [2.0]), ([3.0] * 5, [3.0] * 9), ([0.1 + 0.2], [0.3])],
)
def test_nothing_speaks(first: list[float], second: list[float]) -> None:
    assert two_sample_p(first, second) == 1.0
    assert smallest_two_sample_p(first, second) == 1.0


def test_a_single_run_is_one_without_a_spread() -> None:
    assert two_sample_p([9.0], [1.0, 2.0, 3.0]) == 1 / 4
    assert two_sample_p([2.0], [1.0, 2.0, 3.0]) == 1.0


def test_rounding_breaks_no_tie() -> None:
    exact = two_sample_p([0.3, 0.3, 0.1, 0.2], [0.3, 0.7, 0.3, 0.4])
    assert two_sample_p([0.1 + 0.2, 0.3, 0.1, 0.2], [0.3, 0.7, 0.1 + 0.2, 0.4]) == exact


@pytest.mark.parametrize("runs", [5, 15])
def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, runs: int) -> None:
    generator = np.random.default_rng(3)
    first, second = generator.normal(0, 1, runs), generator.normal(1, 1, runs + 1)
    whole = two_sample_test(first, second)
    twosample._tested.cache_clear()
    monkeypatch.setattr(dealing, "KEPT", 0)
    monkeypatch.setattr(dealing, "CELLS", 2**12)
    parts = [*dealing.every(6, 12), *dealing.drawn(6, 12, 1000)]
    assert max(map(np.size, parts)) <= 2**12
    assert two_sample_test(first, second) == whole


# --- low levels --------------------------------------------------------------------------------

LOW = 0.05 / 2**3 / 66
"""Of the smallest of 66 p-values, those of 12 methods, at the third look."""


@pytest.mark.parametrize("runs", [10, 50])
def test_a_claim_is_possible_at_the_level_of_many_pairs(runs: int) -> None:
    first, second = np.arange(runs), np.arange(runs) + 2.0 * runs
    assert two_sample_p(first, second) > LOW / 2  # of 20,000 draws
    assert smallest_two_sample_p(first, second, level=LOW) <= LOW / 10
    assert two_sample_p(first, second, level=LOW) <= LOW / 2


@pytest.mark.parametrize(("shift", "seed"), [(2.5, 0), (3.5, 1), (0.5, 2)])
def test_more_draws_come_nearer_to_all_assignments(shift: float, seed: int) -> None:
    """Of the 48,620 that there are of nine runs a side."""
    generator = np.random.default_rng(seed)
    first, second = generator.normal(0, 1, 9), generator.normal(shift, 1, 9)
    pooled = np.concatenate([first, second])
    null = [
        twosample._welch_t(*twosample._sides(pooled, dealt, 9)) for dealt in dealing.every(9, 18)
    ]
    observed = twosample._welch_t(first[None], second[None])[0]
    exact = float(np.mean(np.concatenate(null) >= observed * (1 - 1e-9)))
    found = two_sample_p(first, second, level=1e-5)
    draws = 2_000_000 if exact < 2e-4 else 20_000
    assert found == pytest.approx(exact, abs=4 * math.sqrt(exact / draws))


def test_p_values_that_are_not_near_the_level_are_as_they_were() -> None:
    generator = np.random.default_rng(6)
    first, second = generator.normal(0, 1, 20), generator.normal(0.5, 1, 20)
    assert two_sample_p(first, second, level=1e-6) == two_sample_p(first, second)
    assert two_sample_p(first, second, level=0) == two_sample_p(first, second)
    ties = [0.0] * 50, [0.0] * 47 + [1.0] * 3
    assert smallest_two_sample_p(*ties, level=1e-6) == smallest_two_sample_p(*ties)


def test_both_p_values_take_one_walk_over_the_assignments(monkeypatch: pytest.MonkeyPatch) -> None:
    """All the smallest p-values of a family are asked for before its first p-value."""
    generator = np.random.default_rng(7)
    methods = [generator.normal(0, 1, 15) for _ in range(12)]
    asked = Mock(wraps=twosample.drawn)
    monkeypatch.setattr(twosample, "drawn", asked)
    pairs = list(combinations(methods, 2))
    smallest = [smallest_two_sample_p(*pair) for pair in pairs]
    found = [two_sample_p(*pair) for pair in pairs]
    assert all(np.array(found) >= smallest)
    assert asked.call_count == len(pairs) == 66


def test_assignments_of_equal_sizes_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    dealing._kept.cache_clear()
    generator = np.random.default_rng(8)
    methods = [generator.normal(0, 1, 16) for _ in range(4)]
    drawn = Mock(wraps=dealing._drawn)
    monkeypatch.setattr(dealing, "_drawn", drawn)
    for pair in combinations(methods, 2):
        two_sample_p(*pair)
        within_problems_p(pair, pair[::-1])
    assert drawn.call_count == 2  # within problems, the second problem has its own


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="Missing"):
        two_sample_p([1.0, np.nan], [1.0])
