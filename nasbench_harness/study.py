"""Methods x seeds -> trials: runs what is missing of a study and gathers its tables."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from nasbench_harness.config import StudyConfig
from nasbench_harness.executors import Event, Executor
from nasbench_harness.frame import undisturbed
from nasbench_harness.hardware import Hardware
from nasbench_harness.outcomes import Ended, Outcome, Status
from nasbench_harness.planning import plan
from nasbench_harness.store import LOCK, Study, StudyError, gather, plan_study

LOCK_SECONDS = 1.0
"""Longer than anybody who watches the study asks whether the lock is held."""


@dataclass(frozen=True)
class StudyRun(Ended):
    """A study after a run."""

    study: Study


def run_study(  # noqa: PLR0913 - what runs, where, and who is told
    config: StudyConfig,
    folder: Path,
    executor: Executor,
    *,
    hardware: Hardware | None = None,
    begin: Callable[[Study], None] = lambda study: None,
    watch: Callable[[Event], None] = lambda event: None,
) -> StudyRun:
    """Run the missing trials of the study in `folder`; Ctrl-C keeps what is done.

    `hardware` says where images are for planning; the executor has its own for running.
    """
    specs = plan(config, hardware)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK, timeout=LOCK_SECONDS):
            study = plan_study(folder, config.model_dump(mode="json"), specs)
            begin(study)
            failures, interrupted = _run_missing(study, executor, watch)
            trials = gather(study)
    except Timeout as error:
        raise StudyError(f"Another run is working on {folder}; wait for it to end.") from error
    return StudyRun(trials, failures, interrupted, study)


def _run_missing(
    study: Study, executor: Executor, watch: Callable[[Event], None]
) -> tuple[list[Outcome], bool]:
    """The trials that failed, and whether Ctrl-C stopped the run."""
    failures: list[Outcome] = []
    missing = study.missing()
    try:
        with closing(executor.run(missing, study.trials_folder)) as events:
            if missing:
                _load_writers()
            for event in events:
                if isinstance(event, Outcome) and event.status is Status.FAILED:
                    failures.append(event)
                watch(event)
    except KeyboardInterrupt:
        return failures, True
    return failures, False


def _load_writers() -> None:
    """Import what gathering needs while workers start: an interrupted run does not wait for it."""
    with undisturbed():
        import pandas  # noqa: F401
        import pyarrow.parquet  # noqa: F401
