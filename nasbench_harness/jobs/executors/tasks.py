"""What a task of a batch system does: trials from a queue in a shared folder, until none is left.

A task is asked to stop when its time is nearly over, or when something more urgent needs its node:
trials save themselves, and the task is queued again, where the system was the one that asked.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.executors import Event
from nasbench_harness.jobs.executors.deaths import STARTS
from nasbench_harness.jobs.executors.progress import Extent, reached
from nasbench_harness.jobs.executors.queues import Marks, Queue
from nasbench_harness.jobs.executors.working import Stop, bury, finished, prepare, work
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.outcomes import Outcome

QUEUE, WORK, MARKS = "queue", "work.pkl", "begun"
STARTED, ENDED_BY_OTHERS = "started", "cancelled"
"""In the queue's folder: did any task begin, and was one ended and not queued again."""
TRIES = 3
"""So many tasks may die of a trial that does not get further before it has failed."""
FOLLOW_SECONDS = 10.0
"""Within which a task that is to end is told whether it is to be queued again."""
TICK_SECONDS = 0.2


@dataclass(frozen=True)
class BatchWork:
    """All that the tasks of a batch have in common."""

    cohorts: list[list[Spec]]
    folder: str
    """Of the trials."""
    hardware: Hardware
    place: str
    """The folder that relative paths start from."""
    variables: Mapping[str, str]

    def write(self, batch: Path) -> None:
        """Lay out a batch's folder."""
        Queue(batch / QUEUE, len(self.cohorts)).lay_out()
        (batch / WORK).write_bytes(pickle.dumps(self))

    def enter(self) -> None:
        """Be where the command was."""
        if Path(self.place).is_dir():
            os.chdir(self.place)
        os.environ.update(self.variables)


@dataclass(frozen=True)
class BatchTask:
    """What submitit runs; `checkpoint` is how it is begun again."""

    batch: str
    """The folder of all tasks that were submitted together, see `BatchWork.write`."""
    rank: int = 0
    tasks: int = 1

    def __call__(self) -> None:
        """Work until nothing is left, or until somebody asks to stop."""
        batch = Path(self.batch)
        try:
            shared: BatchWork = pickle.loads((batch / WORK).read_bytes())
        except FileNotFoundError:  # it was ended before this task began
            return
        _note(batch / QUEUE)
        shared.enter()
        stop, asked, again = _Asked(), signal.SIGTERM, _requeue_signal()
        requeue = signal.getsignal(again)
        for number in (asked, again):
            signal.signal(number, stop)
        queue = Queue(batch / QUEUE, len(shared.cohorts), self._first(len(shared.cohorts)))
        work_off(queue, shared, Marks(batch.parent / MARKS), stop)
        if asked in stop.numbers and not queue.stopped:
            _wait(FOLLOW_SECONDS, lambda: again in stop.numbers)
        if again in stop.numbers and callable(requeue):
            requeue(again, None)
        elif stop.asked and not queue.stopped:
            (batch / QUEUE / ENDED_BY_OTHERS).touch()

    def checkpoint(self) -> Any:
        """What takes its place when it is queued again: the same, for the folder knows the rest."""
        return import_module("submitit.helpers").DelayedSubmission(self)

    def _first(self, pieces: int) -> int:
        return self.rank * pieces // self.tasks


class _Asked(Stop):
    """And by which signals."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: set[int] = set()

    def __call__(self, *told: object) -> None:
        super().__call__(*told)
        self.numbers.update(number for number in told[:1] if isinstance(number, int))


def work_off(queue: Queue, shared: BatchWork, marks: Marks, stop: Stop) -> None:
    """Take cohorts and run them, until there are none or somebody asks to stop."""

    def idle(seconds: float) -> None:
        _wait(seconds, lambda: stop.asked or not queue.taken)

    while not (stop.asked or queue.stopped):
        piece = queue.take() or queue.take_dead(idle) or queue.take()
        if piece is None:
            return
        outcomes = _run(shared.cohorts[piece.number], shared, marks, stop)
        if stop.asked:
            piece.leave()
        else:
            piece.end(outcomes)


def _run(specs: Sequence[Spec], shared: BatchWork, marks: Marks, stop: Stop) -> list[Outcome]:
    """A cohort; one by one where somebody has died in the middle of it and it can be parted."""
    folder = Path(shared.folder)
    specs, ended = finished(specs, folder)
    if not specs:
        return ended
    far = {spec.trial_id: reached(spec, folder) for spec in specs}
    deaths = marks.deaths(far)
    together = specs[0].places > 0
    hopeless = _hopeless(far, deaths, marks)
    if hopeless and together:
        hopeless = dict.fromkeys(far, next(iter(hopeless.values())))
    left = [spec for spec in specs if spec.trial_id not in hopeless]
    gone = [[spec] for spec in specs if spec.trial_id in hopeless]
    outcomes = [
        outcome
        for group in ([[*specs]] if gone and together else gone)
        for outcome in bury(group, folder, hopeless[group[0].trial_id])[1]
    ]
    told: list[Event] = []
    for group in [[spec] for spec in left] if deaths and not together else [left]:
        if stop.asked or not group:
            break
        marked = {spec.trial_id: far[spec.trial_id] for spec in group}
        with marks.on(marked, begun=False):
            prepare(group)
        with marks.on(marked):
            work(group, folder, shared.hardware, told.append, stop, shared=True)
    return [*ended, *outcomes, *(event for event in told if isinstance(event, Outcome))]


def _hopeless(far: Mapping[str, Extent], deaths: Mapping[str, int], marks: Marks) -> dict[str, str]:
    """Trials that tasks died of too often, and why they have failed."""
    losses = marks.deaths(far, begun=False)
    where = {one: f"{losses[one]} times before it had begun" for one in far if losses[one] > STARTS}
    where |= {one: f"{TRIES} times at the same place of it" for one in far if deaths[one] >= TRIES}
    return {
        one: f"Tasks died {place}; the study's folder has their logs."
        for one, place in where.items()
    }


def _note(queue: Path) -> None:
    """That a task began, which is so for one that was queued again, too."""
    with contextlib.suppress(FileNotFoundError):
        (queue / STARTED).touch()
        (queue / ENDED_BY_OTHERS).unlink(missing_ok=True)


def _requeue_signal() -> int:
    """What submitit has tasks told that are to be queued again."""
    name = import_module("submitit.core.job_environment").JobEnvironment.USR_SIG
    return int(getattr(signal, f"SIG{name}"))


def _wait(seconds: float, enough: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not enough():
        time.sleep(TICK_SECONDS)
