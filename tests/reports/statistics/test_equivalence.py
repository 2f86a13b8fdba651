"""Two one-sided tests against scipy's, and what is taken at its word."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_ind

from nasbench_harness.reports.statistics.equivalence import (
    equivalence_p,
    paired_equivalence_p,
)
from nasbench_harness.reports.statistics.intervals import difference_interval, paired_interval

RUNS = np.random.default_rng(2).normal(1, 0.1, 30)


@pytest.mark.parametrize("sizes", [(3, 3), (5, 12)])
@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.1, 0.4])
def test_larger_p_of_both_sides(sizes: tuple[int, int], shift: float) -> None:
    first, second = RUNS[: sizes[0]] + shift, 1 + 2 * (RUNS[-sizes[1] :] - 1)
    below = ttest_ind(first - 0.17, second, equal_var=False, alternative="less").pvalue
    above = ttest_ind(first + 0.17, second, equal_var=False, alternative="greater").pvalue
    assert equivalence_p(first, second, 0.17) == pytest.approx(max(below, above))
    assert equivalence_p(second, first, 0.17) == pytest.approx(max(below, above))


@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.1, 0.4])
def test_larger_p_of_both_sides_of_pairs(shift: float) -> None:
    values = RUNS[:8] - 1 + shift
    below = ttest_1samp(values, 0.17, alternative="less").pvalue
    above = ttest_1samp(values, -0.17, alternative="greater").pvalue
    assert paired_equivalence_p(values, 0.17) == pytest.approx(max(below, above))
    assert paired_equivalence_p(-values, 0.17) == pytest.approx(max(below, above))


def test_same_is_what_a_narrower_interval_says() -> None:
    """Below 0.05 where the 90 % interval lies within the difference of interest."""
    for shift in np.linspace(0, 0.2, 21):
        first, second = RUNS[:6] + shift, RUNS[6:12]
        within = np.max(np.abs(difference_interval(first, second, 0.9))) < 0.17
        assert (equivalence_p(first, second, 0.17) < 0.05) == within
        differences = first - second
        within = np.max(np.abs(paired_interval(differences, 0.9))) < 0.17
        assert (paired_equivalence_p(differences, 0.17) < 0.05) == within


@pytest.mark.parametrize("few", [0, 1, 2])
def test_two_runs_are_too_few(few: int) -> None:
    assert equivalence_p(RUNS[:few], RUNS, 9.0) == 1.0
    assert equivalence_p(RUNS, RUNS[:few], 9.0) == 1.0
    assert paired_equivalence_p(RUNS[:few], 9.0) == 1.0


def test_ten_equal_runs_are_taken_at_their_word() -> None:
    assert equivalence_p([0.0] * 10, [0.1] * 12, 0.17) == 0.0
    assert equivalence_p([0.0] * 10, [0.1] * 9, 0.17) == 1.0
    assert equivalence_p([0.0] * 10, [0.2] * 10, 0.17) == 1.0
    assert paired_equivalence_p([-0.1] * 10, 0.17) == 0.0
    assert paired_equivalence_p([-0.1] * 9, 0.17) == 1.0
    assert paired_equivalence_p([0.17] * 10, 0.17) == 1.0


@pytest.mark.parametrize("delta", [0.0, -0.1, np.nan, np.inf])
def test_what_is_no_difference_of_interest(delta: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        equivalence_p(RUNS, RUNS, delta)
    with pytest.raises(ValueError, match="above 0"):
        paired_equivalence_p(RUNS, delta)
