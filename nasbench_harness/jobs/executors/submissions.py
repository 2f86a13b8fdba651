"""What commands that submit to a batch system leave in a study's folder for those after them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nasbench_harness.jobs.executors.queues import Queue
from nasbench_harness.jobs.executors.requests import ClusterError
from nasbench_harness.jobs.executors.tasks import QUEUE, WORK
from nasbench_harness.store.files import read_json
from nasbench_harness.store.outcomes import Outcome

FOLDER, PLAN = "slurm", "batch.json"
"""Beside the trials; and in it, for each submission, the list of its trials until it has ended."""
NAME = "nasharness"
MISSES = 2
"""So often a batch system has to say that it has it no more; what was just submitted may not be
listed yet."""


@dataclass
class Submission:
    """Tasks that were submitted together."""

    folder: Path
    cohorts: list[list[str]]
    """Ids of trials."""
    missed: int = 0
    told: set[int] = field(default_factory=set)
    """Numbers of cohorts whose end is known."""
    owed: set[str] = field(init=False)
    """Trials that it is to end."""

    def __post_init__(self) -> None:
        numbered = enumerate(self.cohorts)
        self.owed = {one for number, ids in numbered if number not in self.told for one in ids}

    @classmethod
    def read(cls, folder: Path) -> Submission:
        """One of an earlier command; what it has ended already, others may run again."""
        cohorts: list[list[str]] = read_json(folder / PLAN)
        return cls(folder, cohorts, told=Queue(folder / QUEUE, len(cohorts)).ended)

    @property
    def name(self) -> str:
        """By which the batch system knows it, and no other."""
        return f"{NAME}-{self.folder.name}"

    @property
    def queue(self) -> Queue:
        """What its tasks take trials from."""
        return Queue(self.folder / QUEUE, len(self.cohorts))

    def news(self) -> Iterator[Outcome]:
        """How trials ended since the last time."""
        queue = self.queue
        for number in sorted(queue.ended - self.told):
            self.told.add(number)
            yield from queue.outcomes(number)

    def running(self) -> list[str]:
        """Trials that are being run, others of their cohorts among them."""
        return [trial_id for number in self.queue.taken for trial_id in self.cohorts[number]]

    def is_over(self) -> bool:
        """Has SLURM nothing of it any more, or has all of it ended."""
        return self.missed >= MISSES or len(self.told) == len(self.cohorts)

    def clear(self) -> None:
        """Remove all but scripts and logs; where there are none, the folder as well."""
        shutil.rmtree(self.folder / QUEUE, ignore_errors=True)
        for path in (self.folder / WORK, self.folder / PLAN, *self.folder.glob("*.pkl")):
            path.unlink(missing_ok=True)
        for path in self.folder.glob(".submission_file_*"):  # links to what has a name by now
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def refuse_submitted(folder: Path) -> None:
    """ClusterError where tasks may be at work on trials in `folder`: they would run twice."""
    for plan in folder.parent.glob(f"{FOLDER}/*/{PLAN}"):
        queue = plan.parent / QUEUE
        if queue.is_dir() and not Queue(queue, 0).stopped:
            raise ClusterError(
                f"SLURM may still run trials of {folder.parent}: go on with --executor slurm; or,"
                f" if `squeue` has none of them, remove {plan.parent}."
            )
