"""A request of trainings: runs what is missing of it, and gathers the folder's tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.jobs.executors import Event, Executor
from nasbench_harness.jobs.missing import run_missing, working_on
from nasbench_harness.store.outcomes import Ended
from nasbench_harness.training.folder import (
    LOCK,
    TrainingFolder,
    TrainingFolderError,
    gather,
    plan_folder,
    refuse_strangers,
)
from nasbench_harness.training.planning import TrainingRequest, plan
from nasbench_harness.training.spec import TrainingSpec


@dataclass(frozen=True)
class TrainingRun(Ended):
    """The trainings of a request after they ran."""

    folder: TrainingFolder


def train(  # noqa: PLR0913 - what is trained, where, and who is told
    request: TrainingRequest,
    path: Path,
    executor: Executor,
    *,
    begin: Callable[[TrainingFolder, list[TrainingSpec]], None] = lambda folder, missing: None,
    watch: Callable[[Event], None] = lambda event: None,
    opened: Callable[[ImageDataset], None] = lambda images: None,
) -> TrainingRun:
    """Run what `path` lacks of the request, and gather all of its tables.

    Ctrl-C keeps what is done. HarnessError for what cannot be trained at all, before anything is
    written; what goes wrong later fails that one training. The executor has hardware of its own.
    """
    refuse_strangers(path)
    planned = plan(request, opened)
    path.mkdir(parents=True, exist_ok=True)
    busy = TrainingFolderError(f"Another command is training in {path}; wait for it to end.")
    with working_on(path / LOCK, busy):
        folder = plan_folder(path, planned.config, planned.specs)
        missing = folder.missing(planned.specs)
        begin(folder, missing)
        failures, interrupted = run_missing(missing, folder.trials_folder, executor, watch)
        return TrainingRun(gather(folder), failures, interrupted, folder)
