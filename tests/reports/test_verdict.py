"""What the report says in words, from trials with known answers."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.verdict import Answer, judge, note
from nasbench_harness.store.looks import Look

from .conftest import made_up

DataOf = Callable[[pd.DataFrame], StudyData]
RANDOM = [0.6, 0.7, 0.5, 0.8, 0.65, 0.62, 0.74, 0.55]


def lead_of(verdict: Answer) -> str:
    """The first line, without what each method saw."""
    return plain(verdict.lead).removesuffix(" (random saw 100 queries.)")


def said(verdict: Answer) -> str:
    lines = [verdict.lead, *verdict.against_baseline, *verdict.ties, *verdict.warnings]
    return plain("\n".join(lines))


def test_clear_differences_are_claimed_with_their_size(data_of: DataOf) -> None:
    trials = made_up({"good": [0.1, 0.2] * 4, "bad": [2.0, 2.1, 2.2, 1.9] * 2, "random": RANDOM})
    verdict = judge(data_of(trials))
    text = said(verdict)
    assert lead_of(verdict) == (
        "good is better than bad: its mean regret is 1.900 points lower (95 % CI 1.796 to 2.004),"
        " p < 0.001."
    )
    assert "Better than random search: good, by 0.495 points (95 % CI " in text
    assert "Worse than random search: bad, by 1.405 points" in text
    assert verdict.ties == []
    assert verdict.warnings == []


def test_overlap_is_called_undecided(data_of: DataOf) -> None:
    noisy = {"a": [0.1, 0.9, 0.5, 0.7] * 2, "b": [0.2, 0.8, 0.6, 0.7] * 2}
    trials = made_up({**noisy, "random": RANDOM})
    verdict = judge(data_of(trials))
    lead = lead_of(verdict)
    assert lead.startswith("These seeds cannot tell a and b apart: the mean regret of a is 0.025")
    assert lead.endswith("; about 69 seeds of each would find a difference of 0.183 points.")
    assert "Not told apart from random search by these seeds: a" in said(verdict)
    assert "Better" not in said(verdict)


def test_of_many_methods_the_best_stands_first_beside_all_others(data_of: DataOf) -> None:
    methods = {
        "good": [0.1, 0.2] * 4, "near": [0.11, 0.19] * 4, "mid": [0.3, 0.31, 0.32, 0.33] * 2,
        "bad": [2.0, 2.1, 2.2, 1.9] * 2, "wide": [0.0, 9.0] * 4,
    }  # fmt: skip
    verdict = judge(data_of(made_up({**methods, "random": RANDOM})))
    assert lead_of(verdict) == (
        "near and good end with the lowest mean regret: 0.150 points each; better than random and"
        " bad, better, perhaps by less than the smallest difference of interest, than mid and not"
        " told apart by these seeds from wide."
    )
    assert plain(verdict.ties[0]).startswith("near and good are practically the same")


def test_equal_results_are_a_tie(data_of: DataOf) -> None:
    trials = made_up({"a": [0.0] * 8, "b": [0.0] * 8, "random": RANDOM})
    verdict = judge(data_of(trials))
    assert lead_of(verdict) == (
        "a and b ended with the same regret in every one of their 8 runs: a tie. a and b found the"
        " best architecture of the table with each of their 8 seeds; a miss rate up to 31 % is not"
        " excluded."
    )
    assert "a and b, each by 0.645 points" in said(verdict)


def test_of_several_that_are_best_only_what_holds_for_each_is_said(data_of: DataOf) -> None:
    trials = made_up({"a": [0.0] * 10, "b": [0.0], "c": [1.0, 1.1, 0.9, 1.2, 0.8] * 2})
    lead = lead_of(judge(data_of(trials)))
    assert lead.startswith("a and b end with the lowest mean regret: 0.000 points each; not told")
    assert "better than c" not in lead


def test_perfect_seeds_are_not_called_too_few(data_of: DataOf) -> None:
    text = said(judge(data_of(made_up({"a": [0.0] * 50, "b": [0.0] * 50}))))
    assert "can tell nothing apart" not in text


def test_a_fixed_study_without_all_trials_has_no_verdict(
    data_of: DataOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(made_up({"a": [0.1] * 8, "b": [3.0] * 8, "c": [1.0] * 8, "random": RANDOM}))
    monkeypatch.setattr("nasbench_harness.reports.study.data.look",
                        lambda study: Look(0, 0.0, fixed=True, kept=False))  # fmt: skip
    text = said(judge(data))
    assert text.startswith("No verdict yet: the study is to be judged once")
    assert "Not judged yet against random search: a, " in text
    assert "cannot tell" not in text
    assert "etter than" not in text
    assert note(data) == "Nothing is judged yet. Intervals are 95 %."


@pytest.mark.parametrize("seeds", [1, 2, 4])
def test_few_seeds_claim_nothing(data_of: DataOf, seeds: int) -> None:
    trials = made_up({"a": [0.1] * seeds, "random": [5.0] * seeds})
    text = said(judge(data_of(trials)))
    assert "Better" not in text
    assert "it takes about 5 seeds of each to call either better" in text
    assert "which can tell nothing apart among 1 pair of methods" in text
    assert "run at least 5, better twice as many" in text


def test_many_methods_take_more_evidence_than_two(data_of: DataOf) -> None:
    """Five seeds can tell two methods apart, but not four from the baseline."""
    lower, higher = [0.1] * 5, [0.5, 0.6, 0.7, 0.8, 0.9]
    two = judge(data_of(made_up({"a": lower, "random": higher})))
    five = judge(data_of(made_up({"a": lower, "b": lower, "c": lower, "d": lower,
                                  "random": higher})))  # fmt: skip
    assert "Better than random search: a" in said(two)
    assert "Better than random search" not in said(five)


def test_trials_without_a_result_are_counted_and_named(data_of: DataOf) -> None:
    trials = made_up(
        {"a": [0.1, 0.2, 0.3, 0.1, 0.2], "random": RANDOM[:5]},
        {"a": ["done", "failed", "failed", "interrupted", "done"]},
    )
    text = said(judge(data_of(trials)))
    assert "3 of 10 trials have no result" in text
    assert "a seeds 1–2 failed; a seed 3 interrupted" in text


def test_a_failed_trial_can_undo_a_claim_and_both_readings_are_given(data_of: DataOf) -> None:
    good = [0.1, 0.2, 0.3, 0.1, 0.2, 0.1, 0.2, 0.1]
    trials = made_up({"a": good, "random": RANDOM}, {"a": ["done", "failed", *["done"] * 6]})
    lead = lead_of(judge(data_of(trials)))
    assert lead.startswith("By the trials that finished, a would be better than random: the mean")
    assert lead.endswith("counted as the worst, it would not, so neither is called better.")


def test_the_note_tells_the_rule_and_the_look(data_of: DataOf) -> None:
    text = note(data_of(made_up({"a": RANDOM, "random": RANDOM})))
    assert "p is below 0.025 by the studentised permutation test of two samples" in text
    assert "This is look 1 at its results" in text
    assert "0.183 points, 5 % of the way from the median to the best of the table" in text


def test_collapse_is_called_collapse(data_of: DataOf) -> None:
    trials = made_up({"a": [39.0, 0.1, 39.0], "random": RANDOM})
    trials.loc[[0, 2], "collapsed"] = True
    assert "a collapsed in 2 of 3 seeds (seeds 0, 2; 95 % CI 9 % to 99 %): 2" in said(
        judge(data_of(trials))
    )


def test_what_each_method_saw_stands_in_the_first_line(data_of: DataOf) -> None:
    verdict = judge(data_of(made_up({"a": RANDOM, "random": RANDOM})))
    assert plain(verdict.lead).endswith("(random saw 100 queries.)")


def test_without_random_search_there_is_no_line_to_beat(data_of: DataOf) -> None:
    text = said(judge(data_of(made_up({"a": [0.1, 0.2, 0.3]}))))
    assert "no random search" in text


def test_nothing_done(data_of: DataOf) -> None:
    verdict = judge(data_of(made_up({"a": [0]}, {"a": ["missing"]})))
    assert "nothing to compare" in verdict.lead
    assert "a seed 0 missing" in said(verdict)


def test_noise_is_mentioned(data_of: DataOf) -> None:
    trials = made_up({"a": [0.1, 0.2, 0.3]}).assign(noise=0.5)
    assert "noise of 0.5 points" in said(judge(data_of(trials)))
