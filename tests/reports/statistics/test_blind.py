"""The test against blind draws: by hand, by enumeration and by sampling."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasbench_harness.reports.statistics import blind
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.blind import blind_draw_test, smallest_blind_p

few = st.lists(st.integers(0, 4).map(float), min_size=1, max_size=6)
SKEWED = 94 - np.random.default_rng(0).exponential(6, 1000).round(2)


def percentiles(values: Array, column: Array) -> Array:
    """Written out: those worse and half of those equal."""
    return np.array([(column < v).mean() + (column == v).mean() / 2 for v in values])


@settings(max_examples=40)
@given(few, st.data())
def test_exact_with_any_ties(column: list[float], data: st.DataObject) -> None:
    answers = data.draw(st.lists(st.sampled_from(column), min_size=1, max_size=4))
    draws = product(column, repeat=len(answers))
    every = [percentiles(np.array(draw), np.array(column)).mean() for draw in draws]
    observed = percentiles(np.array(answers), np.array(column)).mean()
    apart = np.abs(np.array(every) - 0.5)
    found = blind_draw_test(answers, column)
    assert found.p == pytest.approx(np.mean(apart >= abs(observed - 0.5) - 1e-9))
    assert found.percentile == pytest.approx(100 * observed)
    assert found.p >= smallest_blind_p(len(answers), column) - 1e-12


@given(few, st.integers(1, 4))
def test_smallest_p_is_that_of_the_best_or_the_worst(column: list[float], number: int) -> None:
    ends = [blind_draw_test([end] * number, column).p for end in (min(column), max(column))]
    assert smallest_blind_p(number, column) == pytest.approx(min(ends))


@pytest.mark.parametrize("number", [3, 10, 40])
@pytest.mark.parametrize("lift", [0, 5, 15])
def test_agrees_with_sampling(number: int, lift: float) -> None:
    generator = np.random.default_rng(number)
    answers = np.sort(generator.choice(SKEWED, (number, 100)), axis=1)[:, 50 + lift]
    draws = percentiles(SKEWED, SKEWED)[generator.integers(1000, size=(100_000, number))]
    apart = np.abs(draws.mean(axis=1) - 0.5)
    observed = abs(percentiles(answers, SKEWED).mean() - 0.5)
    expected = float(np.mean(apart >= observed - 1e-9))
    error = 4 * np.sqrt(expected / 100_000) + 1e-5
    assert blind_draw_test(answers, SKEWED).p == pytest.approx(expected, abs=error)


def test_three_seeds_suffice() -> None:
    best = np.sort(SKEWED)[-20:]
    assert blind_draw_test(best[:3], SKEWED).p < 0.001
    assert blind_draw_test(SKEWED.min() * np.ones(3), SKEWED).p < 0.001


def test_better_is_higher() -> None:
    assert blind_draw_test([94.0], [90.0, 91.0, 92.0, 94.0]) == (0.5, 87.5)
    assert blind_draw_test([90.0], [90.0, 91.0, 92.0, 94.0]) == (0.5, 12.5)
    assert blind_draw_test([90.0, 94.0], [90.0, 91.0, 92.0, 94.0]) == (1.0, 50.0)


def test_chances_below_what_rounding_leaves_are_given_as_that() -> None:
    assert blind_draw_test([SKEWED.max()] * 30, SKEWED).p == blind.LEAST


def test_missing_architectures_are_left_out() -> None:
    holed = np.concatenate([[np.nan], SKEWED, [np.nan]])
    assert blind_draw_test(SKEWED[:4], holed) == blind_draw_test(SKEWED[:4], SKEWED)
    assert smallest_blind_p(2, holed) == smallest_blind_p(2, SKEWED)


def test_rounding_of_percentiles_hardly_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = np.sort(SKEWED)[400::60]
    exact = blind_draw_test(answers, SKEWED)
    monkeypatch.setattr(blind, "LONGEST", 2000)
    found = blind_draw_test(answers, SKEWED)
    assert found.percentile == exact.percentile
    assert found.p == pytest.approx(exact.p, rel=0.02)


@pytest.mark.parametrize(("answers", "column"), [([], [1.0, 2.0]), ([1.0], []), ([], [])])
def test_nothing_speaks(answers: list[float], column: list[float]) -> None:
    found = blind_draw_test(answers, column)
    assert found.p == 1.0
    assert np.isnan(found.percentile)
    assert smallest_blind_p(len(answers), column) == 1.0


def test_equal_architectures_say_nothing() -> None:
    assert blind_draw_test([5.0, 5.0], [5.0] * 4) == (1.0, 50.0)
    assert smallest_blind_p(2, [5.0] * 4) == 1.0


def test_missing_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="Missing"):
        blind_draw_test([np.nan], [1.0])
