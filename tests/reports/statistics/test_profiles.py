"""Performance profiles by hand, and their bands against the binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from nasbench_harness.reports.statistics.profiles import performance_profile
from nasbench_harness.reports.statistics.shares import wilson


def test_share_of_runs_by_hand() -> None:
    found = performance_profile([[0.0, 0.1, 0.1 + 0.2, 2.0]], [0.0, 0.1, 0.3, 1.0, 2.0])
    assert found.share.tolist() == [0.25, 0.5, 0.75, 0.75, 1.0]
    assert found.thresholds.tolist() == [0.0, 0.1, 0.3, 1.0, 2.0]


def test_every_task_weighs_the_same() -> None:
    found = performance_profile([[0.0], [1.0, 1.0, 1.0]], [0.5])
    assert found.share.tolist() == [0.5]
    assert np.isnan(found.low).all()


def test_band_of_one_task_is_wilson_s() -> None:
    regrets = np.linspace(0, 1, 40)
    found = performance_profile([regrets], [-0.1, 0.1, 0.5, 0.8, 1.0])
    inside = [int((regrets <= level).sum()) for level in found.thresholds]
    assert inside[0] == 0
    assert inside[-1] == 40
    bounds = np.column_stack([found.low, found.high])
    assert bounds == pytest.approx(np.array([wilson(k, 40) for k in inside]))


def test_band_of_several_tasks_is_that_of_binomial_shares() -> None:
    """A resample's share of n runs, k of them within, is binomial: n draws, chance k / n.

    The other task is within every threshold.
    """
    regrets = np.linspace(0, 1, 40)
    found = performance_profile([regrets, np.zeros(5)], [0.1, 0.5, 0.8])
    inside = np.array([(regrets <= level).sum() for level in found.thresholds])
    low, high = ((1 + binom.ppf(q, 40, inside / 40) / 40) / 2 for q in (0.025, 0.975))
    assert found.low == pytest.approx(low, abs=1 / 40 + 1e-9)
    assert found.high == pytest.approx(high, abs=1 / 40 + 1e-9)


def test_tasks_are_drawn_from_on_their_own() -> None:
    """Nothing varies inside either task, so the band has no width."""
    found = performance_profile([[0.0] * 5, [9.0] * 7], [1.0])
    assert (found.low[0], found.share[0], found.high[0]) == (0.5, 0.5, 0.5)


def test_band_holds_the_rising_share() -> None:
    regrets = np.random.default_rng(0).exponential(1, 30)
    found = performance_profile([regrets], np.linspace(0, 4, 50))
    assert (np.diff(found.share) >= 0).all()
    assert (found.low <= found.share).all()
    assert (found.share <= found.high).all()


@pytest.mark.parametrize("tasks", [[], [[]], [[0.1, 0.2], []]])
def test_no_run_no_share(tasks: list[list[float]]) -> None:
    found = performance_profile(tasks, [0.0, 1.0])
    assert np.isnan(found.share).all()
    assert found.share.shape == (2,)


def test_missing_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="Missing"):
        performance_profile([[np.nan]], [0.0])
