"""Two methods of a study, paired by seed, in numbers and in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.reports.analysis.compare import Comparison, compare, compare_all, sentence
from nasbench_harness.reports.statistics.paired import compare_paired, holm
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import html, plain

from .conftest import BEST, METRIC, made_up

DataOf = Callable[[pd.DataFrame], StudyData]
GOOD = [0.1, 0.2, 0.0, 0.2, 0.1, 0.0, 0.1]
BAD = [2.0, 2.1, 2.2, 1.9, 2.0, 2.4, 1.8]


def said(comparison: Comparison) -> str:
    return plain(sentence(comparison))


def test_a_clear_difference_is_claimed_whichever_way_it_is_asked(data_of: DataOf) -> None:
    data = data_of(made_up({"good": GOOD, "bad": BAD}))
    one, other = compare(data, "good", "bad"), compare(data, "bad", "good")
    assert (one.order, other.order) == ("first", "second")
    assert said(one) == said(other)
    assert said(one).startswith(
        "good is better than bad: its mean regret is 1.957 points lower (95 %"
    )
    assert said(one).endswith("over 7 common seeds, p 0.0156.")
    assert "<code>good</code>" in html(sentence(one))
    assert one.first_mean == pytest.approx(0.1)
    assert one.paired.gain == pytest.approx(np.mean(BAD) - 0.1)


def test_accuracy_says_the_same_of_higher_numbers(data_of: DataOf) -> None:
    data = data_of(made_up({"good": GOOD, "bad": BAD}))
    regret, accuracy = compare(data, "good", "bad"), compare(data, "good", "bad", "accuracy")
    assert accuracy.first_mean == pytest.approx(BEST - 0.1)
    assert accuracy.paired.gain == pytest.approx(regret.paired.gain)
    assert accuracy.p_corrected == regret.p_corrected
    assert "good is better than bad: its mean accuracy is 1.957 points higher" in said(accuracy)
    assert "mean accuracy is 1.957 points higher" in said(compare(data, "bad", "good", "accuracy"))


def test_few_seeds_say_how_many_it_takes(data_of: DataOf) -> None:
    data = data_of(made_up({"a": [0.2, 0.3, 0.1], "b": [0.4, 0.9, 0.2]}))
    comparison = compare(data, "a", "b")
    needed = comparison.paired.seeds_needed
    assert needed is not None
    assert needed > 6
    assert said(comparison).startswith(
        "3 common seeds cannot tell a and b apart: the mean regret of a is 0.300 points lower"
    )
    assert said(comparison).endswith(
        f"p 0.25; about {needed} would, if that is the true difference."
    )
    assert "the mean regret of a is 0.300 points lower" in said(compare(data, "b", "a"))


@pytest.mark.parametrize(
    ("ours", "theirs", "end"),
    [
        ([0.1], [0.4], "0.300 points lower, p 1; it takes at least 6 seeds."),
        ([0.1, 0.4], [0.4, 0.1], "p 1; it takes at least 6 seeds."),
        ([0.1, 0.4] * 4, [0.4, 0.1] * 4, "p 1; no number of seeds would, if that is the truth."),
        ([0.1] * 6, [0.2] * 5 + [0.0], "; about 15 would, if that is the true difference."),
        ([3] * 9, [4, 4, 4, 4, 5, 5, 5, 2, 0], "; about 54 would, if that is the true difference."),
    ],
)  # fmt: skip
def test_what_it_would_take(
    data_of: DataOf, ours: list[float], theirs: list[float], end: str
) -> None:
    comparison = compare(data_of(made_up({"a": ours, "b": theirs})), "a", "b")
    assert comparison.order == "undecided"
    assert said(comparison).endswith(end)


def test_equal_means_are_called_the_same(data_of: DataOf) -> None:
    data = data_of(made_up({"a": [0.1, 0.4] * 4, "b": [0.4, 0.1] * 4}))
    assert "the mean regret of a is the same to three digits" in said(compare(data, "a", "b"))


def test_a_tie_is_a_tie(data_of: DataOf) -> None:
    comparison = compare(data_of(made_up({"a": [0.0] * 4, "b": [0.0] * 4})), "a", "b")
    assert comparison.order == "tie"
    assert (
        said(comparison) == "a and b ended with the same regret on each of 4 common seeds: a tie."
    )
    single = compare(data_of(made_up({"a": [0.0], "b": [0.0]})), "a", "b")
    assert said(single) == "a and b ended with the same regret on their only common seed: a tie."


def test_better_on_most_seeds_and_worse_on_the_mean_is_said_in_full(data_of: DataOf) -> None:
    often, steady = [0.1] * 19 + [39.0], [0.3 + 0.01 * i for i in range(20)]
    data = data_of(made_up({"often": often, "steady": steady}))
    text = said(compare(data, "steady", "often"))
    assert text.startswith("often tends to do better than steady, on 19 of 20 common seeds (p ")
    assert "but its mean regret is 1.650 points higher (95 % CI " in text
    assert text.endswith("a few bad seeds weigh more.")


def test_only_common_seeds_with_a_result_count(data_of: DataOf) -> None:
    trials = made_up(
        {"a": [0.1, 0.2, 0.3, 0.4], "b": [0.5, 0.6, 0.7, 0.8]},
        {"a": ["done", "failed", "done", "done"]},
    )
    trials.loc[(trials["method"] == "b") & (trials["seed"] == 3), f"regret_{METRIC}"] = np.nan
    shuffled = trials.sample(frac=1, random_state=0).reset_index(drop=True)
    comparison = compare(data_of(shuffled), "a", "b")
    assert comparison.seeds == (0, 2)
    assert comparison.left_out == (1, 3)
    assert comparison.first_mean == pytest.approx(0.2)
    assert comparison.paired == compare_paired([0.1, 0.3], [0.5, 0.7])


def test_of_two_results_for_a_seed_the_later_counts(data_of: DataOf) -> None:
    trials = pd.concat([made_up({"a": [9.0], "b": [0.2]}), made_up({"a": [0.1]})])
    comparison = compare(data_of(trials.reset_index(drop=True)), "a", "b")
    assert comparison.first_mean == pytest.approx(0.1)


def test_labels_with_settings(data_of: DataOf) -> None:
    label = "unas[temperature=0.4]"
    data = data_of(made_up({label: GOOD, "drnas": BAD}))
    assert said(compare(data, label, "drnas")).startswith(f"{label} is better than drnas")


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("a", "a", "A method cannot be compared with itself: `a` is given twice."),
        ("drnaz", "a", "Did you mean `drnas`?"),
        ("unas", "a", "has no `unas`; it has `unas[temperature=1]` and `unas[temperature=2]`."),
        ("unas[temperature=3]", "a", "it has `unas[temperature=1]` and `unas[temperature=2]`."),
        ("broken", "a", "`broken` has no result in study "),
        ("late", "a", "`late` and `a` have no seed in common in study "),
    ],
)
def test_what_cannot_be_compared(data_of: DataOf, first: str, second: str, sentence: str) -> None:
    trials = made_up(
        {
            "a": [0.1, 0.2], "drnas": [0.1], "unas[temperature=1]": [0.1],
            "unas[temperature=2]": [0.1], "broken": [0.1], "late": [0.1],
        },
        {"broken": ["failed"]},
    )  # fmt: skip
    trials.loc[trials["method"] == "late", "seed"] = 7
    with pytest.raises(HarnessError) as raised:
        compare(data_of(trials), first, second)
    assert sentence in str(raised.value)


# --- the whole family --------------------------------------------------------------------------


def test_all_pairs_best_first_and_corrected(data_of: DataOf) -> None:
    middle = [0.5, 0.4, 0.6, 0.5, 0.0, 0.7, 0.5]
    data = data_of(made_up({"bad": BAD, "middle": middle, "good": GOOD, "broken": [0.0]},
                           {"broken": ["failed"]}))  # fmt: skip
    family = compare_all(data)
    assert [(pair.first, pair.second) for pair in family] == [
        ("good", "middle"), ("good", "bad"), ("middle", "bad"),
    ]  # fmt: skip
    single = [compare(data, pair.first, pair.second) for pair in family]
    assert [replace(pair.paired, seeds_needed=None) for pair in family] == [
        replace(pair.paired, seeds_needed=None) for pair in single
    ]
    for pair, alone in zip(family, single, strict=True):  # three claims take more than one
        assert pair.paired.seeds_needed > alone.paired.seeds_needed
    expected = holm([pair.paired.p_value for pair in single])
    assert [pair.p_corrected for pair in family] == pytest.approx(expected)
    assert {pair.family for pair in family} == {3}
    assert "p 0.0469 after Holm's correction over 3 pairs" in said(family[1])


def test_a_claim_may_not_survive_the_family(data_of: DataOf) -> None:
    data = data_of(made_up({"a": GOOD[:6], "b": BAD[:6], "c": [5.0] * 6}))
    assert compare(data, "a", "b").order == "first"
    pair = compare_all(data)[0]
    assert pair.order == "undecided"
    assert " would" not in said(compare(data, "a", "b"))
    assert said(pair).endswith("about 7 would, if that is the true difference.")


def test_pairs_without_a_common_seed_are_no_part_of_it(data_of: DataOf) -> None:
    trials = made_up({"a": GOOD, "b": BAD, "late": [0.1]})
    trials.loc[trials["method"] == "late", "seed"] = 99
    (pair,) = compare_all(data_of(trials))
    assert (pair.first, pair.second, pair.family) == ("a", "b", 1)


def test_nothing_done_nothing_compared(data_of: DataOf) -> None:
    assert compare_all(data_of(made_up({"a": [0.1], "b": [0.1]},
                                       {"a": ["failed"], "b": ["failed"]}))) == []  # fmt: skip
