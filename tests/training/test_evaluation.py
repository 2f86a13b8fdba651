"""Answers of a study trained alone beside random architectures: what is asked, and what is kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.store.studies import Study, open_study
from nasbench_harness.training.evaluation import (
    FILE,
    Candidate,
    Evaluation,
    answers_of,
    architectures,
    draws,
    evaluation_of,
    failed_of,
    keep_evaluation,
    read_evaluation,
)
from nasbench_harness.training.planning import plan
from tests.held_studies import make

from .conftest import MakeRequest


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Study:
    """Two methods on a table, three seeds each."""
    return make(tmp_path_factory.mktemp("runs") / "study", "darts,rea")


@pytest.fixture
def copied(searched: Study, tmp_path: Path) -> Study:
    """One that tests may change."""
    return open_study(shutil.copytree(searched.folder, tmp_path / "study"))


def ended(study: Study, trial: str, **result: object) -> None:
    """Let a trial end in another way."""
    path = study.trials_folder / trial / "result.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **result}))


# --- what is asked -----------------------------------------------------------------------------


def test_the_answers_are_those_of_the_finished_trials(copied: Study) -> None:
    spec = copied.specs[0]
    every = {(one.method, one.seed) for one in answers_of(copied)}
    assert every == {(one.label, one.seed) for one in copied.specs}
    ended(copied, spec.trial_id, status="failed", error="it broke")
    left = {(one.method, one.seed) for one in answers_of(open_study(copied.folder))}
    assert every - left == {(spec.label, spec.seed)}
    assert failed_of(open_study(copied.folder)) == {spec.label: [spec.seed]}


def test_random_search_is_no_blind_draw(tmp_path: Path, table_cache: Path) -> None:
    study = make(tmp_path / "study", "rea,random", random=True)
    assert {one.method for one in answers_of(study)} == {"rea"}
    alone = make(tmp_path / "alone", "random", random=True)
    with pytest.raises(HarnessError, match="No method but `random` has finished"):
        answers_of(alone)


def test_without_a_finished_trial_there_is_nothing_to_train(copied: Study) -> None:
    for spec in copied.specs:
        ended(copied, spec.trial_id, status="failed", error="it broke")
    with pytest.raises(HarnessError, match=r"No trial .* has finished, so it has no answers yet"):
        answers_of(open_study(copied.folder))


def test_more_draws_begin_with_the_fewer_and_repeats_are_kept(
    space: NB201, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, more = draws("nb201", 4, seed=1), draws("nb201", 9, seed=1)
    assert more[:4] == few
    assert draws("nb201", 4, seed=2) != few
    only = space.at_index(13714)
    monkeypatch.setattr(NB201, "sample", lambda self, generator: only)
    assert [one.architecture for one in draws("nb201", 3, seed=0)] == [str(only)] * 3


def test_an_architecture_that_several_found_is_trained_once(space: NB201) -> None:
    text = str(space.at_index(13714))
    found = [Candidate(method=name, seed=0, architecture=text) for name in ("darts", "drnas")]
    assert architectures("nb201", found) == [space.at_index(13714)]


# --- what is kept ------------------------------------------------------------------------------


def evaluated(make_request: MakeRequest, space: NB201, accuracies: list[float]) -> Evaluation:
    """Two answers and a draw whose trainings ended so."""
    cells = [space.at_index(index) for index in (13714, 9930, 6111)]
    specs = plan(make_request(architectures=cells, seeds=[5])).specs
    rows = [
        {
            "trial": spec.trial_id, "status": "done", "architecture": spec.architecture,
            "seed": spec.seed, "test_accuracy": accuracy, "trained_on": "150 training images",
            "evaluated_on": "360 test images",
        }
        for spec, accuracy in zip(specs, accuracies, strict=True)
    ]  # fmt: skip
    answers = [
        Candidate(method=method, seed=seed, architecture=str(cell))
        for (method, seed), cell in zip(
            [("darts", 0), ("darts", 1), ("random", None)], cells, strict=True
        )
    ]
    found = evaluation_of(pd.DataFrame(rows), specs, answers, study="s", random_seed=0)
    assert found is not None
    return found


def test_every_answer_has_its_accuracy(make_request: MakeRequest, space: NB201) -> None:
    found = evaluated(make_request, space, [40.0, 50.0, 60.0])
    assert [one.accuracy for one in found.of("darts")] == [40.0, 50.0]
    assert found.of("random")[0].accuracies == {5: 60.0}
    assert found.methods == ["darts"]


def test_nothing_is_said_before_all_trainings_are_done(
    make_request: MakeRequest, space: NB201
) -> None:
    specs = plan(make_request(architectures=[space.at_index(9930)], seeds=[5])).specs
    row = {"trial": specs[0].trial_id, "status": "failed"}
    answers = [Candidate(method="darts", seed=0, architecture=str(space.at_index(9930)))]
    told = {"study": "s", "random_seed": 0}
    assert evaluation_of(pd.DataFrame([row]), specs, answers, **told) is None
    assert evaluation_of(pd.DataFrame([row])[:0], specs, answers, **told) is None


def test_other_results_in_the_same_folder_are_another_look(
    make_request: MakeRequest, space: NB201, tmp_path: Path
) -> None:
    first = evaluated(make_request, space, [40.0, 50.0, 60.0])
    other = evaluated(make_request, space, [40.0, 50.0, 70.0])
    assert keep_evaluation(tmp_path, first).looks == [first.digest]
    assert keep_evaluation(tmp_path, first).looks == [first.digest]
    assert keep_evaluation(tmp_path, other).looks == [first.digest, other.digest]
    assert read_evaluation(tmp_path / FILE) == keep_evaluation(tmp_path, other)
