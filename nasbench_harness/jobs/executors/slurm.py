"""Trials as SLURM jobs: an array of tasks that take trials from a queue in the study's folder.

Many trials are few tasks: each takes one cohort after the other, and is queued again when its time
is over. The command only looks on, and submits anew what SLURM has lost; a second one finds what
an earlier one has submitted. `slurm` beside the trials holds a folder for each submission: scripts,
logs and, as long as it runs, its queue.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.cohort import cohorts
from nasbench_harness.jobs.executors import Event
from nasbench_harness.jobs.executors.batches import (
    Allocation,
    cancel,
    parameters,
    queued,
    refuse_without_slurm,
    script,
    submit,
    submitit,
    whole,
)
from nasbench_harness.jobs.executors.progress import JournalProgress
from nasbench_harness.jobs.executors.requests import ClusterError, Request, placed
from nasbench_harness.jobs.executors.submissions import FOLDER, NAME, PLAN, Submission
from nasbench_harness.jobs.executors.tasks import (
    ENDED_BY_OTHERS,
    MARKS,
    QUEUE,
    STARTED,
    WORK,
    BatchWork,
)
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.files import write_json
from nasbench_harness.store.outcomes import Outcome

TASKS = 20
"""At once, where nobody says how many."""
LOOK_SECONDS = 1.0
QUEUE_SECONDS = 15.0
"""So often SLURM is asked whether it has the tasks still."""
BARREN = 2
"""So many submissions whose tasks never began in a row are enough."""
LAST_SECONDS = 5.0
"""How long tasks that find nothing more to do may take to end, and to write that they did."""
SHORT_SECONDS, GRACE_SECONDS = 1.0, 35.0
"""How long nobody needs to be told that trials are waited for; SLURM gives them 30 seconds."""
VARIABLES = "NASHARNESS_"


class SlurmExecutor:
    """Runs jobs in tasks of SLURM."""

    def __init__(  # noqa: PLR0913 - what runs, where, and who is told
        self,
        request: Request,
        hardware: Hardware | None = None,
        *,
        allocation: Allocation | None = None,
        jobs: int | None = None,
        dry: bool = False,
        waiting: Callable[[], None] = lambda: None,
    ) -> None:
        """ClusterError where SLURM is not there, or gives nothing of that kind.

        `jobs`: at most so many tasks at once. `dry`: nothing will be submitted. `waiting` is called
        where the end of the trials in progress has to be waited for.
        """
        self._request, self._waiting = whole(request), waiting
        self._hardware = placed(hardware or Hardware(), request, "SLURM")
        self._allocation, self._jobs = allocation or Allocation(), jobs or TASKS
        self._barren = 0
        submitit()
        if not dry:
            refuse_without_slurm()

    def script(self, specs: Sequence[Spec], folder: Path) -> str:
        """What would be submitted first, if trials were run in `folder / trial_id`."""
        batch = folder.absolute().parent / FOLDER / "0"
        return script(batch, *self._asked(cohorts(specs, self._jobs), f"{NAME}-0"))

    def run(self, specs: Sequence[Spec], folder: Path) -> Generator[Event]:
        """Run every trial in `folder / trial_id`, those that tasks of an earlier run have too."""
        folder = folder.absolute()
        batches: list[Submission] = []
        if specs:
            folder.mkdir(parents=True, exist_ok=True)
            batches = self._rejoined(folder.parent / FOLDER)
            known = {trial_id for batch in batches for trial_id in batch.owed}
            if new := [spec for spec in specs if spec.trial_id not in known]:
                batches.append(self._submit(new, folder))
        return self._events(specs, folder, batches)

    def _events(
        self, specs: Sequence[Spec], folder: Path, batches: list[Submission]
    ) -> Generator[Event]:
        wanted = {spec.trial_id: spec for spec in specs}
        progress, asked = JournalProgress(folder), time.monotonic()
        try:
            while wanted:
                for batch in list(batches):
                    yield from _ended(batch, wanted)
                    if batch.is_over() and (
                        lost := [s for i, s in wanted.items() if i in batch.owed]
                    ):
                        batches.remove(batch)
                        self._refuse_futile(batch)
                        batches.append(self._submit(lost, folder))
                        batch.clear()
                ids = [trial_id for batch in batches for trial_id in batch.running()]
                yield from progress.look([wanted[one] for one in ids if one in wanted])
                if time.monotonic() - asked > QUEUE_SECONDS:
                    asked = time.monotonic()
                    _ask(batches)
                if wanted:
                    time.sleep(LOOK_SECONDS)
        finally:
            self._stop(batches, interrupted=bool(wanted))

    def _submit(self, specs: Sequence[Spec], folder: Path) -> Submission:
        """Hand trials to SLURM; nothing is left behind where it refuses."""
        groups = cohorts(specs, self._jobs)
        place = folder.parent / FOLDER / secrets.token_hex(4)
        batch = Submission(place, [[spec.trial_id for spec in group] for group in groups])
        variables = {k: v for k, v in os.environ.items() if k.startswith(VARIABLES)}
        write_json(place / PLAN, batch.cohorts)  # first: what a killed command leaves is found
        BatchWork(groups, str(folder), self._hardware, str(Path.cwd()), variables).write(place)
        try:
            submit(place, *self._asked(groups, batch.name))
        except ClusterError:
            shutil.rmtree(place, ignore_errors=True)
            raise
        return batch

    def _asked(self, groups: Sequence[Sequence[Spec]], name: str) -> tuple[int, dict[str, Any]]:
        """How many tasks, and what each asks for."""
        tasks = max(1, min(self._jobs, len(groups)))
        return tasks, parameters(self._request, self._allocation, name, tasks)

    def _refuse_futile(self, batch: Submission) -> None:
        """ClusterError where somebody ended the tasks, or where they never begin."""
        if (batch.folder / QUEUE / ENDED_BY_OTHERS).exists():
            raise ClusterError(
                "SLURM ended the tasks and did not queue them again, as after `scancel`; trials"
                " have saved themselves, and the same command, or `resume`, goes on with them."
            )
        began = (batch.folder / QUEUE / STARTED).exists()
        self._barren = 0 if began else self._barren + 1
        if self._barren >= BARREN:
            raise ClusterError(
                f"SLURM ended all tasks before they began a trial, {BARREN} times; do its nodes see"
                f" {batch.folder}, and the same Python? Logs are there{_last_words(batch.folder)}."
            )

    def _stop(self, batches: Sequence[Submission], *, interrupted: bool) -> None:
        """Have trials save themselves and end; of those that have ended only the queues go."""
        if interrupted:
            self._cancel(batches)
            return
        names = [batch.name for batch in batches]
        cancel(names, waiting_only=True)
        began = time.monotonic()
        while time.monotonic() - began < LAST_SECONDS and queued(names):
            time.sleep(LOOK_SECONDS / 4)
        for batch in batches:
            batch.clear()

    def _rejoined(self, place: Path) -> list[Submission]:
        """What earlier commands have submitted and SLURM has still; the rest is cleared away.

        Among it are tasks that were to be cancelled by a command that was killed before it did.
        ClusterError where SLURM does not tell.
        """
        found = [Submission.read(path.parent) for path in sorted(place.glob(f"*/{PLAN}"))]
        names = queued([batch.name for batch in found])
        if names is None:
            raise ClusterError("SLURM does not answer (`squeue`); nothing was submitted.")
        there = [batch for batch in found if batch.name in names]
        alive = [batch for batch in there if not batch.queue.stopped]
        self._cancel([batch for batch in there if batch not in alive])
        for batch in found:
            if batch not in alive:
                batch.clear()
        for path in place.glob(f"*/{WORK}"):  # of a release that wrote it first, and was killed
            if not (path.parent / PLAN).exists():
                Submission(path.parent, []).clear()
        if not alive:
            shutil.rmtree(place / MARKS, ignore_errors=True)
        return alive

    def _cancel(self, batches: Sequence[Submission]) -> None:
        """Have the trials of all that runs save themselves and end; do not wait for ever."""
        for batch in batches:
            batch.queue.stop()
        cancel([batch.name for batch in batches])
        began, told = time.monotonic(), False
        while time.monotonic() - began < GRACE_SECONDS and any(b.queue.taken for b in batches):
            if not told and time.monotonic() - began > SHORT_SECONDS:
                told = True
                self._waiting()
            time.sleep(LOOK_SECONDS / 4)


def _ended(batch: Submission, wanted: dict[str, Spec]) -> Iterator[Outcome]:
    """What a batch has ended of what is wanted, which no longer is."""
    for outcome in batch.news():
        if wanted.pop(outcome.trial_id, None) is not None:
            yield outcome


def _ask(batches: Sequence[Submission]) -> None:
    """Count of each batch how often SLURM did not have it."""
    names = queued([batch.name for batch in batches])
    for batch in batches:
        batch.missed = 0 if names is None or batch.name in names else batch.missed + 1


def _last_words(folder: Path) -> str:
    """The last line of the logs, in brackets."""
    for path in sorted(folder.glob("*.err")):
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if lines:
            return f" ({lines[-1].strip()[:200]})"
    return ""
