"""What a task does: cohorts from a queue, and what it makes of those that others died of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.jobs.executors.deaths import STARTS
from nasbench_harness.jobs.executors.progress import Extent, reached
from nasbench_harness.jobs.executors.queues import Marks, Queue
from nasbench_harness.jobs.executors.tasks import (
    MARKS,
    QUEUE,
    TRIES,
    BatchTask,
    BatchWork,
    work_off,
)
from nasbench_harness.jobs.executors.working import Stop
from nasbench_harness.store.files import read_json
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan


class Laid:
    """Two trials of a batch that is laid out."""

    def __init__(self, folder: Path, steps: int = 20) -> None:
        given = {"methods": "rea", "seeds": 2, "steps": steps, "random": False}
        self.specs: list[Any] = plan(build_config(None, given, []))
        self.trials, self.batch = folder / "trials", folder / "slurm" / "0"
        self.shared = BatchWork([self.specs], str(self.trials), Hardware(), str(folder), {})
        self.shared.write(self.batch)
        self.queue = Queue(self.batch / QUEUE, 1)
        self.marks = Marks(self.batch.parent / MARKS)

    def work_off(self, stop: Stop | None = None) -> list[Outcome]:
        work_off(self.queue, self.shared, self.marks, stop or Stop())
        return self.queue.outcomes(0) if self.queue.ended else []

    def statuses(self) -> list[str]:
        return [read_json(self.trials / s.trial_id / "result.json")["status"] for s in self.specs]


def die_on(marks: Marks, trial_ids: list[str], times: int, begun: bool = True) -> list[Any]:
    """What it returns dies in order when it is let go of."""
    dying = [marks.on(dict.fromkeys(trial_ids, Extent()), begun=begun) for _ in range(times)]
    for mark in dying:
        mark.__enter__()
    return dying


def test_cohort_runs_to_its_end(tmp_path: Path) -> None:
    laid = Laid(tmp_path)
    assert [outcome.status for outcome in laid.work_off()] == [Status.DONE] * 2
    assert laid.statuses() == ["done"] * 2
    assert laid.marks.deaths({spec.trial_id: Extent() for spec in laid.specs}) == {}
    assert not list((tmp_path / "slurm" / MARKS).iterdir())
    assert laid.queue.taken == set()


class Patient(Stop):
    """Asked to stop when somebody has looked so often whether it was."""

    def __init__(self, looks: int) -> None:
        self._looks = looks

    @property
    def asked(self) -> bool:  # type: ignore[override]
        self._looks -= 1
        return self._looks < 0


def test_task_that_was_asked_to_stop_leaves_its_cohort_to_others(tmp_path: Path) -> None:
    laid = Laid(tmp_path)
    assert laid.work_off(Patient(10)) == []
    first = read_json(laid.trials / laid.specs[0].trial_id / "result.json")
    assert first["status"] == "interrupted"
    assert (laid.queue.ended, laid.queue.taken) == (set(), set())
    assert [outcome.status for outcome in laid.work_off()] == [Status.DONE] * 2


def test_trial_that_tasks_died_of_has_failed_and_takes_no_other_along(tmp_path: Path) -> None:
    laid = Laid(tmp_path)
    first, other = laid.specs
    dying = die_on(laid.marks, [first.trial_id], TRIES)
    ended = {outcome.trial_id: outcome for outcome in laid.work_off()}
    assert ended[first.trial_id].status is Status.FAILED
    assert f"died {TRIES} times" in ended[first.trial_id].error
    assert ended[other.trial_id].status is Status.DONE
    assert laid.statuses() == ["failed", "done"]
    assert len(dying) == TRIES


def test_trial_that_saved_itself_on_the_way_goes_on(tmp_path: Path) -> None:
    laid = Laid(tmp_path)
    first = laid.specs[0]
    dying = die_on(laid.marks, [first.trial_id], TRIES)
    run_job(first, laid.trials / first.trial_id, Callbacks(stopped=lambda: True))
    (laid.trials / first.trial_id / "history.jsonl").write_text("")  # a checkpoint, and no line
    assert [outcome.status for outcome in laid.work_off()] == [Status.DONE] * 2
    assert len(dying) == TRIES


def test_result_that_is_there_stays_whatever_tasks_died_of(tmp_path: Path) -> None:
    laid = Laid(tmp_path)
    first = laid.specs[0]
    run_job(first, laid.trials / first.trial_id)
    before = (laid.trials / first.trial_id / "result.json").stat()
    far = {first.trial_id: reached(first, laid.trials)}
    dying = [laid.marks.on(far) for _ in range(TRIES)]
    for mark in dying:
        mark.__enter__()
    assert [outcome.status for outcome in laid.work_off()] == [Status.DONE] * 2
    assert (laid.trials / first.trial_id / "result.json").stat() == before


def test_tasks_that_died_before_it_began_are_no_fault_of_a_trial(tmp_path: Path) -> None:
    laid = Laid(tmp_path)
    dying = die_on(laid.marks, [laid.specs[0].trial_id], STARTS, begun=False)
    assert [outcome.status for outcome in laid.work_off()] == [Status.DONE] * 2
    assert len(dying) == STARTS


def test_trial_that_no_task_lives_to_begin_has_failed(tmp_path: Path) -> None:
    laid = Laid(tmp_path)
    first, other = laid.specs
    dying = die_on(laid.marks, [first.trial_id], STARTS + 1, begun=False)
    ended = {outcome.trial_id: outcome for outcome in laid.work_off()}
    assert f"died {STARTS + 1} times before it had begun" in ended[first.trial_id].error
    assert ended[other.trial_id].status is Status.DONE
    assert len(dying) == STARTS + 1


def test_cohort_that_a_task_died_of_goes_on_one_by_one(tmp_path: Path) -> None:
    laid = Laid(tmp_path)
    dying = die_on(laid.marks, [spec.trial_id for spec in laid.specs], 1)
    assert [outcome.status for outcome in laid.work_off()] == [Status.DONE] * 2
    results = [read_json(laid.trials / s.trial_id / "result.json") for s in laid.specs]
    assert [result.get("cohort", 1) for result in results] == [1, 1]
    assert len(dying) == 1


def test_nothing_is_taken_once_all_were_asked_to_stop(tmp_path: Path) -> None:
    laid = Laid(tmp_path)
    laid.queue.stop()
    assert laid.work_off() == []
    assert not laid.trials.exists()


def test_task_runs_under_submitit(tmp_path: Path) -> None:
    submitit = pytest.importorskip("submitit", reason="submitit is not installed")
    laid = Laid(tmp_path)
    job = submitit.DebugExecutor(tmp_path / "logs").submit(BatchTask(str(laid.batch)))
    assert job.result() is None
    assert laid.statuses() == ["done"] * 2


def test_task_whose_batch_has_ended_does_nothing(tmp_path: Path) -> None:
    BatchTask(str(tmp_path / "gone"))()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_tasks_of_two_processes_share_the_queue(tmp_path: Path) -> None:
    submitit = pytest.importorskip("submitit", reason="submitit is not installed")
    laid = Laid(tmp_path)
    shared = replace(laid.shared, cohorts=[[spec] for spec in laid.specs])
    shared.write(laid.batch)
    executor = submitit.LocalExecutor(tmp_path / "logs")
    executor.update_parameters(timeout_min=5)
    jobs = executor.submit_array([BatchTask(str(laid.batch), rank, 2) for rank in range(2)])
    assert [job.result() for job in jobs] == [None, None]
    assert laid.statuses() == ["done"] * 2
    assert Queue(laid.batch / QUEUE, 2).ended == {0, 1}
