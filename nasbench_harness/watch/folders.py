"""Which kind of jobs a folder holds, told by the plan that lies there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nasbench_harness.store.folders import JobFolder, read_plan
from nasbench_harness.store.studies import Study
from nasbench_harness.training.folder import TrainingFolder

KINDS: tuple[type[JobFolder[Any]], ...] = (Study, TrainingFolder)


def class_of(folder: Path) -> type[JobFolder[Any]]:
    """The kind whose plan lies in `folder`; a study's, which says what is missing, if none does."""
    return next((of for of in KINDS if (folder / of.kind.plan).exists()), Study)


def open_jobs(folder: Path) -> JobFolder[Any]:
    """The study or the trainings in `folder`; HarnessError if there are none to be read."""
    return read_plan(folder, class_of(folder))


def job_folders(place: Path) -> list[Path]:
    """The folder itself, or those inside it, as of a run over all data sets."""
    plans = [of.kind.plan for of in KINDS]
    if any((place / plan).exists() for plan in plans):
        return [place]
    inside = sorted(path.parent for plan in plans for path in place.glob(f"*/{plan}"))
    return inside or [place]
