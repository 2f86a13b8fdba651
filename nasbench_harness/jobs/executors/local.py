"""Trials in parallel processes on this machine.

Each worker takes one cohort after the other: trials that differ in their seed only, often a single
one. A worker that dies takes only its trial with it: the trial is marked failed and a new worker
takes its place. Of a cohort nobody knows whose fault it was: its trials go on one by one. A trial
that runs out of memory beside others runs once more when it has its device to itself.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from nasbench_harness.hardware import Hardware, available_cores
from nasbench_harness.jobs.cohort import cohorts
from nasbench_harness.jobs.executors import Event
from nasbench_harness.jobs.executors.dispatch import Dispatch
from nasbench_harness.jobs.executors.slots import Slot
from nasbench_harness.jobs.executors.submissions import refuse_submitted
from nasbench_harness.jobs.executors.working import Duty, Stop, bury, work
from nasbench_harness.jobs.job import Spec
from nasbench_harness.process import frame, streams
from nasbench_harness.store.outcomes import Outcome, Status

GRACE_SECONDS = 10.0
"""How long a worker that is asked to stop may take to end its step and save it."""
SHORT_SECONDS = 1.0
"""How long nobody needs to be told that workers are waited for."""
PRELOADED = ("torch", "torch._dynamo", "nasbench_harness.jobs.cohort")
"""What workers are forked with, beside the modules that open their jobs; optimizers import
`torch._dynamo` at their first step."""
STOPS = {signal.SIGINT, *frame.STOPS}
MALLOC = {"hugetlb": 1, "mmap_threshold": 32 << 20, "trim_threshold": 8 << 30}
"""What glibc does about memory: it asks for large pages, of which a step on images touches a few
where it would touch tens of thousands of small ones, and keeps for the next step what a step gave
back, which would be cleared once more. The threshold is the largest that every glibc takes."""
ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",
    "GLIBC_TUNABLES": ":".join(f"glibc.malloc.{name}={value}" for name, value in MALLOC.items()),
}
"""What workers are started with. Nothing that lies in the folder one works in stands in for a
module of theirs (their `sys.path` is the parent's from then on)."""
MOVED = (
    "Note: {} ran out of memory beside others and will go on from the last checkpoint with a device"
    " to itself."
)
SOCKET_BYTES = 104
"""What the path of a socket may take with its last zero: 108 on Linux, 104 on BSD and macOS."""


def start_method() -> str:
    """How workers are started: by a fork server, where it can have its socket.

    The socket lies in the folder for temporary files, and its whole path has to fit into what the
    system allows. Where there is no such folder, or its name is too long, every worker starts by
    itself, which takes as long as importing torch does.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return "spawn"
    try:
        folder = os.path.join(tempfile.gettempdir(), "pymp-xxxxxxxx", "listener-xxxxxxxx")
    except OSError:  # nowhere to write at all
        return "spawn"
    return "forkserver" if len(os.fsencode(folder)) < SOCKET_BYTES else "spawn"


class LocalExecutor:
    """Runs jobs in `jobs` processes."""

    def __init__(  # noqa: PLR0913 - where trials run, what is done, and who is told
        self,
        jobs: int | None = None,
        hardware: Hardware | None = None,
        *,
        slots: Sequence[Slot] = (),
        waiting: Callable[[], None] = lambda: None,
        told: Callable[[str], None] = lambda text: None,
        work: Duty = work,
    ) -> None:
        """`jobs`: how many processes; None takes as many as have cores of their own.

        `slots`, where there are any, say in place of both where trials run: a process for each.
        `waiting` is called where the end of the trials in progress has to be waited for; `told`
        with what whoever looks on should know. `work` is what a worker does with each cohort.
        """
        self._waiting, self._told, self._does = waiting, told, work
        self.hardware = hardware or Hardware()
        processes = jobs or max(1, available_cores() // self.hardware.threads)
        self._slots = [*slots] or [Slot(self.hardware)] * processes
        self.jobs = len(self._slots)
        self._context = multiprocessing.get_context(start_method())

    def run(self, specs: Sequence[Spec], folder: Path) -> Generator[Event]:
        """Run every trial in `folder / trial_id`; what they are forked from starts at once."""
        refuse_submitted(folder)
        if specs and self._context.get_start_method() == "forkserver":
            opening = {spec.job.partition(":")[0] for spec in specs}
            self._context.set_forkserver_preload([*PRELOADED, *sorted(opening)])
            _start_server()
        return self._events(specs, folder)

    def _events(self, specs: Sequence[Spec], folder: Path) -> Generator[Event]:
        devices = [slot.hardware.device for slot in self._slots]
        dispatch = Dispatch(cohorts(specs, self.jobs), devices)
        workers: list[_Worker] = []
        try:
            while dispatch or workers:
                for place in self._free(workers):
                    if chosen := dispatch.take(place, [worker.place for worker in workers]):
                        workers.append(self._start(place, folder))
                        workers[-1].give(chosen)
                yield from _collect(workers, dispatch, folder, self._told)
        finally:
            _stop(workers, self._waiting)

    def _start(self, place: int, folder: Path) -> _Worker:
        duty = (folder, self._slots[place], Path.cwd(), self._does)
        return _Worker.start(self._context, place, duty)

    def _free(self, workers: Sequence[_Worker]) -> list[int]:
        """Numbers of slots in which nobody works."""
        taken = {worker.place for worker in workers}
        return [place for place in range(self.jobs) if place not in taken]


def _start_server() -> None:
    """Start what workers are forked from, so that it outlives what stops its whole group.

    Ctrl-C, a closed terminal and many schedulers signal every process of a group. The parent is
    the one that acts on it; signals that were held back when a process began stay so in it.
    """
    from multiprocessing import forkserver, resource_tracker  # not there on Windows

    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        with _environment():
            forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """Processes begun within it have `ENVIRONMENT`, where their variables are not set."""
    added = {name: value for name, value in ENVIRONMENT.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@contextlib.contextmanager
def _unseen_script() -> Iterator[None]:
    """Processes begun within it do not import the script that this one runs.

    They need nothing of it, and a script that starts a study without asking first whether it is
    `__main__` would start it again in each of them.
    """
    facts = vars(sys.modules["__main__"])
    hidden: dict[str, Any] = {
        name: facts[name] for name in ("__spec__", "__file__") if name in facts
    }
    facts.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        facts.update(hidden)


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    place: int
    """Number of its slot."""
    specs: list[Spec] = field(default_factory=list)
    """What it has not told the end of."""
    leaving: bool = False
    """Was it asked to stop by somebody else."""
    moved: list[Spec] = field(default_factory=list)
    """What ran out of memory in it, and will have a device of its own."""
    spent: bool = False
    """Has it run out of memory: what it still holds would be missed."""

    @classmethod
    def start(
        cls, context: multiprocessing.context.BaseContext, place: int,
        duty: tuple[Path, Slot, Path, Duty],
    ) -> _Worker:  # fmt: skip
        """`duty`: what `_work` is given beside its connection."""
        ours, theirs = context.Pipe()
        process = context.Process(  # type: ignore[attr-defined]
            target=_work, args=(theirs, *duty), daemon=True
        )
        with _unseen_script(), _environment():
            process.start()
        theirs.close()
        return cls(process, ours, place)

    def give(self, specs: Sequence[Spec]) -> None:
        self.specs = list(specs)
        self.connection.send(self.specs)


def _collect(
    workers: list[_Worker], dispatch: Dispatch, folder: Path, told: Callable[[str], None]
) -> Iterator[Event]:
    """Wait for the next messages; hand out new cohorts and bury dead workers."""
    ready = wait([worker.connection for worker in workers])
    for worker in [w for w in workers if w.connection in ready]:
        try:
            event: Event = worker.connection.recv()
        except (EOFError, ConnectionError):
            workers.remove(worker)
            _set_apart(worker, dispatch, told)
            yield from _bury(worker, dispatch, folder)
            continue
        if not isinstance(event, Outcome):
            yield event
            continue
        if not _moves(worker, event, dispatch):
            yield event
        worker.specs = [spec for spec in worker.specs if spec.trial_id != event.trial_id]
        worker.leaving |= event.status is Status.INTERRUPTED
        if worker.specs:
            continue
        _set_apart(worker, dispatch, told)
        busy = [other.place for other in workers if other is not worker]
        kept = not (worker.leaving or worker.spent)
        if kept and (chosen := dispatch.take(worker.place, busy)):
            worker.give(chosen)
        else:
            workers.remove(worker)
            _dismiss(worker)


def _moves(worker: _Worker, outcome: Outcome, dispatch: Dispatch) -> bool:
    """Did a trial run out of memory that will have a device of its own."""
    if not outcome.out_of_memory:
        return False
    worker.spent = True
    (spec,) = [spec for spec in worker.specs if spec.trial_id == outcome.trial_id]
    if not dispatch.moves(spec, worker.place):
        return False
    worker.moved.append(spec)
    return True


def _set_apart(worker: _Worker, dispatch: Dispatch, told: Callable[[str], None]) -> None:
    """Once nothing is left to the worker."""
    if worker.moved:
        dispatch.set_apart(worker.moved)
        told(MOVED.format(", ".join(spec.trial_id for spec in worker.moved)))
        worker.moved = []


def _bury(worker: _Worker, dispatch: Dispatch, folder: Path) -> Iterator[Outcome]:
    """What becomes of what was left to a worker that died without a word."""
    worker.process.join()
    code = worker.process.exitcode or 0
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    why = f"The worker process was killed in the middle of the trial ({how})."
    again, failed = bury(worker.specs, folder, why, leaving=worker.leaving)
    dispatch.again(again)
    yield from failed


def _dismiss(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.join()


def _stop(workers: list[_Worker], waiting: Callable[[], None]) -> None:
    """Ask running trials to save a checkpoint and end; do not wait for ever.

    Whoever interrupts the waiting ends them at once. They lose what they did since their last
    checkpoint, and nothing else.
    """
    try:
        for worker in workers:
            worker.process.terminate()
            worker.connection.close()
        deadline = time.monotonic() + SHORT_SECONDS
        if not _have_ended(workers, deadline):
            waiting()
            _have_ended(workers, deadline + GRACE_SECONDS)
    finally:
        for worker in workers:
            if worker.process.is_alive():
                worker.process.kill()
            worker.process.join()


def _have_ended(workers: list[_Worker], deadline: float) -> bool:
    """Wait until then for all of them."""
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
    return not any(worker.process.is_alive() for worker in workers)


def _work(connection: Connection, folder: Path, slot: Slot, place: Path, does: Duty = work) -> None:
    """A worker's life: trials until the other end closes or SIGTERM arrives.

    It works in `place`, so that relative paths mean there what they mean to the parent.
    """
    os.chdir(place)
    slot.enter()
    stop = Stop()
    streams.guard()  # what a method prints must not end its trial
    for number in STOPS:  # Ctrl-C is the parent's to handle
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    while not stop.asked:
        try:
            specs: list[Spec] = connection.recv()
        except (EOFError, ConnectionError):
            return
        does(specs, folder, slot.hardware, connection.send, stop)
