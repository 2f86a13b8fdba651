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

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.job import Job, Spec, open_job
from nasbench_harness.store.checkpoints import load_checkpoint, remove_checkpoints, save_checkpoint
from nasbench_harness.store.files import write_json
from nasbench_harness.store.journals import Journal, read_journal
from nasbench_harness.store.outcomes import (
    HISTORY,
    RESULT,
    SCHEMA_VERSION,
    TRIAL,
    Outcome,
    Status,
    sentence,
    write_failure,
)

LOCK = "trial.lock"
LOCK_SECONDS = 30.0
"""How long to wait for a worker that lost its parent to notice and to stop."""
CHECKPOINT_SECONDS = 10.0
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
) -> Outcome:
    """Run (or go on with) the job in `folder`; whatever goes wrong becomes its status."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=LOCK_SECONDS):
            write_json(folder / TRIAL, {"schema_version": SCHEMA_VERSION, **asdict(spec)})
            job = open_job(spec, hardware or Hardware())
            return _Driver(spec, job, folder, callbacks or Callbacks()).run()
    except Timeout:
        return Outcome(spec.trial_id, Status.FAILED, f"Another process is running {folder}.")
    except Exception as error:
        outcome = Outcome(spec.trial_id, Status.FAILED, sentence(error))
        write_failure(folder, outcome, traceback.format_exc())
        return outcome


class _Driver:
    """A job and what is kept of it."""

    def __init__(self, spec: Spec, job: Job, folder: Path, callbacks: Callbacks) -> None:
        self._spec, self._job = spec, job
        self._folder, self._callbacks = folder, callbacks
        self._lines = 0
        """Of the journal, at the job's present step."""
        self._saved = self._told = time.monotonic()

    def run(self) -> Outcome:
        """To the end, or to where it is stopped."""
        self._resume()
        with contextlib.closing(Journal(self._folder / HISTORY, keep=self._lines)) as journal:
            finished = self._advance(journal)
        if not finished:
            outcome = Outcome(self._spec.trial_id, Status.INTERRUPTED, f"stopped {self._job.place}")
            write_failure(self._folder, outcome)
            return outcome
        result = self._job.result(partial(read_journal, self._folder / HISTORY))
        write_json(self._folder / RESULT, {"schema_version": SCHEMA_VERSION, **result})
        remove_checkpoints(self._folder)
        return Outcome(self._spec.trial_id, Status.DONE)

    def _advance(self, journal: Journal) -> bool:
        """To the last step; False if stopped before, with a checkpoint to go on from."""
        job = self._job
        while not job.finished:
            recorded = job.advance()
            if recorded:
                journal.append(job.record())
                self._lines = journal.length
            self._tell(recorded=recorded)
            stopped = self._callbacks.stopped()
            if stopped or self._is_due(recorded=recorded):
                journal.sync()
                self._checkpoint()
            if stopped and not job.finished:
                return False
        return True

    def _tell(self, *, recorded: bool) -> None:
        now = time.monotonic()
        if recorded or now - self._told > PROGRESS_SECONDS:
            self._callbacks.progress(self._job.step)
            self._told = now

    def _is_due(self, *, recorded: bool) -> bool:
        """Is it time for a checkpoint: every few seconds, and after every line that took long."""
        if recorded and self._job.lasting:
            return True
        waited = time.monotonic() - self._saved
        return waited > CHECKPOINT_SECONDS and not self._job.finished

    def _checkpoint(self) -> None:
        state = self._job.state_dict()
        kept = {"fingerprint": self._spec.fingerprint, "lines": self._lines}
        save_checkpoint(self._folder, {**kept, **state})
        self._saved = time.monotonic()

    def _resume(self) -> None:
        state = load_checkpoint(self._folder, self._spec.fingerprint)
        if state is not None:
            self._lines = int(state["lines"])
            self._job.load_state_dict(state)
