"""One job from start to finish: lock, resume, journal, checkpoints, result, or why there is none.

What a job ends with depends on its own spec alone, on the CPU bit for bit, however often it was
stopped or killed on the way: it owns its random generators, and sees neither other jobs nor the
clock. It runs on one thread unless told otherwise, so that its sums are always in one order.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from nasbench_harness.hardware import Hardware, is_out_of_memory
from nasbench_harness.jobs.job import Job, Spec, open_job
from nasbench_harness.store.checkpoints import load_checkpoint, remove_checkpoints, save_checkpoint
from nasbench_harness.store.files import write_json
from nasbench_harness.store.journals import Journal, read_journal
from nasbench_harness.store.leases import Lease, LeaseError, is_leased
from nasbench_harness.store.outcomes import (
    HISTORY,
    RESULT,
    SCHEMA_VERSION,
    TRIAL,
    TRIAL_LOCK,
    Outcome,
    Status,
    read_result,
    sentence,
    write_failure,
)

LOCK_SECONDS = 30.0
"""How long to wait for a worker that lost its parent to notice and to stop."""
CHECKPOINT_SECONDS = 10.0
SOON_SECONDS = 1.0
"""Until the first checkpoint of a job that was begun before, and may have been killed: from there
on twice as long each time, up to the usual."""
PROGRESS_SECONDS = 0.2
"""So often progress is told between two lines of the history."""


@dataclass
class Callbacks:
    """How a running job talks to whoever runs it."""

    progress: Callable[[int], None] = lambda steps: None
    """Hears how many steps are done."""
    stopped: Callable[[], bool] = lambda: False
    """Tells, asked after every step, whether to keep what there is and end."""


def run_job(
    spec: Spec,
    folder: Path,
    callbacks: Callbacks | None = None,
    hardware: Hardware | None = None,
    *,
    shared: bool = False,
) -> Outcome:
    """Run (or go on with) the job in `folder`; whatever goes wrong becomes its status.

    `shared`: other machines may work in the folder; none then works at the same time, or again at
    what another has ended.
    """
    callbacks = callbacks or Callbacks()
    driver = Driver(spec, folder, callbacks, shared=shared)
    try:
        driver.open(hardware or Hardware())
        job, stopped = driver.job, False
        while not job.finished and not stopped:
            recorded = job.advance()
            if recorded:
                driver.record()
            driver.tell(recorded=recorded)
            stopped = callbacks.stopped()
            if stopped or driver.is_due(recorded=recorded):
                driver.save()
        return driver.end()
    except Exception as error:
        return driver.fail(error)
    finally:
        driver.close()


class _EndedError(Exception):
    """Another machine has ended the job while this one was about to run it."""


class Driver:
    """A job, what is kept of it in its folder, and the lock of that; whoever opens it closes it."""

    job: Job

    def __init__(
        self, spec: Spec, folder: Path, callbacks: Callbacks, *, shared: bool = False
    ) -> None:
        """`folder` is the job's own; where machines share it, a lease is taken beside the lock."""
        self.spec, self._folder, self._callbacks = spec, folder, callbacks
        self._shared = shared
        self._lock = FileLock(folder / TRIAL_LOCK, timeout=LOCK_SECONDS)
        self._lease = Lease(folder / TRIAL_LOCK)
        self._journal: Journal | None = None
        self._lines = 0
        """Of the journal, at the job's present step."""
        self._saved = self._told = self._opened = time.monotonic()
        self._again = False
        """Was it begun before."""
        self.told = False
        """Has anybody been told yet how far the job is."""

    def open(self, hardware: Hardware) -> None:
        """Lock the folder, open the job and go on from its last checkpoint, if there is one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        if self._shared or is_leased(self._folder / TRIAL_LOCK):
            self._lease.acquire(LOCK_SECONDS)
            if read_result(self._folder)["status"] == Status.DONE:
                raise _EndedError
        self._again = (self._folder / TRIAL).exists()
        write_json(self._folder / TRIAL, {"schema_version": SCHEMA_VERSION, **asdict(self.spec)})
        self.job = open_job(self.spec, hardware)
        state = load_checkpoint(self._folder, self.spec.fingerprint)
        if state is not None:
            self._lines = int(state["lines"])
            self.job.load_state_dict(state)
        self._journal = Journal(self._folder / HISTORY, keep=self._lines)

    def record(self) -> None:
        """Write the line of the history that is due."""
        assert self._journal is not None
        self._journal.append(self.job.record())
        self._lines = self._journal.length

    def tell(self, *, recorded: bool) -> None:
        """Tell how far the job is: at every recorded step, and now and then in between."""
        if recorded or self.silent:
            self._callbacks.progress(self.job.step)
            self._told, self.told = time.monotonic(), True

    @property
    def silent(self) -> bool:
        """Has nobody been told for a while."""
        return time.monotonic() - self._told > PROGRESS_SECONDS

    def is_due(self, *, recorded: bool) -> bool:
        """Is it time for a checkpoint: every few seconds, and after every line that took long."""
        if recorded and self.job.lasting:
            return True
        waited, usual = time.monotonic() - self._saved, CHECKPOINT_SECONDS
        if self._again:
            usual = min(usual, max(SOON_SECONDS, self._saved - self._opened))
        return waited > usual and not self.job.finished

    def save(self) -> None:
        """Write a checkpoint, after the lines that it counts on."""
        assert self._journal is not None
        self._lease.check()
        self._journal.sync()
        kept = {"fingerprint": self.spec.fingerprint, "lines": self._lines}
        save_checkpoint(self._folder, {**kept, **self.job.state_dict()}, self.job.share)
        self._saved = time.monotonic()

    def end(self) -> Outcome:
        """Write the result of a finished job; of another one that it was interrupted."""
        self._close_journal()
        self._lease.check()
        if not self.job.finished:
            place = f"stopped {self.job.place}"
            outcome = Outcome(self.spec.trial_id, Status.INTERRUPTED, place)
            write_failure(self._folder, outcome)
            return outcome
        result = self.job.result(partial(read_journal, self._folder / HISTORY))
        write_json(self._folder / RESULT, {"schema_version": SCHEMA_VERSION, **result})
        remove_checkpoints(self._folder)
        return Outcome(self.spec.trial_id, Status.DONE)

    def fail(self, error: Exception) -> Outcome:
        """Write why there is no result; called in the handler of `error`."""
        if isinstance(error, Timeout):
            busy = f"Another process is running {self._folder}."
            return Outcome(self.spec.trial_id, Status.FAILED, busy)
        if isinstance(error, _EndedError):
            return Outcome(self.spec.trial_id, Status.DONE)
        if isinstance(error, LeaseError) or self._lease.lost:  # the folder is somebody else's
            return Outcome(self.spec.trial_id, Status.FAILED, sentence(error))
        cramped = any(is_out_of_memory(e) for e in (error, error.__cause__) if e)
        outcome = Outcome(self.spec.trial_id, Status.FAILED, sentence(error, self.spec), cramped)
        with contextlib.suppress(OSError):
            self._close_journal()
        write_failure(self._folder, outcome, traceback.format_exc())
        return outcome

    def close(self) -> None:
        """Leave the folder to others."""
        with contextlib.suppress(OSError):
            self._close_journal()
        self._lease.release()
        self._lock.release()

    def _close_journal(self) -> None:
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()
