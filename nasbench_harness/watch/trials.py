"""How far one trial or training is, told by the files of its folder alone."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.journals import last_row
from nasbench_harness.store.outcomes import HISTORY, RESULT, TRIAL_LOCK, Status, read_result
from nasbench_harness.tables.quantity import ACCURACY, quantity_in
from nasbench_harness.watch.locks import is_held

PATIENCE_SECONDS = 10.0
"""A journal that has grown this lately is being written to, whatever its lock says."""
KILLED = "ended without a word"


@dataclass(frozen=True)
class TrialState:
    """One trial at one moment."""

    trial: str
    method: str
    """Of a training the architecture."""
    seed: int
    state: Status
    step: int
    """Search steps done, or epochs of a training."""
    steps: int
    metric: str
    """What `accuracy` and `regret` are of."""
    accuracy: float | None = None
    regret: float | None = None
    seconds: float | None = None
    """Of searching or training, as recorded; the part before a resume included."""
    error: str = ""
    """Why the trial, or its last attempt, has no result."""
    quantity: str = ACCURACY.noun
    """What `metric` is of."""
    unit: str = ACCURACY.unit


class TrialObserver:
    """Looks at a trial again and again; reads a file again only where it has changed."""

    def __init__(self, spec: Spec, folder: Path) -> None:
        """The trial of `spec` in `folder`, which need not be there yet."""
        self.spec = spec
        self._trial, self._method = spec.trial_id, spec.label
        self._result_path, self._journal_path = folder / RESULT, folder / HISTORY
        self._lock_path = folder / TRIAL_LOCK
        self._result_stamp: Stamp | None = None
        self._journal_stamp: Stamp | None = None
        self._result: dict[str, Any] = {"status": Status.MISSING}
        self._quantity = quantity_in(str(getattr(spec, "table", "")), spec.report_metric)
        self._row: dict[str, Any] = {}

    def look(self) -> TrialState:
        """The trial as it is now."""
        stamp = _stamp(self._result_path)
        if stamp != self._result_stamp:
            self._result_stamp, self._result = stamp, read_result(self._result_path.parent)
        if self._result["status"] == Status.DONE:
            seconds = self._result.get(self.spec.clock)
            return self._tell(Status.DONE, self._result, self.spec.steps, seconds, "")
        stamp = _stamp(self._journal_path)
        if stamp != self._journal_stamp:
            self._journal_stamp, self._row = stamp, last_row(self._journal_path) or {}
        state, error = self._unfinished()
        step, seconds = int(self._row.get(self.spec.counter, 0)), self._row.get("seconds")
        return self._tell(state, self._row, step, seconds, error)

    def _tell(
        self, state: Status, facts: dict[str, Any], step: int, seconds: float | None, error: str
    ) -> TrialState:
        metric = self.spec.report_metric
        accuracy, regret = facts.get(metric), facts.get(f"regret_{metric}")
        return TrialState(
            self._trial, self._method, self.spec.seed, state, step, self.spec.steps, metric,
            accuracy, regret, seconds, error, self._quantity.noun, self._quantity.unit,
        )  # fmt: skip

    def _unfinished(self) -> tuple[Status, str]:
        status, error = self._result["status"], str(self._result.get("error", ""))
        failed = status == Status.FAILED
        if is_held(self._lock_path) or self._grows():
            return Status.RUNNING, error if failed else ""
        if failed:
            return Status.FAILED, error
        if status == Status.INTERRUPTED:
            return Status.INTERRUPTED, error
        return (Status.INTERRUPTED, KILLED) if self._journal_stamp else (Status.MISSING, "")

    def _grows(self) -> bool:
        """Is the journal written to, as on a disk whose locks this machine does not see.

        Three of the trial's own intervals between two lines may pass.
        """
        if self._journal_stamp is None:
            return False
        if self._result_stamp is not None and self._result_stamp > self._journal_stamp:
            return False
        interval = float(self._row.get("seconds", 0.0)) * self._recorded_share()
        idle = time.time() - self._journal_stamp[0] / 1e9
        return idle < PATIENCE_SECONDS + 3 * interval

    def _recorded_share(self) -> float:
        """The steps between two lines, as a share of those done so far."""
        return min(1.0, self.spec.interval / max(1, int(self._row.get(self.spec.counter, 1))))


Stamp = tuple[int, int]
"""When a file was last written to, in nanoseconds, and its size."""


def _stamp(path: Path) -> Stamp | None:
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size
