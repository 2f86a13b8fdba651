"""The rule: what is called a regression, what passes, and what stays open."""

from __future__ import annotations

import numpy as np
import pytest

from nasbench_harness.reports.regression.comparison import LossComparison, noise_between
from nasbench_harness.reports.regression.decision import correct_losses, decide
from nasbench_harness.reports.regression.sentences import say
from nasbench_harness.reports.regression.series import MEMORY, QUERIES
from nasbench_harness.reports.regression.verdicts import CheckVerdict
from nasbench_harness.reports.words.marked import plain

from .conftest import BEST, VERSIONS, Values, by_seed, series

SPREAD = np.random.default_rng(0).normal(0, 0.1, 20)
OLD = list(93.5 + SPREAD)


def fresh(values: Values, start: int = 100) -> dict[int, float]:
    """The same values on other seeds."""
    return {start + seed: value for seed, value in by_seed(values).items()}


def compare(
    old: Values, new: Values, *, noise: str = "", metric: str = "accuracy", margin: float = 0.2
) -> LossComparison:
    return LossComparison(series(old, metric=metric), series(new, metric=metric), margin, noise)


def verdict(comparison: LossComparison) -> CheckVerdict:
    (decision,) = decide([comparison])
    return decision.verdict


def sentence(comparison: LossComparison) -> str:
    (decision,) = decide([comparison])
    return plain(say(comparison, decision, 1))


# --- the same seeds ----------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [1, 3, 20])
def test_same_values_on_the_same_seeds_are_unchanged(seeds: int) -> None:
    assert verdict(compare(OLD[:seeds], OLD[:seeds])) is CheckVerdict.UNCHANGED


def test_rounding_is_no_change() -> None:
    assert verdict(compare(OLD, [value + 1e-12 for value in OLD])) is CheckVerdict.UNCHANGED
    assert verdict(compare(OLD, [OLD[0] - 1e-6, *OLD[1:]])) is CheckVerdict.CHANGED


def test_more_seeds_than_the_baseline_are_unchanged_on_the_common_ones() -> None:
    grown = compare(OLD[:3], [*OLD[:3], 10.0])
    assert verdict(grown) is CheckVerdict.UNCHANGED
    assert "3 common seeds (1 seed without a partner)" in sentence(grown)


def test_better_on_every_seed_is_a_change_however_few_there_are() -> None:
    better = compare(OLD[:2], [OLD[0] + 0.5, OLD[1]])
    assert verdict(better) is CheckVerdict.CHANGED
    assert "1 better, 0 worse of 2" in sentence(better)
    assert "--update" in sentence(better)


def test_change_within_the_margin_is_told_and_passes() -> None:
    small = compare(OLD, list(np.array(OLD) - 0.05))
    assert verdict(small) is CheckVerdict.CHANGED
    assert "0 better, 20 worse of 20, is worse by 0.050 points" in sentence(small)
    assert "within the margin of 0.2 points" in sentence(small)


def test_loss_beyond_the_margin_on_the_same_seeds_is_a_regression() -> None:
    lost = compare(OLD, list(np.array(OLD) - 0.5))
    assert verdict(lost) is CheckVerdict.REGRESSION
    assert "got worse by 0.500 points" in sentence(lost)
    assert "20 paired seeds" in sentence(lost)


def test_loss_on_few_seeds_is_open_and_says_how_many_are_needed() -> None:
    lost = compare([BEST] * 3, [BEST - 0.5] * 3)
    assert verdict(lost) is CheckVerdict.INCONCLUSIVE
    assert "About 8 seeds on both sides would" in sentence(lost)
    assert verdict(compare([BEST] * 8, [BEST - 0.5] * 8)) is CheckVerdict.REGRESSION


def test_one_seed_that_lost_is_open() -> None:
    assert verdict(compare([94.0], [90.0])) is CheckVerdict.INCONCLUSIVE


def test_without_determinism_a_change_is_no_change_of_the_code() -> None:
    moved = list(np.array(OLD) + np.random.default_rng(3).normal(0, 0.02, 20))
    assert verdict(compare(OLD, moved, noise="torch 2.6 → 2.7")) is CheckVerdict.PASSED
    assert verdict(compare(OLD, moved)) is CheckVerdict.CHANGED


def test_equal_values_need_no_test_even_where_they_might_differ() -> None:
    assert verdict(compare(OLD, OLD, noise="torch 2.6 → 2.7")) is CheckVerdict.UNCHANGED


# --- other seeds -------------------------------------------------------------------------------


def test_fresh_seeds_of_the_same_values_pass() -> None:
    again = compare(OLD, fresh(OLD))
    assert verdict(again) is CheckVerdict.PASSED
    assert "20 fresh against 20 seeds" in sentence(again)
    assert "a loss of 0.2 points that moves all seeds alike is ruled out" in sentence(again)
    assert "did not move" in sentence(again)


def test_fresh_seeds_that_lost_half_a_point_are_a_regression() -> None:
    assert verdict(compare(OLD, fresh(list(np.array(OLD) - 0.5)))) is CheckVerdict.REGRESSION


def test_real_loss_below_the_margin_is_none() -> None:
    """Certainly worse, by less than matters: open or passed, never a regression."""
    for loss in (0.05, 0.1, 0.15, 0.199):
        found = verdict(compare(OLD, fresh(list(np.array(OLD) - loss))))
        assert found in (CheckVerdict.PASSED, CheckVerdict.INCONCLUSIVE), loss


def test_constants_are_decided_by_five_seeds() -> None:
    five, four = [BEST] * 5, [BEST] * 4
    assert verdict(compare(five, fresh(five))) is CheckVerdict.PASSED
    assert verdict(compare(five, fresh([BEST - 0.5] * 5))) is CheckVerdict.REGRESSION
    assert verdict(compare(five, fresh([BEST + 0.5] * 5))) is CheckVerdict.PASSED
    assert verdict(compare(four, fresh([BEST - 0.5] * 4))) is CheckVerdict.INCONCLUSIVE


def test_one_fresh_seed_is_open() -> None:
    one = compare(OLD, fresh(OLD[:1]))
    assert verdict(one) is CheckVerdict.INCONCLUSIVE
    assert "1 fresh against 20 seeds can neither call that a regression" in sentence(one)


def test_one_or_two_fresh_seeds_never_pass() -> None:
    """Two values against twenty reach p = 0.004 at best, and yet say little about a method."""
    assert verdict(compare(OLD, fresh([94.0] * 2))) is CheckVerdict.INCONCLUSIVE
    assert verdict(compare(OLD, fresh([94.0] * 3))) is CheckVerdict.PASSED


def test_noisy_method_is_open_and_the_seeds_it_asks_for_settle_it() -> None:
    ten = np.random.default_rng(5).normal(size=10)
    ten = (ten - ten.mean()) / ten.std(ddof=1)
    comparison = compare(list(92 + ten), fresh(list(92 - ten)))
    assert verdict(comparison) is CheckVerdict.INCONCLUSIVE
    asked = int(sentence(comparison).partition("About ")[2].split()[0])
    assert 250 < asked < 350
    sides = np.random.default_rng(6).normal(92, 1, (2, 40, asked))
    settled = [
        verdict(compare(list(old), fresh(list(new)))) for old, new in zip(*sides, strict=True)
    ]
    assert 0.65 < settled.count(CheckVerdict.PASSED) / 40 < 0.95  # asked for is 0.8


def test_partly_common_seeds_are_not_paired() -> None:
    old = dict(enumerate(OLD))
    new = {seed + 10: value for seed, value in enumerate(OLD)}
    assert not compare(old, new).paired
    assert verdict(compare(old, new)) is CheckVerdict.PASSED


# --- one seed far below ------------------------------------------------------------------------


def with_one(value: float) -> Values:
    """Fresh seeds that gained a little, but for the last one."""
    return fresh([*(np.array(OLD[:-1]) + 40), value])


def test_one_seed_far_below_the_worst_holds_a_pass_back() -> None:
    """Five margins of 0.2 are one point: the mean has gained, and a loss of some seeds is not."""
    deep = compare(OLD, with_one(min(OLD) - 1.001))
    assert verdict(deep) is CheckVerdict.INCONCLUSIVE
    told = sentence(deep)
    assert "a loss of 0.2 points that moves all seeds alike is ruled out. But seed 119" in told
    assert f"1.0 points worse than the baseline's worst ({min(OLD):.3f}, seed" in told
    assert "Run that seed with the code of the baseline" in told
    assert verdict(compare(OLD, with_one(min(OLD) - 0.999))) is CheckVerdict.PASSED


def test_on_the_same_seeds_as_well() -> None:
    moved = np.array(OLD) + 40
    moved[7] = 52.0
    changed = compare(OLD, list(moved))
    assert verdict(changed) is CheckVerdict.INCONCLUSIVE
    assert "changed and is better" in sentence(changed)
    assert "seed 7 ended at 52.000" in sentence(changed)


def test_several_are_counted_and_the_lowest_named() -> None:
    values = list(np.array(OLD) + 40)
    values[3], values[5] = 60.0, 50.0
    told = sentence(compare(OLD, fresh(values)))
    assert "seed 105 ended at 50.000" in told
    assert "(2 seeds of 20 did)" in told
    assert "Run those seeds" in told


def test_a_loss_that_no_test_can_tell_names_the_seed_too() -> None:
    """The noise of a few collapses is what hides them from a test of means."""
    values = [*OLD[:-2], 54.0, 55.0]
    told = sentence(compare(OLD, fresh(values)))
    assert "can neither call that a regression nor rule out a loss of 0.2 points" in told
    assert "seed 118 ended at 54.000" in told


def test_a_seed_far_below_does_not_soften_a_regression() -> None:
    assert verdict(compare(OLD, fresh([50.0, *(np.array(OLD[1:]) - 30)]))) is (
        CheckVerdict.REGRESSION
    )


def test_a_cost_far_above_the_worst_holds_back_as_well() -> None:
    dear = compare([100.0] * 20, fresh([*[50.0] * 19, 126.0]), metric=QUERIES, margin=5.0)
    assert verdict(dear) is CheckVerdict.INCONCLUSIVE
    assert "26.0% worse than the baseline's worst (100.000" in sentence(dear)
    fine = compare([100.0] * 20, fresh([*[50.0] * 19, 124.0]), metric=QUERIES, margin=5.0)
    assert verdict(fine) is CheckVerdict.PASSED


# --- costs -------------------------------------------------------------------------------------


def test_more_of_a_cost_is_a_loss_in_percent() -> None:
    dearer = compare([100.0] * 10, [110.0] * 10, metric=QUERIES, margin=5.0)
    assert verdict(dearer) is CheckVerdict.REGRESSION
    assert dearer.loss == pytest.approx(10)
    assert "got worse by 10.0%, more than the margin of 5%" in sentence(dearer)
    cheaper = compare([100.0] * 10, [90.0] * 10, metric=QUERIES, margin=5.0)
    assert verdict(cheaper) is CheckVerdict.CHANGED


def test_cost_of_nothing_that_is_something_now_is_a_loss() -> None:
    assert verdict(compare([0.0] * 10, [50.0] * 10, metric=QUERIES, margin=5.0)) is (
        CheckVerdict.REGRESSION
    )


# --- the family --------------------------------------------------------------------------------


def test_what_needs_no_test_costs_the_others_nothing() -> None:
    """Eight paired seeds just reach the level of one check, not that of four."""
    lost = compare([BEST] * 8, [BEST - 0.5] * 8)
    same = compare(OLD, OLD)
    assert [d.verdict for d in decide([same, lost, same, same])][1] is CheckVerdict.REGRESSION
    assert {d.verdict for d in decide([lost] * 4)} == {CheckVerdict.INCONCLUSIVE}


def test_p_values_are_corrected_over_those_that_can_differ() -> None:
    corrected = correct_losses(np.array([0.01, np.nan, 0.04, 0.03]))
    assert corrected == pytest.approx([0.03, 1.0, 0.06, 0.06])


def test_constants_leave_the_correction_for_losses() -> None:
    flat = compare([BEST] * 20, fresh([BEST] * 20))
    lost = compare(OLD, fresh(list(np.array(OLD) - 0.16 - 0.1)))
    alone, among = decide([lost])[0], decide([flat, flat, lost])[2]
    assert alone.p_loss == among.p_loss < 0.001


# --- determinism -------------------------------------------------------------------------------


def test_where_equal_code_has_to_give_equal_values() -> None:
    landscape, cpu, gpu = series(OLD), series(OLD, device="cpu"), series(OLD, device="Some GPU")
    assert noise_between(landscape, landscape, VERSIONS, VERSIONS) == ""
    assert noise_between(cpu, cpu, VERSIONS, VERSIONS) == ""
    assert "Some GPU" in noise_between(gpu, gpu, VERSIONS, VERSIONS)
    other = {**VERSIONS, "torch": "3.0"}
    assert noise_between(landscape, landscape, VERSIONS, other) == "torch 2.14.1 → 3.0"
    newer = {**VERSIONS, "nasbench-harness": "0.2.0"}
    assert noise_between(landscape, landscape, VERSIONS, newer) == ""
    assert "version 1 → 2" in noise_between(landscape, series(OLD, version="2"), VERSIONS, VERSIONS)
    memory = series([100.0], metric=MEMORY, device="cpu")
    assert noise_between(memory, memory, VERSIONS, VERSIONS)
