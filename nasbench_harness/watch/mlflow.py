"""`--mlflow`: a study, or trainings, on an MLflow server while they run.

The server is talked to from a thread of its own, so that a slow one keeps no worker waiting. After
the first error nothing more is sent; running the study again sends what is missing.
"""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.jobs.executors import Event
from nasbench_harness.store.folders import JobFolder
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.watch.mlflow_client import reason, shown
from nasbench_harness.watch.mlflow_runs import FolderRuns, TrialRun
from nasbench_harness.watch.trackers import TrackingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

SEND_SECONDS = 5.0
"""A running trial is told of this often."""


class MLflow:
    """Logs one folder of jobs."""

    def __init__(self, client: MlflowClient, address: str) -> None:
        """Through `client`, whose server is at `address`."""
        self._client, self._address = client, shown(address)
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._report: Path | None = None
        self._fault = ""

    def begin(self, jobs: JobFolder[Any]) -> None:
        """Find or make the runs of all that is planned; TrackingError if the server refuses."""
        try:
            runs = FolderRuns(self._client, jobs)
        except TrackingError:
            raise
        except Exception as error:  # nothing has run yet
            raise TrackingError(
                f"MLflow at {self._address} does not take the {jobs.kind.content}: {reason(error)}."
            ) from error
        self._thread = threading.Thread(target=self._work, args=(jobs, runs), daemon=True)
        self._thread.start()

    def watch(self, event: Event) -> None:
        """Hand it to the thread."""
        self._events.put(event)

    def end(self, report: Path | None) -> str:
        """Wait until everything has been sent."""
        if self._thread is None:
            return ""
        self._report = report
        self._events.put(None)
        self._thread.join()
        if not self._fault:
            return ""
        return (
            f"MLflow at {self._address} failed in the middle ({self._fault}); the results are whole"
            " and the same command with --mlflow sends what is missing."
        )

    def _work(self, jobs: JobFolder[Any], runs: FolderRuns) -> None:
        """The thread: events until there are no more, then all that is missing."""
        try:
            sender = _Sender(jobs, runs)
            while (event := self._events.get()) is not None:
                sender.take(event)
            sender.catch_up()
            runs.close(self._report)
        except Exception as error:  # whatever it is, the jobs go on
            self._fault = reason(error)


class _Sender:
    """Which trials have been begun on the server, and when each was told of last."""

    def __init__(self, jobs: JobFolder[Any], runs: FolderRuns) -> None:
        self._jobs, self._runs = jobs, runs
        self._specs = {spec.trial_id: spec for spec in jobs.specs}
        self._open: dict[str, TrialRun] = {}
        self._sent_at: dict[str, float] = {}
        self._closed: set[str] = set()

    def take(self, event: Event) -> None:
        """Tell of a trial, unless that was done a moment ago."""
        trial, now = event.trial_id, time.monotonic()
        if isinstance(event, Outcome):
            self._close(trial)
        elif now - self._sent_at.setdefault(trial, now) > SEND_SECONDS:
            self._run(trial).follow()
            self._sent_at[trial] = now

    def catch_up(self) -> None:
        """Tell of trials that were stopped, and of those that ended without us."""
        for spec in self._jobs.specs:
            ended = self._jobs.outcome(spec).status is not Status.MISSING
            if ended and not self._runs.is_complete(spec) and spec.trial_id not in self._closed:
                self._close(spec.trial_id)

    def _run(self, trial: str) -> TrialRun:
        if trial not in self._open:
            self._open[trial] = self._runs.open(self._specs[trial])
        return self._open[trial]

    def _close(self, trial: str) -> None:
        if not self._runs.is_complete(self._specs[trial]):
            self._run(trial).close()
        self._open.pop(trial, None)
        self._closed.add(trial)
