"""Collapse as a result of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pandas as pd
import pytest
from scipy.stats import fisher_exact

from nasbench_harness.reports.analysis.collapse import (
    collapse_pairs,
    collapse_sentences,
    collapses,
)
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.tables.collapse import collapse_table, note
from nasbench_harness.reports.tables.exhibits import exhibits
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.store.looks import Look
from nasbench_harness.store.studies import Study

from .conftest import made_up

DataOf = Callable[[pd.DataFrame], StudyData]
LOW = 80.0
"""A regret with which `made_up` puts an answer into the lower quarter."""


def told(data: StudyData) -> str:
    return plain(" ".join(collapse_sentences(data)))


def test_answers_in_the_lower_quarter_have_collapsed(data_of: DataOf) -> None:
    data = data_of(made_up({"rea": [0.1, LOW, 0.2, LOW], "drnas": [0.0, 74.0, 0.1, 0.2]}))
    rows = collapses(data).set_index("method")
    assert list(rows["collapsed"]) == [rows["collapsed"]["drnas"], rows["collapsed"]["rea"]]
    assert rows["collapsed"].to_dict() == {"rea": 2, "drnas": 0}  # percentile 25 is not below
    assert rows["lower"]["rea"] == 2
    assert rows["which"]["rea"] == "1, 3"
    assert rows["low"]["rea"] == pytest.approx(0.0676, abs=1e-4)  # Clopper-Pearson, 2 of 4
    assert rows["high"]["rea"] == pytest.approx(0.9324, abs=1e-4)
    assert (
        "rea collapsed in 2 of 4 seeds (seeds 1, 3; 95 % CI 7 % to 93 %): 2 in the lower quarter"
        " of the benchmark." in told(data)
    )


def test_a_sign_of_the_space_counts_and_both_count_once(data_of: DataOf) -> None:
    trials = made_up({"rea": [0.1, LOW, 0.2], "drnas": [0.0, 0.1, 0.2]})
    trials["collapsed"] = [True, True, False, False, False, False]
    trials["connected"] = [True, True, True, True, True, False]
    data = data_of(trials)
    rows = collapses(data).set_index("method")
    assert rows["collapsed"].to_dict() == {"rea": 2, "drnas": 1}
    assert rows["signs"].to_dict() == {"rea": 2, "drnas": 1}
    words = told(data)
    assert "1 in the lower quarter of the benchmark and 2 of nothing but skip" in words
    assert "drnas collapsed in 1 of 3 seeds (seed 2; " in words
    assert "1 without a path from input to output." in words


def test_flaws_of_the_space_are_signs_where_no_column_tells(data_of: DataOf) -> None:
    trials = made_up({"rea": [0.1, 0.2]}).drop(columns=["collapsed", "connected"])
    none = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    trials["architecture"] = [none, none.replace("none~2", "skip_connect~2")]
    good = none.replace(
        "none~0|+|none~0|none~1|+|none~0", "none~0|+|none~0|none~1|+|skip_connect~0"
    )
    data = data_of(trials)
    assert collapses(data)["signs"].to_list() == [2]
    assert collapses(data_of(trials.assign(architecture=good)))["signs"].to_list() == [0]


def test_shares_are_compared_by_fisher_s_test_corrected_for_all_pairs(data_of: DataOf) -> None:
    data = data_of(made_up({
        "rea": [LOW] * 8 + [0.1] * 2, "drnas": [0.1] * 10, "random": [LOW] * 2 + [0.1] * 8,
    }))  # fmt: skip
    pairs = {(pair.more, pair.less): pair.p_value for pair in collapse_pairs(data)}
    assert set(pairs) == {("rea", "drnas"), ("rea", "random"), ("random", "drnas")}
    alone = fisher_exact([[8, 2], [0, 10]]).pvalue
    # 2 of 20 could not have had a p-value below 0.05, so that only two pairs are tested.
    assert pairs["rea", "drnas"] == pytest.approx(2 * alone)
    assert pairs["rea", "random"] == pytest.approx(fisher_exact([[8, 2], [2, 8]]).pvalue)
    assert pairs["random", "drnas"] == 1
    assert "Collapses: rea more often than drnas (p 0.00" in told(data)
    assert "and rea more often than random (p 0.0" in told(data)


def test_few_seeds_show_no_difference(data_of: DataOf) -> None:
    data = data_of(made_up({"rea": [LOW, 0.1, 0.1], "drnas": [0.1, 0.1, 0.2]}))
    assert all(pair.p_value == 1 for pair in collapse_pairs(data))
    assert "do not show that one method collapses more often" in told(data)


def test_nobody_collapsed_and_nothing_is_said(finished: Study) -> None:
    data = load_study(finished.folder)
    assert collapses(data)["collapsed"].to_list() == [0, 0, 0]
    assert collapse_pairs(data) == []
    assert collapse_sentences(data) == []
    assert collapse_table(data) is None


def test_where_nothing_tells_there_is_no_table(data_of: DataOf) -> None:
    trials = made_up({"rea": [0.1]}, {"rea": ["failed"]})
    assert collapses(data_of(trials)).empty
    assert collapse_table(data_of(trials)) is None


def test_the_table_tells_shares_with_their_intervals(data_of: DataOf) -> None:
    table = collapse_table(data_of(made_up({"rea": [LOW, 0.1, 0.1], "drnas": [0.1, 0.1, 0.2]})))
    assert table is not None
    cells = dict(table.cells)
    assert cells["rea"] == ["1 of 3", "1 % to 91 %", "1", "0", "0"]
    assert cells["drnas"] == ["0 of 3", "0 % to 71 %", "0", "0", "–"]


def test_the_report_shows_it_where_somebody_collapsed(finished: Study) -> None:
    data = load_study(finished.folder)
    assert "Collapse" not in [shown.title for shown in exhibits(data)]
    low = replace(data, trials=data.trials.assign(percentile=3.0))
    (shown,) = [shown for shown in exhibits(low) if shown.title == "Collapse"]
    assert "one architecture in four" in shown.note
    assert "in 3 of 3 seeds (seeds 0–2; 95 % CI 29 % to 100 %)" in shown.note


def test_many_methods_are_all_compared(data_of: DataOf) -> None:
    labels = [f"m{i}" for i in range(6)]
    data = data_of(made_up({label: [LOW, 0.1, 0.2] for label in labels}))
    assert len(collapse_pairs(data)) == len(list(combinations(labels, 2)))


def test_an_answer_of_which_nothing_is_known_is_not_counted(data_of: DataOf) -> None:
    trials = made_up({"rea": [LOW, 0.1, 0.1], "drnas": [0.1, 0.1, 0.2]})
    told_by = ["percentile", "collapsed", "connected"]
    trials[told_by] = trials[told_by].astype(object)
    trials.loc[trials["seed"] == 2, told_by] = None
    rows = collapses(data_of(trials)).set_index("method")
    assert rows["seeds"].to_dict() == {"rea": 2, "drnas": 2}
    assert "rea collapsed in 1 of 2 seeds" in told(data_of(trials))


@pytest.mark.parametrize(("level", "said"), [(0.05, True), (0.025, False), (0.0, False)])
def test_who_collapses_more_often_is_judged_at_the_level_of_the_look(
    data_of: DataOf, monkeypatch: pytest.MonkeyPatch, level: float, said: bool
) -> None:
    data = data_of(made_up({"rea": [LOW] * 6 + [0.1] * 4, "drnas": [LOW] * 1 + [0.1] * 9}))
    monkeypatch.setattr(StudyData, "look", Look(1, level, fixed=False, kept=True))
    (pair,) = collapse_pairs(data)
    assert 0.05 < pair.p_value < 0.1
    data = data_of(made_up({"rea": [LOW] * 7 + [0.1] * 3, "drnas": [LOW] * 2 + [0.1] * 9}))
    (pair,) = collapse_pairs(data)
    assert 0.025 < pair.p_value < 0.05
    assert ("rea more often than drnas" in told(data)) == said
    assert ("do not show" in told(data)) == (level > 0 and not said)


def test_a_baseline_that_draws_blindly_does_not_collapse(
    data_of: DataOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = data_of(made_up({"rea": [0.1] * 10, "drnas": [0.1] * 10, "random": [LOW] * 10}))
    assert "random collapsed in 10 of 10" in told(data)
    monkeypatch.setattr(StudyData, "queryable", False)
    assert collapse_pairs(data) == []
    assert collapse_sentences(data) == []
    assert collapses(data).set_index("method")["collapsed"]["random"] == 10
    assert "random draws blindly, so one answer in four is expected there." in plain(note(data))
