"""Summary statistics against hand-computed values and against scipy."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from nasbench_harness.reports import summarise
from nasbench_harness.reports.statistics.intervals import band, difference_interval, mean_interval
from nasbench_harness.reports.study.summary import COLUMNS

from .conftest import BEST, made_up


def test_statistics_by_hand() -> None:
    (row,) = summarise(made_up({"a": [0.0, 0.2, 0.4, 1.0]})).to_dict("records")
    assert row["seeds"] == 4
    assert row["failed"] == 0
    assert row["regret_mean"] == pytest.approx(0.4)
    assert row["regret_median"] == pytest.approx(0.3)
    assert row["regret_std"] == pytest.approx(math.sqrt((0.16 + 0.04 + 0 + 0.36) / 3))
    assert row["accuracy_mean"] == pytest.approx(BEST - 0.4)
    assert row["accuracy_best"] == pytest.approx(BEST)
    assert row["optimum_share"] == 0.25
    assert row["percentile_mean"] == pytest.approx(98.6)
    assert row["seconds_mean"] == pytest.approx(3.5)
    assert row["queries_mean"] == 0


def test_interval_is_student_s() -> None:
    regrets = [0.1, 0.5, 0.3, 0.9, 0.2, 0.45]
    (row,) = summarise(made_up({"a": regrets})).to_dict("records")
    expected = ttest_1samp(regrets, 0).confidence_interval()
    assert row["regret_low"] == pytest.approx(expected.low)
    assert row["regret_high"] == pytest.approx(expected.high)


def test_interval_stays_within_what_is_possible() -> None:
    (row,) = summarise(made_up({"a": [0.0, 0.0, 60.0]})).to_dict("records")
    assert row["regret_low"] == 0
    assert row["accuracy_high"] == 100


def test_summary_is_the_same_every_time() -> None:
    trials = made_up({"a": [0.1, 0.5, 0.3], "b": [0.2, 0.1, 0.7]})
    assert summarise(trials).equals(summarise(trials))


def test_methods_are_sorted_by_mean_regret_and_those_without_a_result_come_last() -> None:
    trials = made_up(
        {"bad": [0.9, 0.8], "none": [0, 0], "good": [0.1, 0.2]}, {"none": ["failed", "missing"]}
    )
    summary = summarise(trials)
    assert list(summary["method"]) == ["good", "bad", "none"]
    assert list(summary.columns) == list(COLUMNS)
    last = summary.iloc[-1]
    assert (last["seeds"], last["failed"]) == (0, 2)
    assert math.isnan(last["regret_mean"])


def test_failed_trials_are_counted_and_left_out() -> None:
    trials = made_up({"a": [0.2, 9.0, 0.4]}, {"a": ["done", "failed", "done"]})
    (row,) = summarise(trials).to_dict("records")
    assert (row["seeds"], row["failed"]) == (2, 1)
    assert row["regret_mean"] == pytest.approx(0.3)


def test_a_seed_of_two_versions_counts_once_and_by_the_later_result() -> None:
    old = made_up({"a": [9.0, 9.0, 0.3]}, {"a": ["done", "failed", "done"]})
    new = made_up({"a": [0.1, 0.2]}).assign(trial=["a-0-new", "a-1-new"])
    (row,) = summarise(pd.concat([old, new], ignore_index=True)).to_dict("records")
    assert (row["seeds"], row["failed"], row["known"]) == (3, 0, 3)
    assert row["regret_mean"] == pytest.approx(0.2)


def test_nothing_done_at_all() -> None:
    summary = summarise(made_up({"a": [0, 0]}, {"a": ["failed", "missing"]}))
    assert list(summary["failed"]) == [2]
    assert summary["accuracy_best"].isna().all()


def test_equal_values_are_their_own_mean_and_tell_no_spread() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (row,) = summarise(made_up({"a": [0.1] * 7})).to_dict("records")
    assert row["regret_mean"] == 0.1
    assert math.isnan(row["regret_low"])
    assert math.isnan(row["regret_high"])
    assert row["regret_std"] == pytest.approx(0)


def test_one_seed_has_no_interval() -> None:
    (row,) = summarise(made_up({"a": [0.3]})).to_dict("records")
    assert row["regret_mean"] == 0.3
    assert math.isnan(row["regret_low"])
    assert math.isnan(row["regret_std"])


def test_a_number_that_is_none_does_not_spoil_the_others() -> None:
    (row,) = summarise(made_up({"a": [0.2, math.nan, 0.4]})).to_dict("records")
    assert row["seeds"] == 3
    assert row["regret_mean"] == pytest.approx(0.3)


def test_every_trial_is_judged_by_its_own_metric() -> None:
    trials = made_up({"a": [0.2, 0.4]})
    trials["other"], trials["regret_other"] = 70.0, 1.0
    trials.loc[1, "report_metric"] = "other"
    (row,) = summarise(trials).to_dict("records")
    assert row["regret_mean"] == pytest.approx(0.6)


def test_difference_interval_brackets_the_difference() -> None:
    generator = np.random.default_rng(0)
    first, second = generator.normal(2, 0.1, 30), generator.normal(1, 0.1, 30)
    low, high = difference_interval(first, second)
    assert low < first.mean() - second.mean() < high
    assert high - low < 0.2
    assert np.isnan(difference_interval(np.full(3, 2.0), np.full(5, 0.5))).all()


def test_band_is_an_interval_at_every_step() -> None:
    values = np.random.default_rng(0).random((8, 5))
    low, high = band(values)
    for step in range(5):
        assert (low[step], high[step]) == pytest.approx(mean_interval(values[:, step]))
