"""Methods x seeds -> trials: runs what is missing of a study and gathers its tables."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.executors import Event, Executor
from nasbench_harness.jobs.missing import run_missing, working_on
from nasbench_harness.store.outcomes import Ended
from nasbench_harness.store.provenance import facts
from nasbench_harness.store.studies import (
    LOCK,
    Study,
    StudyError,
    gather,
    open_study,
    plan_study,
    planned_study,
    refuse_strangers,
    write_study,
)
from nasbench_harness.study.config import StudyConfig, settled
from nasbench_harness.study.installed import outdated
from nasbench_harness.study.latencies import keep_named
from nasbench_harness.study.planning import plan
from nasbench_harness.study.relocation import with_images

if TYPE_CHECKING:
    from nasbench_harness.images.parts import ImageDataset


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
    opened: Callable[[ImageDataset], None] = lambda images: None,
    begin: Callable[[Study], None] = lambda study: None,
    watch: Callable[[Event], None] = lambda event: None,
) -> StudyRun:
    """Run the missing trials of the study in `folder`; Ctrl-C keeps what is done.

    `hardware` says where images are for planning; the executor has its own for running. `opened`
    is called with the images of a supernet, before anything is written.
    """
    refuse_strangers(folder)
    config = settled(config)
    specs = plan(config, hardware, opened)
    keep_named(specs)
    folder.mkdir(parents=True, exist_ok=True)
    with _working_on(folder):
        study = plan_study(folder, config.model_dump(mode="json"), specs)
        return _run(study, executor, begin, watch)


def lay_out(config: StudyConfig, folder: Path, hardware: Hardware) -> None:
    """Plan the study in `folder` and run nothing of it, so that `resume_study` can go on with it.

    For the studies of a row, of which later ones are not reached where one is interrupted.
    """
    refuse_strangers(folder)
    config = settled(config)
    specs = plan(config, hardware)
    keep_named(specs)
    folder.mkdir(parents=True, exist_ok=True)
    with _working_on(folder):
        plan_study(folder, config.model_dump(mode="json"), specs)


def planned(
    config: StudyConfig,
    folder: Path,
    hardware: Hardware,
    opened: Callable[[ImageDataset], None] = lambda images: None,
) -> Study:
    """The study that `run_study` would leave in `folder`, refusals included; nothing is written."""
    config = settled(config)
    return planned_study(folder, config.model_dump(mode="json"), plan(config, hardware, opened))


def resume_study(  # noqa: PLR0913 - what runs, where, and who is told
    folder: Path,
    executor: Executor,
    *,
    images: str | None = None,
    hardware: Hardware | None = None,
    begin: Callable[[Study], None] = lambda study: None,
    watch: Callable[[Event], None] = lambda event: None,
) -> StudyRun:
    """Run what is missing of the study in `folder`, exactly as it was planned.

    `images` is the new place (`folder:PATH`) of the images that it searches on. StudyError where
    they are not there or are others, and where no missing trial can be run as it was planned.
    """
    open_study(folder)
    with _working_on(folder):
        study = with_images(open_study(folder), images, hardware or Hardware())
        _refuse_if_none_is_left(study)
        study = replace(study, facts={**study.facts, "last_run": facts()})
        write_study(study)
        return _run(study, executor, begin, watch)


def _working_on(folder: Path) -> AbstractContextManager[None]:
    busy = StudyError(f"Another run is working on {folder}; wait for it to end.")
    return working_on(folder / LOCK, busy)


def _refuse_if_none_is_left(study: Study) -> None:
    """An outdated trial fails in its own words; where all are, nothing needs to begin."""
    reasons = [outdated(spec) for spec in study.missing()]
    if reasons and all(reasons):
        raise StudyError(
            f"Nothing that is missing of {study.folder} can be run as it was planned, and what is"
            f" done is kept. {reasons[0]}"
        )


def _run(
    study: Study,
    executor: Executor,
    begin: Callable[[Study], None],
    watch: Callable[[Event], None],
) -> StudyRun:
    begin(study)
    failures, interrupted = run_missing(study.missing(), study.trials_folder, executor, watch)
    return StudyRun(gather(study), failures, interrupted, study)
