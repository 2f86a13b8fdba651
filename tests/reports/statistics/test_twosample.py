"""The two-sample permutation test against enumeration by scipy's t statistic."""

from __future__ import annotations

import math
import warnings
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from nasbench_harness.reports.statistics import twosample
from nasbench_harness.reports.statistics.twosample import smallest_two_sample_p, two_sample_p

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
    monkeypatch.setattr(twosample, "KEPT", 0)
    twosample._null.cache_clear()
    drawn = two_sample_p(first, second)
    twosample._null.cache_clear()
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


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(3)
    first, second = generator.normal(0, 1, 6), generator.normal(1, 1, 8)
    whole = two_sample_p(first, second)
    twosample._null.cache_clear()
    monkeypatch.setattr(twosample, "KEPT", 0)
    monkeypatch.setattr(twosample, "CELLS", 100)
    assert {len(part) for part in twosample._assignments(6, 14)} <= {7, 3003 % 7}
    assert two_sample_p(first, second) == whole


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="Missing"):
        two_sample_p([1.0, np.nan], [1.0])
