"""Intervals of means against scipy's t tests, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import skew, ttest_1samp, ttest_ind
from scipy.stats import t as student

from nasbench_harness.reports.statistics.intervals import (
    band,
    difference_interval,
    mean_interval,
    paired_interval,
)

RUNS = np.random.default_rng(5).exponential(1, 30)


@pytest.mark.parametrize("seeds", [3, 9])
def test_mean_interval_of_few_is_student_s(seeds: int) -> None:
    expected = ttest_1samp(RUNS[:seeds], 0).confidence_interval()
    assert mean_interval(RUNS[:seeds]) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("seeds", [10, 30])
def test_mean_interval_of_many_solves_hall_s_equation(seeds: int) -> None:
    """The transform of t at either bound is the quantile of Student's t."""
    values = RUNS[:seeds]
    a = skew(values) / np.sqrt(seeds)
    quantile = student.ppf(0.975, seeds - 1)
    for bound, expected in zip(mean_interval(values), (quantile, -quantile), strict=True):
        t = (values.mean() - bound) / (values.std(ddof=1) / np.sqrt(seeds))
        assert t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6 == pytest.approx(expected)


def test_skewness_moves_the_interval_to_the_long_tail() -> None:
    low, high = mean_interval(RUNS)
    assert high - RUNS.mean() > 1.2 * (RUNS.mean() - low)
    turned = mean_interval(-RUNS)
    assert turned == pytest.approx((-high, -low))


def test_without_skewness_many_are_as_few() -> None:
    values = np.concatenate([RUNS, -RUNS])
    expected = ttest_1samp(values, 0).confidence_interval()
    assert mean_interval(values) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("seeds", [3, 9, 10, 30])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_paired_interval_is_student_s(seeds: int, level: float) -> None:
    expected = ttest_1samp(RUNS[:seeds], 0).confidence_interval(level)
    assert paired_interval(RUNS[:seeds], level) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("sizes", [(3, 3), (3, 20), (12, 5)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_difference_interval_is_welch_s(sizes: tuple[int, int], level: float) -> None:
    first, second = RUNS[: sizes[0]], 3 * RUNS[-sizes[1] :]
    expected = ttest_ind(first, second, equal_var=False).confidence_interval(level)
    found = difference_interval(first, second, level)
    assert found == pytest.approx((expected.low, expected.high))


def test_one_side_may_be_constant() -> None:
    low, high = difference_interval([1.0, 1.0, 1.0], RUNS[:7])
    expected = ttest_1samp(1 - RUNS[:7], 0).confidence_interval()
    assert (low, high) == pytest.approx((expected.low, expected.high))


def test_bounds_stay_within_what_is_possible() -> None:
    free = mean_interval([0.0, 0.0, 3.0])
    assert free[0] < 0
    assert free[1] > 1.5
    assert mean_interval([0.0, 0.0, 3.0], least=0.0) == (0.0, free[1])
    assert mean_interval([0.0, 0.0, 3.0], -10.0, 1.5) == (free[0], 1.5)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [2.0] * 12, [0.1 + 0.2, 0.3, 0.3]])
def test_nothing_tells_the_spread(values: list[float]) -> None:
    assert np.isnan(mean_interval(values)).all()
    assert np.isnan(paired_interval(values)).all()
    assert np.isnan(difference_interval(values, [5.0, 5.0, 5.0])).all()


def test_two_runs_on_one_side_are_too_few() -> None:
    assert np.isnan(difference_interval([1.0, 2.0], RUNS)).all()
    assert np.isnan(difference_interval(RUNS, [1.0, 2.0])).all()


@pytest.mark.parametrize("seeds", [6, 15])
def test_band_is_an_interval_at_every_step(seeds: int) -> None:
    values = np.column_stack([RUNS[:seeds], np.full(seeds, 2.0), 10 * RUNS[-seeds:]])
    low, high = band(values, 0.5)
    for step in (0, 2):
        assert (low[step], high[step]) == pytest.approx(mean_interval(values[:, step], 0.5))
    assert low[1] == high[1] == 2.0
    assert np.isnan(band(values[:2])).all()


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="Missing"):
        mean_interval([1.0, np.nan, 2.0])
