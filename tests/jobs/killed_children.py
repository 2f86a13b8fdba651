"""What `test_kill` runs in a process that dies: read as a script, told by globals what to do."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from nasbench_harness.jobs import driver
from nasbench_harness.jobs.cohort import run_cohort
from nasbench_harness.jobs.driver import Callbacks, run_job
from nasbench_harness.store import files
from nasbench_harness.study.spec import TrialSpec


def killed_at_step(spec: TrialSpec, folder: Path, at: int, log: Path) -> None:
    """Checkpoint after every step; die in the middle of step `at`, before its checkpoint."""
    driver.CHECKPOINT_SECONDS = 0.0

    def progress_or_death(done: int) -> None:
        with log.open("a") as file:
            file.write(f"{done}\n")

    polls = 0

    def stopped() -> bool:
        nonlocal polls
        polls += 1
        if polls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    run_job(spec, folder, Callbacks(progress_or_death, stopped))


def killed_at_sync(spec: TrialSpec, folder: Path, at: int, log: Path) -> None:
    """Checkpoint after every step; die as the `at`-th file is about to be made safe."""
    driver.CHECKPOINT_SECONDS = 0.0
    _die_at_sync(at)
    run_job(spec, folder)


def _die_at_sync(at: int) -> None:
    fsync, count = os.fsync, 0

    def deadly(handle: Any) -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        fsync(handle)

    files.os.fsync = deadly  # type: ignore[attr-defined]


def cohort_killed_at_step(specs: list[TrialSpec], folder: Path, at: int, log: Path) -> None:
    """As `killed_at_step`, of several trials stepped as one."""
    driver.CHECKPOINT_SECONDS = 0.0
    polls = 0

    def stopped() -> bool:
        nonlocal polls
        polls += 1
        if polls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    list(run_cohort(specs, folder, lambda spec: Callbacks(stopped=stopped)))


def cohort_killed_at_sync(specs: list[TrialSpec], folder: Path, at: int, log: Path) -> None:
    """As `killed_at_sync`, so that some of the trials have a newer checkpoint than the others."""
    driver.CHECKPOINT_SECONDS = 0.0
    _die_at_sync(at)
    list(run_cohort(specs, folder))


asked = globals()
if "CHILD" in asked:
    folder: Path = asked["FOLDER"]
    asked[asked["CHILD"]](asked["SPEC"], folder, asked["MOMENT"], folder / "steps.log")
