"""Folders of released versions are read, reported and gone on with, for ever."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nasbench_harness import load_results
from nasbench_harness.cli import app
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.studies import open_study
from nasbench_harness.training.folder import open_folder, read_tables

GOLDEN = Path(__file__).parent / "golden" / "0.1.0"
EXPECTED: dict[str, dict[str, dict[str, Any]]] = json.loads(
    (GOLDEN / "expected.json").read_text(encoding="utf-8")
)
STUDIES = ("landscape", "supernet", "interrupted-landscape", "interrupted-supernet")
WHOLE = ("landscape", "supernet")
INTERRUPTED = ("interrupted-landscape", "interrupted-supernet")


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[str], Path]:
    """A writable copy of a golden folder."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(GOLDEN / name, tmp_path / name))

    return copy


def nasharness(*words: str | Path, code: int = 0) -> str:
    """A command that must end with this code, and what it says."""
    done = CliRunner().invoke(app, list(map(str, words)))
    assert done.exit_code == code, done.output
    return done.output


def answers(folder: Path) -> dict[str, tuple[str, float]]:
    """Architecture and accuracy of every trial that has a result."""
    study = open_study(folder)
    results = {spec.trial_id: study.result(spec) for spec in study.specs}
    return {
        trial: (result["architecture"], result["cifar10_baseline_accuracy"])
        for trial, result in results.items()
        if result["status"] == Status.DONE
    }


def expected_answers(name: str) -> dict[str, tuple[str, float]]:
    return {
        trial: (row["architecture"], row["cifar10_baseline_accuracy"])
        for trial, row in EXPECTED[name].items()
    }


@pytest.mark.parametrize("name", STUDIES)
def test_trial_ids_and_fingerprints_stay(name: str) -> None:
    specs = {spec.trial_id: spec.fingerprint for spec in open_study(GOLDEN / name).specs}
    assert specs == {trial: row["fingerprint"] for trial, row in EXPECTED[name].items()}


def test_ids_and_fingerprints_of_trainings_stay() -> None:
    folder = open_folder(GOLDEN / "training")
    specs = {spec.trial_id: spec.fingerprint for spec in folder.specs}
    assert specs == {trial: row["fingerprint"] for trial, row in EXPECTED["training"].items()}


@pytest.mark.parametrize("name", WHOLE)
def test_results_are_read(name: str) -> None:
    assert answers(GOLDEN / name) == expected_answers(name)
    trials, history = load_results(GOLDEN / name)
    assert set(trials["trial"]) == set(history["trial"]) == set(EXPECTED[name])
    assert trials.set_index("trial")["accuracy"].to_dict() == pytest.approx(
        {trial: row["cifar10_baseline_accuracy"] for trial, row in EXPECTED[name].items()}
    )
    assert trials.set_index("trial")["method"].to_dict() == {
        trial: row["label"] for trial, row in EXPECTED[name].items()
    }


@pytest.mark.parametrize("name", STUDIES)
def test_a_report_is_written(name: str, copied: Callable[[str], Path], tmp_path: Path) -> None:
    code = 0 if name in WHOLE else 3  # nothing has a result
    nasharness("report", copied(name), "--out", tmp_path / "page", code=code)
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert all(trial in page for trial in EXPECTED[name])


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_study_has_nothing_left_to_run(name: str, copied: Callable[[str], Path]) -> None:
    folder = copied(name)
    before = {path: path.stat().st_mtime_ns for path in folder.glob("trials/*/result.json")}
    nasharness("resume", folder, "--no-report", "--json")
    assert {p: p.stat().st_mtime_ns for p in folder.glob("trials/*/result.json")} == before
    assert answers(folder) == expected_answers(name)


@pytest.mark.parametrize("name", INTERRUPTED)
def test_an_interrupted_study_is_gone_on_with(name: str, copied: Callable[[str], Path]) -> None:
    """From its checkpoints, to the answers that 0.1.0 itself came to."""
    folder = copied(name)
    journals = {path: path.read_bytes() for path in folder.glob("trials/*/history.jsonl")}
    nasharness("resume", folder, "-j", "1", "--no-report", "--json")
    assert answers(folder) == expected_answers(name)
    assert all(path.read_bytes().startswith(lines) for path, lines in journals.items())


def test_the_same_command_finds_its_trials(copied: Callable[[str], Path]) -> None:
    folder = copied("landscape")
    command = ["run", "-m", "darts,drnas,unas[temperature=1]", "--space", "nb201", "--table"]
    command += ["analog", "--seeds", "2", "--steps", "12", "--no-report", "--json"]
    nasharness(*command, "--out", folder)
    assert {spec.trial_id for spec in open_study(folder).specs} == set(EXPECTED["landscape"])


def test_seeds_can_be_added(copied: Callable[[str], Path]) -> None:
    folder = copied("landscape")
    command = ["run", "-m", "darts", "--space", "nb201", "--table", "analog", "--seeds", "3"]
    nasharness(*command, "--steps", "12", "--no-report", "--json", "--out", folder)
    study = open_study(folder)
    assert set(EXPECTED["landscape"]) < {spec.trial_id for spec in study.specs}
    assert not study.missing()


def test_whole_trainings_have_nothing_left_to_run(copied: Callable[[str], Path]) -> None:
    folder = copied("training")
    before = {path: path.stat().st_mtime_ns for path in folder.glob("trials/*/result.json")}
    command = ["train", "13714", "9930", "--dataset", "digits", "--epochs", "2", "--width", "4"]
    command += ["--cells", "1", "--seeds", "1", "--limit", "200", "--batch-size", "50", "--json"]
    nasharness(*command, "--out", folder)
    assert {p: p.stat().st_mtime_ns for p in folder.glob("trials/*/result.json")} == before


def test_seeds_can_be_added_to_trainings(copied: Callable[[str], Path]) -> None:
    """Several at a time; what was there stays, and the tables have all of it."""
    folder = copied("training")
    before = {path: path.read_bytes() for path in folder.glob("trials/*/result.json")}
    command = ["train", "13714", "9930", "--dataset", "digits", "--epochs", "2", "--width", "4"]
    command += ["--cells", "1", "--seeds", "2", "--limit", "200", "--batch-size", "50", "--json"]
    nasharness(*command, "--jobs", "2", "--out", folder)
    assert {path: path.read_bytes() for path in before} == before
    trials, history = read_tables(folder)
    assert set(EXPECTED["training"]) < set(trials["trial"])
    assert list(trials["status"]) == ["done"] * 4
    assert history.groupby("trial").size().tolist() == [2] * 4
