"""Two methods of a study as `compare` and the report put them: which trials count, and in words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.reports.analysis.compare import chosen_measure, compare, compare_all
from nasbench_harness.reports.analysis.decision import Claim, Design, MethodLosses, Standing, decide
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import ACCURACY, REGRET, Measure
from nasbench_harness.reports.words.claims import sentence
from nasbench_harness.reports.words.marked import html, plain

from .conftest import BEST, METRIC, made_up

DataOf = Callable[[pd.DataFrame], StudyData]
GOOD = [0.1, 0.2, 0.0, 0.2, 0.1, 0.0, 0.1]
BAD = [2.0, 2.1, 2.2, 1.9, 2.0, 2.4, 1.8]


def said(claim: Claim, measure: Measure = REGRET) -> str:
    return plain(sentence(claim, measure))


def test_a_clear_difference_is_claimed_whichever_way_it_is_asked(data_of: DataOf) -> None:
    data = data_of(made_up({"good": GOOD, "bad": BAD}))
    one, other = compare(data, "good", "bad"), compare(data, "bad", "good")
    assert (one.order, other.order) == ("first", "second")
    assert said(one) == said(other)
    assert said(one) == (
        "good is better than bad: its mean regret is 1.957 points lower (95 % CI 1.770 to 2.145),"
        " p < 0.001."
    )
    assert "<code>good</code>" in html(sentence(one, REGRET))
    assert one.means[0] == pytest.approx(0.1)
    assert one.gain == pytest.approx(np.mean(BAD) - 0.1)


def test_accuracy_says_the_same_of_higher_numbers(data_of: DataOf) -> None:
    data = data_of(made_up({"good": GOOD, "bad": BAD}))
    regret, accuracy = compare(data, "good", "bad"), compare(data, "good", "bad", ACCURACY)
    assert -accuracy.means[0] == pytest.approx(BEST - 0.1)
    assert accuracy.gain == pytest.approx(regret.gain)
    assert accuracy.p_corrected == regret.p_corrected
    told = said(accuracy, ACCURACY)
    assert "good is better than bad: its mean accuracy is 1.957 points higher" in told
    assert told == said(compare(data, "bad", "good", ACCURACY), ACCURACY)


def test_what_is_small_for_sure_is_said_to_be_small(data_of: DataOf) -> None:
    near = [value + 0.15 for value in GOOD]
    claim = compare(data_of(made_up({"a": GOOD, "b": near})), "a", "b")
    assert claim.outcome is Standing.SLIGHTLY
    assert said(claim).startswith("a is better than b, perhaps by less than 0.183 points: its mean")
    same = compare(data_of(made_up({"a": GOOD * 2, "b": GOOD[::-1] * 2})), "a", "b")
    assert same.outcome is Standing.SAME
    assert said(same).startswith(
        "a and b are practically the same: the mean regret of a is the same to three digits (95 %"
    )
    assert ", and 0.183 points or more are ruled out (p " in said(same)


@pytest.mark.parametrize(
    ("ours", "theirs", "end"),
    [
        ([0.1], [0.4], "; it takes about 5 seeds of each to call either better."),
        ([0.1, 0.4, 1.0], [0.4, 0.1, 0.8], "about 5 seeds of each to call either better."),
        ([0.1, 0.4] * 4, [0.5, 0.2] * 4, "; about 23 seeds of each would find a difference of"),
        (
            [0.1, 0.48] * 15, [0.205, 0.585] * 15,
            "a difference of 0.183 points is found by so many seeds four times in five.",
        ),
    ],
)  # fmt: skip
def test_what_it_would_take(
    data_of: DataOf, ours: list[float], theirs: list[float], end: str
) -> None:
    claim = compare(data_of(made_up({"a": ours, "b": theirs})), "a", "b")
    assert claim.outcome is Standing.UNDECIDED
    assert end in said(claim)


def test_a_tie_is_a_tie(data_of: DataOf) -> None:
    claim = compare(data_of(made_up({"a": [0.0] * 4, "b": [0.0] * 4})), "a", "b")
    assert claim.order == "tie"
    assert said(claim) == "a and b ended with the same regret in every one of their 4 runs: a tie."
    single = compare(data_of(made_up({"a": [0.0], "b": [0.0]})), "a", "b")
    assert said(single) == "a and b ended with the same regret in their only run: a tie."


def test_better_on_most_seeds_and_worse_on_the_mean_is_said_in_full() -> None:
    """Only pairs can: their ranks weigh every seed alike."""
    often, steady = [0.1] * 19 + [39.0], [0.3 + 0.01 * i for i in range(20)]
    pairs = Design(delta=0.2, paired=True)
    runs = {"often": often, "steady": steady}
    (claim,) = decide([MethodLosses(k, pd.Series(v)) for k, v in runs.items()], pairs).all
    assert claim.split
    assert said(claim) == said(claim.turned())
    assert said(claim) == (
        "often does better than steady in 19 of 20 seeds (p < 0.001) and worse in the mean: its"
        " mean regret is 1.650 points higher (95 % CI −2.411 to 5.711). Neither is called better."
    )


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ([60.0, 70.0, 75.0, 72.0], "a is worse than drawing blindly: its mean regret is 60.3"),
        ([0.0, 0.0, 1e-9, 0.0], "a is better than drawing blindly: its mean regret is 8.89"),
        ([1.0, 30.0, 0.0, 5.0], "These seeds cannot tell a and drawing blindly apart: the mean"),
    ],
)
def test_beside_blind_draws_it_is_the_method_that_is_told_of(
    losses: list[float], told: str
) -> None:
    """Whichever way it is asked, and whoever is better."""
    column = np.linspace(0, 1, 4001) ** 8 * 80
    design = Design(baseline="random", column=column)
    claims = decide([MethodLosses("random", pd.Series([0.1])),
                     MethodLosses("a", pd.Series(losses))], design)  # fmt: skip
    one, other = claims.of("a", "random"), claims.of("random", "a")
    assert one is not None
    assert other is not None
    assert said(one) == said(other)
    assert said(one).startswith(told)


def test_only_finite_results_count(data_of: DataOf) -> None:
    trials = made_up(
        {"a": [0.1, 0.2, 0.3, 0.4], "b": [0.5, 0.6, 0.7, 0.8]},
        {"a": ["done", "failed", "done", "done"]},
    )
    trials.loc[(trials["method"] == "b") & (trials["seed"] == 3), f"regret_{METRIC}"] = np.nan
    shuffled = trials.sample(frac=1, random_state=0).reset_index(drop=True)
    claim = compare(data_of(shuffled), "a", "b")
    assert claim.seeds == (0, 2)
    assert claim.runs == (3, 3)
    assert claim.means[0] == pytest.approx(np.mean([0.1, 0.3, 0.4]))


def test_of_two_results_for_a_seed_the_later_counts(data_of: DataOf) -> None:
    trials = pd.concat([made_up({"a": [9.0], "b": [0.2]}), made_up({"a": [0.1]})])
    claim = compare(data_of(trials.reset_index(drop=True)), "a", "b")
    assert claim.means[0] == pytest.approx(0.1)


def test_labels_with_settings(data_of: DataOf) -> None:
    label = "unas[temperature=0.4]"
    data = data_of(made_up({label: GOOD, "drnas": BAD}))
    assert said(compare(data, label, "drnas")).startswith(f"{label} is better than drnas")


def test_methods_without_a_common_seed_are_compared_on_landscapes(data_of: DataOf) -> None:
    trials = made_up({"a": GOOD, "b": BAD})
    trials.loc[trials["method"] == "b", "seed"] += 50
    claim = compare(data_of(trials), "a", "b")
    assert (claim.seeds, claim.ahead) == ((), "a")


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("a", "a", "A method cannot be compared with itself: `a` is given twice."),
        ("drnaz", "a", "Did you mean `drnas`?"),
        ("unas", "a", "has no `unas`; it has `unas[temperature=1]` and `unas[temperature=2]`."),
        ("unas[temperature=3]", "a", "it has `unas[temperature=1]` and `unas[temperature=2]`."),
        ("broken", "a", "`broken` has no result in study "),
    ],
)
def test_what_cannot_be_compared(data_of: DataOf, first: str, second: str, told: str) -> None:
    trials = made_up(
        {
            "a": [0.1, 0.2], "drnas": [0.1], "unas[temperature=1]": [0.1],
            "unas[temperature=2]": [0.1], "broken": [0.1],
        },
        {"broken": ["failed"]},
    )  # fmt: skip
    with pytest.raises(HarnessError) as raised:
        compare(data_of(trials), first, second)
    assert told in str(raised.value)


def test_measure_of_a_study(data_of: DataOf) -> None:
    data = data_of(made_up({"a": GOOD}))
    assert chosen_measure(data, None) == data.measure == REGRET
    assert chosen_measure(data, "accuracy") == ACCURACY


# --- the whole study ---------------------------------------------------------------------------


def test_compare_says_what_the_whole_study_allows(data_of: DataOf) -> None:
    """Both have the correction for three pairs in them, and the p-value alone beside it."""
    middle = [0.5, 0.4, 0.6, 0.5, 0.0, 0.7, 0.5]
    data = data_of(made_up({"bad": BAD, "middle": middle, "good": GOOD, "broken": [0.0]},
                           {"broken": ["failed"]}))  # fmt: skip
    family = compare_all(data).all
    assert [pair.labels for pair in family] == [
        ("good", "middle"), ("good", "bad"), ("middle", "bad"),
    ]  # fmt: skip
    assert [compare(data, *pair.labels) for pair in family] == family
    assert {pair.family for pair in family} == {3}
    assert family[1].p_corrected > family[1].p_value
    assert "corrected for 3 pairs" in said(family[0])


def test_a_claim_may_not_survive_the_family(data_of: DataOf) -> None:
    two = data_of(made_up({"a": GOOD[:5], "b": BAD[:5]}))
    four = data_of(made_up({"a": GOOD[:5], "b": BAD[:5], "c": BAD[1:6], "d": BAD[:5][::-1]}))
    assert compare(two, "a", "b").ahead == "a"
    assert compare(four, "a", "b").ahead is None


def test_nothing_done_nothing_compared(data_of: DataOf) -> None:
    states = {"a": ["failed"], "b": ["failed"]}
    assert compare_all(data_of(made_up({"a": [0.1], "b": [0.1]}, states))).all == []
