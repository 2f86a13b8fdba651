"""A request of trainings: runs what is missing of it, and gathers the folder's tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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
    planned_digest,
    planned_folder,
    refuse_strangers,
)
from nasbench_harness.training.planning import TrainingRequest, plan


def planned(
    request: TrainingRequest,
    folder: Path,
    opened: Callable[[ImageDataset], None] = lambda images: None,
) -> TrainingFolder:
    """The trainings that `train` would run or find there, refusals included; unwritten."""
    refuse_strangers(folder)
    of_request = plan(request, opened, like=planned_digest(folder))
    trainings = planned_folder(folder, of_request.config, of_request.specs)
    return replace(trainings, specs=of_request.specs)


@dataclass(frozen=True)
class TrainingRun(Ended):
    """The trainings of a request after they ran."""

    trainings: TrainingFolder


def train(  # noqa: PLR0913 - what is trained, where, and who is told
    request: TrainingRequest,
    folder: Path,
    executor: Executor,
    *,
    begin: Callable[[TrainingFolder], None] = lambda trainings: None,
    watch: Callable[[Event], None] = lambda event: None,
    opened: Callable[[ImageDataset], None] = lambda images: None,
) -> TrainingRun:
    """Run what `folder` lacks of the request, and gather all of its tables.

    `begin` is called with the trainings that were asked for. Ctrl-C keeps what is done.
    HarnessError for what cannot be trained at all, before anything is written; what goes wrong
    later fails that one training. The executor has hardware of its own.
    """
    refuse_strangers(folder)
    planned = plan(request, opened, like=planned_digest(folder))
    folder.mkdir(parents=True, exist_ok=True)
    busy = TrainingFolderError(f"Another command is training in {folder}; wait for it to end.")
    with working_on(folder / LOCK, busy):
        trainings = plan_folder(folder, planned.config, planned.specs)
        asked = replace(trainings, specs=planned.specs)
        begin(asked)
        failures, interrupted = run_missing(asked.missing(), asked.trials_folder, executor, watch)
        return TrainingRun(gather(trainings), failures, interrupted, trainings)
