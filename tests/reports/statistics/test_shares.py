"""Shares of runs: published intervals, and tails of the binomial distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest, hypergeom, norm

from nasbench_harness.reports.statistics.shares import (
    clopper_pearson,
    excluded_miss,
    fisher_p,
    wilson,
)


@pytest.mark.parametrize(
    ("of_them", "runs", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_s_published_examples(of_them: int, runs: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 1998, table I, method 3."""
    assert wilson(of_them, runs) == pytest.approx((low, high), abs=5e-5)


def test_wilson_solves_its_equation() -> None:
    for bound in wilson(7, 20):
        assert abs(7 / 20 - bound) == pytest.approx(
            norm.ppf(0.975) * np.sqrt(bound * (1 - bound) / 20)
        )


@pytest.mark.parametrize(("of_them", "runs"), [(0, 10), (3, 10), (10, 10), (1, 50)])
def test_bounds_of_clopper_and_pearson_leave_out_one_in_forty(of_them: int, runs: int) -> None:
    low, high = clopper_pearson(of_them, runs)
    assert low == 0 if of_them == 0 else binom.sf(of_them - 1, runs, low) == pytest.approx(0.025)
    assert high == 1 if of_them == runs else binom.cdf(of_them, runs, high) == pytest.approx(0.025)


def test_fisher_s_test_by_hand() -> None:
    """Five of ten against none of ten: both extremes of five that may lie anywhere."""
    assert fisher_p(5, 10, 0, 10) == pytest.approx(2 * hypergeom.pmf(0, 20, 10, 5))
    assert fisher_p(0, 10, 5, 10) == fisher_p(5, 10, 0, 10)
    assert fisher_p(2, 10, 2, 10) == 1.0
    assert fisher_p(0, 0, 2, 10) == fisher_p(3, 4, 0, 0) == 1.0


@pytest.mark.parametrize("runs", [1, 3, 10, 50])
def test_bounds_are_those_of_scipy(runs: int) -> None:
    for of_them in range(runs + 1):
        for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
            theirs = binomtest(of_them, runs).proportion_ci(0.95, method)
            assert ours(of_them, runs) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize("runs", [1, 3, 10, 50])
def test_excluded_miss_rate_lets_all_succeed_once_in_twenty(runs: int) -> None:
    assert binom.pmf(0, runs, excluded_miss(runs)) == pytest.approx(0.05)
    assert binom.pmf(0, runs, excluded_miss(runs, 0.99)) == pytest.approx(0.01)


def test_ten_of_ten() -> None:
    assert round(100 * excluded_miss(10)) == 26
    assert excluded_miss(0) == 1.0


def test_no_run_no_share() -> None:
    assert np.isnan(wilson(0, 0)).all()
    assert np.isnan(clopper_pearson(0, 0)).all()


def test_more_than_all_are_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 3 of 3 runs, not 4"):
        wilson(4, 3)
    with pytest.raises(ValueError, match="not -1"):
        fisher_p(1, 2, -1, 4)
