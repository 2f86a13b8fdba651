"""The interquartile mean and its stratified interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import trim_mean

from nasbench_harness.reports.statistics.resampling import resample
from nasbench_harness.reports.statistics.robust import (
    interquartile_mean,
    interquartile_mean_interval,
)

runs = st.lists(st.integers(0, 6).map(float), min_size=3, max_size=9)


def test_middle_half_by_hand() -> None:
    assert interquartile_mean([[9, 1, 2, 3, 4, 5, 6, 100]]) == (3 + 4 + 5 + 6) / 4
    assert interquartile_mean([[1, 2, 3, 100], [4, 5, 6, 9]]) == (3 + 4 + 5 + 6) / 4


def test_fewer_than_four_runs_give_their_mean() -> None:
    assert interquartile_mean([[1, 2, 9]]) == 4
    assert interquartile_mean([[7]]) == 7
    assert np.isnan(interquartile_mean([[]]))
    assert np.isnan(interquartile_mean([]))


def test_a_collapsed_run_moves_nothing() -> None:
    fine, collapsed = [0.1, 0.2, 0.3, 0.4, 0.5], [0.1, 0.2, 0.3, 0.4, 39.8]
    assert interquartile_mean([fine]) == interquartile_mean([collapsed])


@settings(max_examples=25)
@given(st.lists(runs, min_size=1, max_size=3))
def test_interval_is_that_of_trimmed_resamples(tasks: list[list[float]]) -> None:
    """The same draws, each written out and trimmed by scipy."""
    sizes, pooled = [len(task) for task in tasks], np.concatenate(tasks)
    counts = resample(lambda *groups: np.concatenate(groups, axis=1), sizes, 9999).astype(int)
    if max(map(np.ptp, tasks)) == 0:
        assert np.isnan(interquartile_mean_interval(tasks)).all()
        return
    copies = np.array([np.repeat(pooled, row) for row in counts])
    means = trim_mean(copies, 0.25, axis=1)
    found = interquartile_mean_interval(tasks)
    assert found == pytest.approx(np.percentile(means, [2.5, 97.5]), abs=1e-9)
    assert found[0] <= found[1]


def test_where_nothing_varies_within_a_task_there_is_no_interval() -> None:
    assert np.isnan(interquartile_mean_interval([[1.0] * 6, [5.0] * 6])).all()


def test_tasks_are_drawn_from_on_their_own() -> None:
    """Only the second task varies, within itself: the first weighs as much in each resample."""
    low, high = interquartile_mean_interval([[0.0] * 6, [5.0, 5.0, 5.0, 6.0, 6.0, 6.0]])
    assert 2.0 <= low < high <= 3.0


def test_fewer_than_three_runs_have_no_interval() -> None:
    assert np.isnan(interquartile_mean_interval([[1.0]])).all()
    assert np.isnan(interquartile_mean_interval([[1.0, 2.0, 3.0], [1.0, 2.0]])).all()
    assert np.isnan(interquartile_mean_interval([])).all()


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="Missing"):
        interquartile_mean([[1.0, np.nan]])
    with pytest.raises(ValueError, match="Missing"):
        interquartile_mean_interval([[1.0, np.nan]])


def test_seeds_that_go_together_have_the_interval_of_one_task() -> None:
    runs = np.random.default_rng(2).normal(0, 1, 12)
    block = interquartile_mean_interval([np.tile(runs, (7, 1))])
    assert block == pytest.approx(interquartile_mean_interval([runs]), abs=0.05)
    low, high = interquartile_mean_interval([runs] * 7)
    assert high - low < (block[1] - block[0]) / 2
    missing = np.array([runs, np.where(runs > runs.mean(), np.nan, runs)])
    assert np.isfinite(interquartile_mean_interval([missing])).all()
