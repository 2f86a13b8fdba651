"""Two methods seed by seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.reports.statistics.intervals import paired_interval
from nasbench_harness.reports.statistics.paired import compare_paired


def test_everything_about_a_pair() -> None:
    ours = [0.1, 0.0, 0.3, 0.2, 0.0, 0.1, 0.5]
    theirs = [0.4, 0.2, 0.3, 0.6, 0.5, 0.7, 0.4]
    found = compare_paired(ours, theirs)
    assert (found.seeds, found.wins, found.ties, found.losses) == (7, 5, 1, 1)
    assert found.gain == pytest.approx(np.mean(theirs) - np.mean(ours))
    differences = np.subtract(theirs, ours)
    assert (found.gain_low, found.gain_high) == pytest.approx(paired_interval(differences))
    assert found.rank_biserial == pytest.approx((3 + 4 + 5 + 6 + 7 - 2) / 28)
    assert found.p_value == pytest.approx(2 * 2 / 2**6)
    assert found.improvement.value == pytest.approx(
        np.mean([(a < b) + (a == b) / 2 for a in ours for b in theirs])
    )
    assert found.seeds_needed is not None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8))
def test_turned_is_the_other_way_round(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, dtype=float).T
    turned, other = compare_paired(first, second).turned(), compare_paired(second, first)
    assert (turned.wins, turned.ties, turned.losses) == (other.wins, other.ties, other.losses)
    assert turned.gain == pytest.approx(other.gain)
    assert (turned.gain_low, turned.gain_high) == pytest.approx(
        (other.gain_low, other.gain_high), abs=1e-9, nan_ok=True
    )
    assert turned.rank_biserial == other.rank_biserial
    assert turned.p_value == other.p_value
    assert turned.seeds_needed == other.seeds_needed
    assert turned.improvement.value == pytest.approx(other.improvement.value)


def test_one_seed_or_none() -> None:
    one = compare_paired([0.1], [0.3])
    assert (one.wins, one.p_value, one.seeds_needed) == (1, 1.0, None)
    assert one.gain == pytest.approx(0.2)
    assert np.isnan([one.gain_low, one.gain_high, one.improvement.low]).all()
    none = compare_paired([], [])
    assert (none.seeds, none.p_value, none.seeds_needed) == (0, 1.0, None)
    assert np.isnan([none.gain, none.rank_biserial, none.improvement.value]).all()


def test_equal_results_are_a_tie() -> None:
    tie = compare_paired([0.0] * 10, [0.0] * 10)
    assert (tie.ties, tie.p_value, tie.seeds_needed) == (10, 1.0, None)
    assert (tie.gain, tie.rank_biserial) == (0, 0)
    assert np.isnan([tie.gain_low, tie.gain_high]).all()


@pytest.mark.parametrize(("first", "second"), [([1.0], [1.0, 2.0]), ([np.nan], [1.0])])
def test_what_cannot_be_paired_is_refused(first: list[float], second: list[float]) -> None:
    with pytest.raises(ValueError, match=r"as many|Missing"):
        compare_paired(first, second)
