"""Trainings are looked on at as searches are: from their folder, and on TensorBoard."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from nasbench_harness import registry
from nasbench_harness.cli import app
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.executors import Advanced, Event
from nasbench_harness.store.journals import Journal, read_journal
from nasbench_harness.store.outcomes import Outcome, Status, write_failure
from nasbench_harness.training.folder import TrainingFolder, plan_folder
from nasbench_harness.training.planning import TrainingRequest, plan
from nasbench_harness.training.run import train
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.spec import TrainingSpec
from nasbench_harness.watch.opening import open_trackers
from nasbench_harness.watch.studies import StudyObserver
from nasbench_harness.watch.trackers import Listeners

EPOCHS = 2
Run = Callable[..., str]


def request(*seeds: int) -> TrainingRequest:
    settings = TrainingSettings(epochs=EPOCHS, batch_size=64, width=2, cells=1)
    cell = registry.open_space("nb201").at_index(13714)  # type: ignore[attr-defined]
    return TrainingRequest("nb201", [cell], "digits", settings, seeds, 150, Hardware("cpu"))


class InProcess:
    """Runs trainings here; with `stopped_at` each is stopped after that epoch and gone on with."""

    def __init__(self, stopped_at: int | None = None) -> None:
        self.stopped_at = stopped_at

    def run(self, specs: Sequence[TrainingSpec], folder: Path) -> Generator[Event]:
        for spec in specs:
            yield Advanced(spec.trial_id, 0)
            done: list[int] = []
            stop = Callbacks(done.append, lambda done=done: done[-1:] == [self.stopped_at])
            if self.stopped_at:
                assert run_job(spec, folder / spec.trial_id, stop).status is Status.INTERRUPTED
                yield Advanced(spec.trial_id, self.stopped_at)
            yield run_job(spec, folder / spec.trial_id)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> TrainingFolder:
    """Three trainings of which the first is done, the second was begun, the third was not."""
    folder = tmp_path_factory.mktemp("trainings") / "t"
    folder.mkdir()
    found = plan(request(1, 2, 3))
    trainings = plan_folder(folder, found.config, found.specs)
    first, second, _ = trainings.specs
    assert run_job(first, trainings.trial_folder(first)).status is Status.DONE
    begun = trainings.trial_folder(second)
    begun.mkdir()
    journal = Journal(begun / "history.jsonl")
    journal.append({"epoch": 1, "seconds": 4.0, "test_accuracy": 42.0})
    journal.close()
    then = time.time() - 600
    os.utime(begun / "history.jsonl", (then, then))
    return trainings


@pytest.fixture
def nasharness() -> Run:
    """What `nasharness watch` says, which goes well."""

    def run(*words: str | Path) -> str:
        done = CliRunner().invoke(app, ["watch", *map(str, words)])
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


# --- watch -------------------------------------------------------------------------------------


def test_every_training_is_told_of_in_epochs(planned: TrainingFolder) -> None:
    seen = StudyObserver(planned.folder).look()
    result = planned.result(planned.specs[0])
    assert [t.state for t in seen.trials] == [Status.DONE, Status.INTERRUPTED, Status.MISSING]
    assert [(t.step, t.steps) for t in seen.trials] == [(2, 2), (1, 2), (0, 2)]
    assert [t.accuracy for t in seen.trials] == [result["test_accuracy"], 42.0, None]
    assert seen.trials[0].seconds == result["seconds"]
    assert {(t.method, t.metric, t.regret) for t in seen.trials} == {
        ("13714", "test_accuracy", None)
    }
    assert seen.state == "stopped"


def test_time_left_is_what_epochs_promise(planned: TrainingFolder) -> None:
    """The second training is halfway after 4 s; the third takes as long as the first."""
    folder = planned.trial_folder(planned.specs[1])
    whole = planned.result(planned.specs[0])["seconds"]
    with FileLock(planned.folder / "training.lock"), FileLock(folder / "trial.lock"):
        seen = StudyObserver(planned.folder).look()
    assert seen.state == "running"
    assert seen.eta_seconds() == pytest.approx(4.0 + whole)


def test_command_shows_epochs_and_how_to_go_on(planned: TrainingFolder, nasharness: Run) -> None:
    told = nasharness("--once", planned.folder)
    assert "stopped, 1 of 3 trainings done" in told
    assert "nb201 trained from scratch on digits, 2 epochs" in told
    assert "architecture" in told
    assert "Nobody is running it; the same `nasharness train` command goes on." in told
    folder = planned.trial_folder(planned.specs[1])
    with FileLock(folder / "trial.lock"):
        told = nasharness("--once", planned.folder)
        (state,) = json.loads(nasharness("--json", planned.folder))
    assert "epoch" in told
    assert "training (s)" in told
    assert "regret" not in told
    assert "13714 seed 2" in told
    assert [trial["state"] for trial in state["trials"]] == ["done", "running", "missing"]


def test_failure_of_a_training_is_told(planned: TrainingFolder, nasharness: Run) -> None:
    spec = planned.specs[2]
    folder = planned.trial_folder(spec)
    write_failure(folder, Outcome(spec.trial_id, Status.FAILED, "Out of luck."))
    told = nasharness("--once", planned.folder)
    (folder / "result.json").unlink()
    folder.rmdir()
    assert "13714 seed 3 failed: Out of luck." in told


def test_trainings_beside_studies(planned: TrainingFolder, nasharness: Run) -> None:
    """All that lies in one folder, as in `runs`."""
    told = json.loads(nasharness("--json", planned.folder.parent))
    assert [Path(folder["folder"]) for folder in told] == [planned.folder]


def test_trainings_of_0_1_0_are_shown(checkout: Path, nasharness: Run) -> None:
    old = checkout / "tests" / "golden" / "0.1.0" / "training"
    assert "done, 2 of 2 trainings done" in nasharness(old)


# --- TensorBoard -------------------------------------------------------------------------------


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    return {
        (value.tag, event.step): value.simple_value
        for file in sorted(folder.glob("events.out.tfevents.*"))
        for event in LegacyEventFileLoader(str(file)).Load()
        for value in event.summary.value
        if value.HasField("simple_value")
    }


@pytest.mark.parametrize("stopped_at", [None, 1], ids=["straight", "stopped and gone on with"])
def test_event_files_are_the_journals(tmp_path: Path, stopped_at: int | None) -> None:
    pytest.importorskip("tensorboard", reason="the package tensorboard is not installed")
    trackers = open_trackers(tensorboard=True, mlflow=None)()
    told = Listeners(trackers)
    executor: Any = InProcess(stopped_at)
    done = train(request(1), tmp_path / "t", executor, begin=told.begin, watch=told.watch)
    assert [tracker.end(None) for tracker in trackers] == [""]
    (spec,) = done.trainings.specs
    found = scalars(tmp_path / "t" / "tensorboard" / spec.trial_id)
    rows = read_journal(done.trainings.trial_folder(spec) / "history.jsonl")
    wanted = {
        (name, row["epoch"]): pytest.approx(value)
        for row in rows
        for name, value in row.items()
        if name != "epoch"
    }
    final = {("final/accuracy", EPOCHS): pytest.approx(rows[-1]["test_accuracy"])}
    assert found == wanted | final
    assert (tmp_path / "t" / "tensorboard" / spec.trial_id / "complete").exists()
    again = train(request(1), tmp_path / "t", executor)
    assert again.exit_code == 0
