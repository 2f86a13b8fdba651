"""What the report says in words, from trials with known answers."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import pytest

from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.verdict import Answer, judge

from .conftest import made_up

DataOf = Callable[[pd.DataFrame], StudyData]
RANDOM = [0.6, 0.7, 0.5, 0.8, 0.65, 0.62, 0.74, 0.55]


def said(verdict: Answer) -> str:
    lines = [verdict.lead, *verdict.against_baseline, *verdict.ties, *verdict.warnings]
    return plain("\n".join(lines))


def test_clear_differences_are_claimed_with_their_size(data_of: DataOf) -> None:
    trials = made_up({"good": [0.1, 0.2] * 4, "bad": [2.0, 2.1, 2.2, 1.9] * 2, "random": RANDOM})
    verdict = judge(data_of(trials))
    text = said(verdict)
    assert plain(verdict.lead).startswith("good ends with the lowest mean regret: 0.150 points")
    assert "Better than random search: good, by 0.495 points (95 % CI " in text
    assert "Worse than random search: bad, by 1.405 points" in text
    assert verdict.ties == []
    assert verdict.warnings == []


def test_overlap_is_called_undecided(data_of: DataOf) -> None:
    noisy = {"a": [0.1, 0.9, 0.5, 0.7] * 2, "b": [0.2, 0.8, 0.6, 0.7] * 2}
    trials = made_up({**noisy, "random": RANDOM})
    verdict = judge(data_of(trials))
    assert "but these seeds cannot tell it from b and random" in plain(verdict.lead)
    assert "Not told apart from random search by these seeds: a" in said(verdict)
    assert plain(verdict.ties[0]).startswith("8 seeds cannot tell a and b apart: the gap is 0.025")
    assert "Better" not in said(verdict)


def test_equal_results_are_a_tie(data_of: DataOf) -> None:
    trials = made_up({"a": [0.0] * 8, "b": [0.0] * 8, "random": RANDOM})
    verdict = judge(data_of(trials))
    assert plain(verdict.lead) == (
        "a and b found the best architecture of the table with each of their 8 seeds."
    )
    assert plain(verdict.ties[0]) == "a and b all ended with the same regret: a tie."
    assert "a and b, each by 0.645 points" in said(verdict)


@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_few_seeds_claim_nothing(data_of: DataOf, seeds: int) -> None:
    trials = made_up({"a": [0.1] * seeds, "random": [5.0] * seeds})
    text = said(judge(data_of(trials)))
    assert "Better" not in text
    assert "no claim is made" in text


def test_three_seeds_say_how_many_it_would_take(data_of: DataOf) -> None:
    trials = made_up({"a": [0.1, 0.5, 0.3], "b": [0.4, 0.3, 0.6], "random": [1.0, 0.9, 1.1]})
    (tie,) = judge(data_of(trials)).ties
    assert re.search(r"3 seeds cannot tell a and b apart: .*; about \d+ would", plain(tie))


def test_many_methods_take_more_evidence_than_two(data_of: DataOf) -> None:
    """Six seeds can tell two methods apart, but not one pair among ten."""
    lower, higher = [0.1] * 6, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
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


def test_collapse_is_called_collapse(data_of: DataOf) -> None:
    trials = made_up({"a": [39.0, 0.1, 39.0], "random": RANDOM})
    trials.loc[[0, 2], "collapsed"] = True
    assert (
        "a collapsed: the answer is the cell of nothing but skip connections, in 2 of 3 seeds"
        in (said(judge(data_of(trials))))
    )


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
