"""How far the choice probabilities of a search had come by its end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.reports.analysis import searchcost
from nasbench_harness.reports.analysis.finalalpha import (
    NEARLY_EVEN,
    final_alpha,
    nearly_even,
    nearly_even_sentences,
)
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.tables.search import search_table
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.store.studies import Study
from tests.steps_recorded import recorded, recording

EVEN = [0.2] * 5
LEADING = [0.4, 0.3, 0.1, 0.1, 0.1]


@pytest.fixture(scope="module")
def data(searched: Study) -> StudyData:
    return load_study(searched.folder)


def ended(data: StudyData, ending: Any, label: str = "darts") -> StudyData:
    """The same with other probabilities at the last step of a method."""
    history = recorded(data)
    last = (history["method"] == label) & (history["step"] == history["step"].max())
    history["probabilities"] = [
        ending if changed else old
        for changed, old in zip(last, history["probabilities"], strict=True)
    ]
    return recording(data, history)


def test_the_last_recorded_probabilities_count(data: StudyData) -> None:
    found = final_alpha(ended(data, [LEADING, *[EVEN] * 5]), "darts")
    leading = np.array(LEADING)
    entropy = -(leading * np.log(leading)).sum() / np.log(5)
    assert found["top"].to_list() == [0.4, 0.4]
    assert found["entropy"].to_list() == pytest.approx([(entropy + 5) / 6] * 2)
    assert found["lead"].to_list() == [0.0, 0.0]


def test_the_least_lead_is_over_all_decisions(data: StudyData) -> None:
    close = [0.31, 0.3, 0.13, 0.13, 0.13]
    found = final_alpha(ended(data, [close, *[LEADING] * 5]), "darts")
    assert found["lead"].to_list() == pytest.approx([0.01] * 2)


def test_a_single_answer_has_no_entropy(data: StudyData) -> None:
    found = final_alpha(ended(data, [[0.0, 1.0, 0.0, 0.0, 0.0]] * 6), "darts")
    assert found.iloc[0].to_list() == [1.0, 0.0, 1.0]


def test_entropies_agree_with_those_recorded(data: StudyData) -> None:
    history = recorded(data)
    last = history[history["method"] == "darts"].sort_values("step")
    shares = last.groupby("trial")["entropy"].last().to_numpy() / np.log(5)
    assert sorted(final_alpha(data, "darts")["entropy"]) == pytest.approx(sorted(shares), 1e-4)


def test_without_recorded_probabilities_there_is_nothing(data: StudyData) -> None:
    bare = recording(data, recorded(data).drop(columns="probabilities"))
    assert final_alpha(bare, "darts").empty
    assert nearly_even_sentences(bare) == []
    table = search_table(bare)
    assert table is not None
    assert not [heading for heading in table.headings if "Entropy" in heading]


def test_a_tiny_search_hardly_leaves_the_even_probabilities(data: StudyData) -> None:
    assert set(nearly_even(data)) == {"darts", "edas"}
    (sentence,) = nearly_even_sentences(data)
    told = plain(sentence)
    assert "The choice probabilities of darts and edas hardly left the even ones (0.200 an" in told
    assert "Their answers are the argmax of small differences" in told
    assert told in plain(searchcost.note(data))


def test_nothing_is_said_of_a_search_that_decided(data: StudyData) -> None:
    moved = ended(data, [LEADING] * 6)
    assert float(final_alpha(moved, "darts")["entropy"].mean()) < NEARLY_EVEN
    (sentence,) = nearly_even_sentences(moved)
    assert "darts" not in plain(sentence)
    assert "Its answers" in sentence


def test_a_search_on_a_table_is_not_warned_about(finished: Study) -> None:
    data = load_study(finished.folder)
    history = recorded(data)
    even = recording(data, history.assign(probabilities=[[EVEN] * 6] * len(history)))
    assert final_alpha(even, "drnas")["entropy"].to_list() == pytest.approx([1.0] * 3)
    assert nearly_even(even) == {}


def test_it_stands_beside_the_answer(data: StudyData, searched_page: Any) -> None:
    table = search_table(data)
    assert table is not None
    places = [table.headings.index(h) for h in ("Largest p (at the end)", "Entropy (of even p)")]
    cells = dict(table.cells)
    assert [cells["random"][place] for place in places] == ["–", "–"]
    assert float(cells["darts"][places[1]]) > NEARLY_EVEN
    written = pd.read_csv(searched_page.parent / "tables" / "search.csv").set_index("method")
    assert written["entropy_mean"]["darts"] == pytest.approx(
        final_alpha(data, "darts")["entropy"].mean()
    )
