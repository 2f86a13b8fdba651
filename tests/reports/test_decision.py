"""The one decision: what may be claimed of two methods, and what may not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.reports.analysis.decision import (
    Claim,
    Claims,
    Design,
    MethodLosses,
    Standing,
    decide,
)
from nasbench_harness.reports.analysis.groups import groups
from nasbench_harness.reports.statistics.arrays import Array

LOW = [0.10, 0.12, 0.09, 0.11, 0.13, 0.10, 0.08, 0.12]
HIGH = [2.0, 2.1, 2.2, 1.9, 2.0, 2.4, 1.8, 2.3]
DELTA = 0.17


def runs(label: str, losses: Sequence[float], failed: Sequence[int] = ()) -> MethodLosses:
    seeds = [seed for seed in range(99) if seed not in failed][: len(losses)]
    return MethodLosses(label, pd.Series(losses, index=seeds, dtype=float), tuple(failed))


def judged(design: Design, **losses: Sequence[float]) -> Claims:
    return decide([runs(label, values) for label, values in losses.items()], design)


def only(claims: Claims) -> Claim:
    (claim,) = claims.all
    return claim


def test_what_is_far_apart_is_better() -> None:
    claim = only(judged(Design(delta=DELTA), a=LOW, b=HIGH))
    assert (claim.outcome, claim.ahead, claim.order) == (Standing.BETTER, "a", "first")
    assert claim.gain == pytest.approx(np.mean(HIGH) - np.mean(LOW))
    assert claim.low > DELTA
    assert claim.turned().ahead == "a"
    assert claim.turned().order == "second"


def test_what_is_sure_and_small_is_better_perhaps_by_less() -> None:
    claim = only(judged(Design(delta=DELTA), a=LOW, b=[loss + 0.1 for loss in LOW]))
    assert (claim.outcome, claim.ahead) == (Standing.SLIGHTLY, "a")


def test_what_is_close_for_sure_is_practically_the_same() -> None:
    claim = only(judged(Design(delta=DELTA), a=LOW, b=LOW[::-1]))
    assert (claim.outcome, claim.ahead, claim.order) == (Standing.SAME, None, "same")
    assert claim.p_same < 0.05


def test_without_a_smallest_difference_nothing_is_the_same_or_slight() -> None:
    assert only(judged(Design(), a=LOW, b=LOW[::-1])).outcome is Standing.UNDECIDED
    near = [loss + 0.1 for loss in LOW]
    assert only(judged(Design(), a=LOW, b=near)).outcome is Standing.BETTER


def test_wide_and_few_is_undecided() -> None:
    wide = [0.1, 3.0, 1.0]
    claim = only(judged(Design(delta=DELTA), a=wide, b=[0.4, 2.0, 1.5]))
    assert (claim.outcome, claim.order) == (Standing.UNDECIDED, "undecided")
    assert claim.needed is not None
    assert claim.needed > 100  # a spread of 1.5 points hides a difference of 0.17


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_runs_claim_nothing(seeds: int) -> None:
    column = np.linspace(0, 50, 1001)
    for design in (Design(), Design(paired=True), Design(baseline="b", column=column)):
        claim = only(judged(design, a=LOW[:seeds], b=HIGH[:seeds]))
        assert claim.outcome is Standing.UNDECIDED


def test_rank_and_mean_that_disagree_claim_neither() -> None:
    often, steady = [0.1] * 19 + [39.0], [0.3 + 0.01 * i for i in range(20)]
    for paired in (True, False):
        claim = only(judged(Design(delta=DELTA, paired=paired), often=often, steady=steady))
        if claim.p_corrected < claim.level:
            assert claim.split
        assert claim.ahead is None


def test_pairs_need_not_all_be_won_where_seeds_are_shared() -> None:
    """A seed that is hard for both is no spread between them."""
    hard = np.linspace(0, 5, 8)
    near = hard + 0.3
    assert only(judged(Design(delta=0.1, paired=True), a=list(hard), b=list(near))).ahead == "a"
    assert only(judged(Design(delta=0.1), a=list(hard), b=list(near))).ahead is None


def test_pairing_that_means_nothing_changes_nothing() -> None:
    one = only(judged(Design(), a=LOW, b=HIGH))
    other = only(judged(Design(), a=LOW, b=HIGH[3:] + HIGH[:3]))
    assert (one.p_value, one.outcome) == (other.p_value, other.outcome)
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_methods_without_a_common_seed_are_two_samples() -> None:
    late = MethodLosses("b", pd.Series(HIGH, index=range(50, 58), dtype=float))
    claim = only(decide([runs("a", LOW), late], Design(paired=True)))
    assert (claim.test, claim.ahead, claim.seeds) == ("two samples", "a", ())


# --- families and looks ------------------------------------------------------------------------


def test_the_baseline_is_a_family_of_its_own() -> None:
    middle = [1.0, 1.2, 0.9, 1.1, 1.3, 1.0, 0.8, 1.2]
    claims = judged(Design(baseline="random"), a=LOW, b=middle, c=HIGH, random=[9.0] * 8)
    families = {claim.labels: claim.family for claim in claims.all}
    assert {families["a", "b"], families["a", "c"], families["b", "c"]} == {3}
    assert {families[label, "random"] for label in "abc"} == {3}
    assert len(claims.all) == 6


def test_a_later_look_asks_for_more() -> None:
    ours, theirs = [0.1, 0.4, 0.3, 0.2, 0.15], [0.5, 0.45, 0.6, 0.35, 0.7]
    first = only(judged(Design(level=0.025), a=ours, b=theirs))
    later = only(judged(Design(level=0.05 / 2**9), a=ours, b=theirs))
    assert first.ahead == "a"
    assert later.ahead is None
    assert first.p_value == later.p_value


def test_no_verdict_before_the_only_look() -> None:
    claims = judged(Design(level=0.0, delta=DELTA), a=LOW, b=HIGH, c=LOW)
    assert {claim.outcome for claim in claims.all} == {Standing.WAITING}
    assert all(np.isnan(claim.p_corrected) and claim.needed is None for claim in claims.all)


@pytest.mark.parametrize("paired", [True, False])
def test_equal_means_are_no_tie(paired: bool) -> None:
    claim = only(judged(Design(paired=paired), a=[1.0, 3.0], b=[2.0, 2.0]))
    assert (claim.tied, claim.order) == (False, "undecided")


def test_being_further_apart_than_matters_is_corrected_too() -> None:
    """Of one pair 0.17 and more is sure, of the same among four methods it is not."""
    ours = [0.0, 0.02, 0.04, 0.06, 0.08, 0.1]
    theirs = [loss + 0.235 for loss in ours]
    alone = only(judged(Design(delta=DELTA), a=ours, b=theirs))
    among = judged(Design(delta=DELTA), a=ours, c=ours, b=theirs, d=theirs, e=ours).of("a", "b")
    assert among is not None
    assert (alone.outcome, among.outcome) == (Standing.BETTER, Standing.SLIGHTLY)


def test_a_pair_that_is_the_same_is_not_split() -> None:
    ours, theirs = [0.1] * 19 + [0.16], [0.1005] * 20
    claim = only(judged(Design(delta=DELTA, paired=True), a=ours, b=theirs))
    assert (claim.outcome, claim.split) == (Standing.SAME, False)


# --- drawing blindly ---------------------------------------------------------------------------


def skewed(size: int = 4001) -> Array:
    """Most architectures are good and a tail is bad, as in NAS-Bench-201."""
    return np.asarray(np.linspace(0, 1, size) ** 8 * 80)


def test_blind_draws_are_the_whole_table_and_not_the_draws_of_the_study() -> None:
    lucky = [0.001, 0.002, 0.001]
    claims = judged(Design(baseline="random", column=skewed()), a=[0.0, 1e-9, 1e-7], random=lucky)
    claim = claims.of("a", "random")
    assert claim is not None
    assert claim.test == "blind draws"
    assert claim.means[1] == pytest.approx(skewed().mean())
    assert claim.ahead == "a"


def test_blind_draws_stand_second_even_where_random_ranks_higher() -> None:
    design = Design(baseline="random", column=skewed())
    claims = judged(design, random=[0.0, 0.1, 0.0], a=[60.0, 70.0, 75.0])
    (claim,) = claims.all
    assert claim.labels == ("a", "random")
    assert claim.runs == (3, 4001)
    assert claim.gain < 0


def test_blind_draws_are_there_without_any_of_the_study() -> None:
    claims = judged(Design(baseline="random", column=skewed()), a=[0.0, 1e-9, 1e-7])
    assert [claim.labels for claim in claims.all] == [("a", "random")]


def test_what_draws_blindly_is_seldom_called_better() -> None:
    """The mean of a skewed table is worse than most of its cells: that alone is no claim."""
    column, generator = skewed(), np.random.default_rng(0)
    design = Design(baseline="random", column=column)
    claimed = sum(
        only(judged(design, a=list(generator.choice(column, 10)))).ahead is not None
        for _ in range(200)
    )
    assert claimed <= 18  # 5 % and two standard errors


# --- failures ----------------------------------------------------------------------------------


def test_a_claim_survives_that_failed_trials_are_the_worst() -> None:
    few = runs("a", LOW[:5], failed=[5, 6, 7])
    claim = only(decide([few, runs("b", HIGH)], Design(worst=80.0)))
    assert (claim.finished_outcome, claim.outcome) == (Standing.BETTER, Standing.UNDECIDED)
    failing = only(
        decide([runs("a", LOW), runs("b", HIGH[:5], failed=[5, 6, 7])], Design(worst=80.0))
    )
    assert (failing.ahead, failing.outcome) == ("a", Standing.BETTER)


def test_methods_that_fail_are_not_practically_the_same() -> None:
    claim = only(decide([runs("a", LOW), runs("b", LOW[:7], failed=[7])], Design(delta=DELTA)))
    assert claim.outcome is Standing.SAME  # the worst that is known is no worse
    claim = only(
        decide([runs("a", LOW), runs("b", LOW[:7], failed=[7])], Design(delta=DELTA, worst=80.0))
    )
    assert (claim.finished_outcome, claim.outcome) == (Standing.SAME, Standing.UNDECIDED)


# --- ties, none and groups ---------------------------------------------------------------------


@pytest.mark.parametrize(("seeds", "outcome"), [(5, Standing.UNDECIDED), (10, Standing.SAME)])
def test_equal_results_are_a_tie_and_from_ten_seeds_the_same(seeds: int, outcome: Standing) -> None:
    claim = only(judged(Design(delta=DELTA), a=[0.0] * seeds, b=[0.0] * seeds))
    assert (claim.tied, claim.order, claim.outcome) == (True, "tie", outcome)


def test_methods_without_a_result_are_no_part_of_it() -> None:
    assert judged(Design(), a=LOW, b=[]).all == []
    assert decide([], Design()).all == []


def test_groups_hold_nobody_who_is_better_than_another() -> None:
    apart = {("a", "d"), ("b", "d")}
    found = groups("abcd", lambda x, y: (x, y) in apart or (y, x) in apart)
    assert found == [("a", "b", "c"), ("c", "d")]
    assert groups("ab", lambda *_: True) == []
    assert groups("", lambda *_: False) == []
