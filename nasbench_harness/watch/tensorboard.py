"""`--tensorboard`: an event file per job in the folder `tensorboard/<trial>/` beside the trials.

The event file says what the journal says, each step once: whatever was written of a trial that is
begun or resumed is thrown away and written again from its whole journal, which ends where the
trial's last checkpoint does.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from nasbench_harness.jobs.executors import Event
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.folders import JobFolder
from nasbench_harness.store.journals import Tail
from nasbench_harness.store.outcomes import HISTORY, TRIAL, Outcome, Status
from nasbench_harness.tables.quantity import ACCURACY, read_quantity
from nasbench_harness.watch.trackers import missing_package, numbers, one_line

FOLDER = "tensorboard"
COMPLETE = "complete"
"""Empty file beside the events of a trial that is done and wholly written."""
SHOWN = (
    "method", "architecture", "seed", "space", "table", "dataset", "problem", "recipe", "steps",
)  # fmt: skip
"""What of an identity stands beside the settings."""
READ_SECONDS = 0.5
FLUSH_SECONDS = 5


def check_package() -> None:
    """TrackingError if TensorBoard is not installed."""
    try:
        import torch.utils.tensorboard  # noqa: F401 - its import is the check
    except ImportError as error:
        raise missing_package("tensorboard", "tensorboard") from error


class TensorBoard:
    """Writes the event files of one folder of jobs."""

    def __init__(self) -> None:
        self._jobs: JobFolder[Any] | None = None
        self._specs: dict[str, Spec] = {}
        self._open: dict[str, _EventFile] = {}
        self._fault = ""

    def begin(self, jobs: JobFolder[Any]) -> None:
        """Remember what is planned."""
        self._jobs = jobs
        self._specs = {spec.trial_id: spec for spec in jobs.specs}

    def watch(self, event: Event) -> None:
        """Write what the trial has recorded; after a fault, nothing more."""
        if self._jobs is None or self._fault:
            return
        try:
            file = self._file(event.trial_id)
            if isinstance(event, Outcome):
                self._close(event.trial_id)
            else:
                file.follow()
        except Exception as error:  # whatever it is, the jobs go on
            self._fault = one_line(error)

    def end(self, report: Path | None) -> str:
        """Write what is left of trials that were stopped, and trials that ran without us."""
        del report
        if self._jobs is None:
            return ""
        try:
            for spec in self._jobs.specs:
                self._catch_up(self._jobs, spec)
        except Exception as error:  # the results are written already
            self._fault = self._fault or one_line(error)
        if not self._fault:
            return ""
        return (
            f"TensorBoard's event files could not be written ({self._fault}); the results are whole"
            " and the same command with --tensorboard writes what is missing."
        )

    def _catch_up(self, jobs: JobFolder[Any], spec: Spec) -> None:
        trial = spec.trial_id
        done = jobs.outcome(spec).status is Status.DONE
        if done and not (jobs.folder / FOLDER / trial / COMPLETE).exists():
            self._file(trial)
        if trial in self._open:
            self._close(trial)

    def _file(self, trial: str) -> _EventFile:
        assert self._jobs is not None
        if trial not in self._open:
            spec = self._specs[trial]
            folder = self._jobs.trials_folder / trial
            self._open[trial] = _EventFile(spec, folder, self._jobs.folder / FOLDER / trial)
        return self._open[trial]

    def _close(self, trial: str) -> None:
        assert self._jobs is not None
        result = self._jobs.result(self._specs[trial])
        self._open.pop(trial).close(result)


class _EventFile:
    """The events of one trial, from its first step on."""

    def __init__(self, spec: Spec, trial: Path, folder: Path) -> None:
        self._spec, self._trial, self._folder = spec, trial, folder
        self._began = (trial / TRIAL).stat().st_mtime if (trial / TRIAL).exists() else time.time()
        self._read_at = 0.0
        self._start()

    def _start(self) -> None:
        """An empty event file, and the journal from its first line."""
        from torch.utils.tensorboard import SummaryWriter

        _clear(self._folder)
        self._tail = Tail(self._trial / HISTORY)
        # A TensorBoard that shows the thrown-away steps forgets them.
        self._writer = SummaryWriter(str(self._folder), purge_step=0, flush_secs=FLUSH_SECONDS)
        self._events: Any = self._writer.file_writer

    def follow(self) -> None:
        """Write the new lines of the journal, if the last look is not too recent."""
        if time.monotonic() - self._read_at > READ_SECONDS:
            self._write()
            self._read_at = time.monotonic()

    def close(self, result: dict[str, Any]) -> None:
        """Write the rest; of a trial that is done also its settings and its final numbers."""
        try:
            if self._tail.rewritten():  # read before the trial went back to its checkpoint
                self._writer.close()
                self._start()
            self._write()
            if result["status"] == Status.DONE:
                self._write_settings(result)
        finally:
            self._writer.close()
        if result["status"] == Status.DONE:
            (self._folder / COMPLETE).touch()

    def _write(self) -> None:
        import numpy as np

        for row in self._tail.read():
            step = int(row[self._spec.counter])
            self._add(numbers(row, self._spec.counter), step, float(row.get("seconds", 0.0)))
            if "probabilities" in row:
                spread = np.array(row["probabilities"])
                self._writer.add_histogram("probabilities", spread, step)

    def _add(self, values: dict[str, float], step: int, seconds: float) -> None:
        """All values of a step in one event, which is several times faster than one each."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        scalars = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._events.add_summary(Summary(value=scalars), step, self._began + seconds)

    def _write_settings(self, result: dict[str, Any]) -> None:
        from torch.utils.tensorboard.summary import hparams

        spec = self._spec
        settings = {name: fact for name, fact in spec.identity.items() if name in SHOWN}
        settings |= {f"setting_{name}": _plain(value) for name, value in spec.settings.items()}
        metric = spec.report_metric
        called = (read_quantity(result) or ACCURACY).noun.replace(" ", "_")
        final = numbers({called: result.get(metric), "regret": result.get(f"regret_{metric}")})
        final = {f"final/{name}": value for name, value in final.items()}
        for summary in hparams(settings, final):  # type: ignore[no-untyped-call]
            self._events.add_summary(summary)
        self._add(final, spec.steps, float(result.get(spec.clock) or 0.0))


def _clear(folder: Path) -> None:
    """Throw away the events of before; a file of somebody else stays where it is."""
    for path in folder.glob("events.out.tfevents.*"):
        path.unlink(missing_ok=True)
    (folder / COMPLETE).unlink(missing_ok=True)


def _plain(value: Any) -> str | float | bool:
    return value if isinstance(value, str | int | float) else str(value)
