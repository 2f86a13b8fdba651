"""Which trials a page holds of very many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nasbench_harness.reports.page import sampling, trials
from nasbench_harness.reports.page.sampling import sampled
from nasbench_harness.reports.study.data import StudyData, load_study
from tests.held_studies import make


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> StudyData:
    """Twelve trials of one method and twelve of another, of which one counts as failed."""
    study = make(tmp_path_factory.mktemp("many") / "s", "rea,drnas", seeds="12")
    read = load_study(study.folder)
    last = read.trials.index == read.trials.index[-1]
    status = read.trials["status"].where(~last, "failed")
    return replace(read, trials=read.trials.assign(status=status))


def test_few_trials_are_all_there(data: StudyData) -> None:
    assert sampled(data, data.outcomes, 24) is data.outcomes


def test_those_without_a_result_are_there(data: StudyData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "UNFINISHED", sampling.HELD)
    assert "failed" in set(sampled(data, data.outcomes, 6)["status"])


def test_best_and_worst_of_each_method_are_there(data: StudyData) -> None:
    found = sampled(data, data.outcomes, 6)
    assert len(found) <= 6
    assert set(found["method"]) == {"rea", "drnas"}
    for label, held in found.groupby("method"):
        every = data.outcomes[data.outcomes["method"] == label]
        done = every[every["status"] == "done"]
        assert held["regret"].min() == done["regret"].min()
        assert held["regret"].max() == done["regret"].max()


def test_they_stay_in_order(data: StudyData) -> None:
    assert list(sampled(data, data.outcomes, 6).index) == sorted(
        sampled(data, data.outcomes, 6).index
    )


def test_the_page_s_data_is_of_them(data: StudyData, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trials.trial_data(data)
    monkeypatch.setattr(trials, "sampled", lambda of, rows: sampled(of, rows, 6))
    held = trials.trial_data(data)
    places = [whole["trial"].index(trial) for trial in held["trial"]]
    assert 0 < len(places) <= 6
    for key in ("method", "seed", "status"):
        assert held[key] == [whole[key][place] for place in places]
    courses = [whole["course"][place] for place in places]
    assert [one and one[:2] for one in held["course"]] == [one and one[:2] for one in courses]


def test_no_sample_of_a_small_study(tmp_path: Path) -> None:
    read = load_study(make(tmp_path / "s", "rea", seeds="2").folder)
    assert len(trials.trial_data(read)["trial"]) == 2
