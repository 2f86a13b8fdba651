"""Methods x seeds -> trials: runs what is missing of a study and gathers its tables."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from nasbench_harness.config import StudyConfig
from nasbench_harness.errors import ExitCode
from nasbench_harness.executors import Event, Executor
from nasbench_harness.hardware import Hardware
from nasbench_harness.outcomes import Outcome, Status
from nasbench_harness.planning import plan
from nasbench_harness.store import LOCK, Study, StudyError, gather, plan_study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class StudyRun:
    """A study after a run."""

    study: Study
    trials: pd.DataFrame
    """One row per planned trial, as gathered."""
    failures: list[Outcome]
    interrupted: bool

    def counts(self) -> dict[Status, int]:
        """How many trials have each status."""
        statuses = list(self.trials["status"])
        return {status: statuses.count(status) for status in Status if status in statuses}

    @property
    def exit_code(self) -> ExitCode:
        """DONE only if every trial has a result."""
        return ExitCode.DONE if set(self.counts()) <= {Status.DONE} else ExitCode.INCOMPLETE


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
        with FileLock(folder / LOCK, timeout=0):
            study = plan_study(folder, config.model_dump(mode="json"), specs)
            begin(study)
            failures, interrupted = _run_missing(study, executor, watch)
            trials = gather(study)
    except Timeout as error:
        raise StudyError(f"Another run is working on {folder}; wait for it to end.") from error
    return StudyRun(study, trials, failures, interrupted)


def _run_missing(
    study: Study, executor: Executor, watch: Callable[[Event], None]
) -> tuple[list[Outcome], bool]:
    """The trials that failed, and whether Ctrl-C stopped the run."""
    failures: list[Outcome] = []
    try:
        with closing(executor.run(study.missing(), study.trials_folder)) as events:
            for event in events:
                if isinstance(event, Outcome) and event.status is Status.FAILED:
                    failures.append(event)
                watch(event)
    except KeyboardInterrupt:
        return failures, True
    return failures, False
