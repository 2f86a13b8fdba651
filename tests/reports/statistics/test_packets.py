"""Thousands of runs are dealt in packets, and the test stays the one of single runs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, ttest_ind

from nasbench_harness.reports.statistics import packets, twosample
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.packets import packets_of
from nasbench_harness.reports.statistics.twosample import two_sample_test


def runs(seed: int, number: int, shift: float = 0.0) -> Array:
    """Skewed and with ties, as regrets on a table."""
    values = np.random.default_rng(seed).exponential(1.0, number)
    return np.asarray(values.round(1) + shift)


def test_few_runs_are_dealt_one_by_one() -> None:
    assert packets_of(np.arange(1650.0) / 1650, np.arange(1650.0) / 1650) is None
    assert packets_of(np.arange(150.0) / 150, np.arange(9000.0) / 9000) is None


def test_packets_hold_every_run_once() -> None:
    first, second = runs(0, 2003) / 20, runs(1, 3001) / 20
    held = packets_of(first, second)
    assert held is not None
    center = np.concatenate([first, second]).mean()
    parts = held.sums[: held.few].sum(), held.sums[held.few :].sum()
    for side, part, left in zip((first, second), parts, held.left, strict=True):
        assert part + left[0] == pytest.approx((side - center).sum(), abs=1e-9)
    squares = held.squares.sum() + held.left[0][1] + held.left[1][1]
    assert squares == pytest.approx(((np.concatenate([first, second]) - center) ** 2).sum())


def test_p_values_are_about_those_of_the_t_test() -> None:
    """By the central limit theorem; 20,000 draws have a standard error of 0.0035 at most."""
    for seed in range(4):
        first, second = runs(seed, 4000), runs(seed + 100, 5000, 0.02)
        expected = ttest_ind(first, second, equal_var=False).pvalue
        assert two_sample_test(first, second).p == pytest.approx(expected, abs=0.02)


def test_p_values_of_equal_methods_are_uniform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packets, "MOST_RUNS", 100)
    monkeypatch.setattr(packets, "PACKETS", 60)
    monkeypatch.setattr(packets, "LEAST", 20)
    monkeypatch.setattr(twosample, "DRAWS", 500)
    drawn = np.random.default_rng(5)
    p_values = [
        two_sample_test(drawn.exponential(1.0, 90), drawn.exponential(1.0, 150)).p
        for _ in range(300)
    ]
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_neither_the_order_of_runs_nor_of_methods_counts() -> None:
    first, second = runs(0, 2000), runs(1, 2500, 0.05)
    found = two_sample_test(first, second)
    assert two_sample_test(second[::-1], first[::-1]) == found
    assert found.smallest <= found.p


def test_what_no_draw_reaches_has_the_least_p_value() -> None:
    found = two_sample_test(runs(0, 2000), runs(1, 2000, 3.0), 0.0005)
    assert found == (1 / 40_001, 1 / 40_001)


def test_runs_that_hardly_vary_are_dealt_one_by_one() -> None:
    assert packets_of(np.zeros(4000), np.array([1.0] + [0.0] * 3999)) is not None
    assert packets_of(np.zeros(4000), np.full(4000, 1e-4)) is None
