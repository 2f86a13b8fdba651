"""Where jobs are told about while they run, beside their own folder: TensorBoard, MLflow.

A tracker follows the journals that jobs write into the folder of a study, or of trainings, in the
process that hands them out. A job knows nothing of it, and a tracker that breaks harms none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nasbench_harness.errors import HarnessError

if TYPE_CHECKING:
    from nasbench_harness.jobs.executors import Event
    from nasbench_harness.store.folders import JobFolder

LONGEST_REASON = 200


class TrackingError(HarnessError):
    """A tracker that cannot be used: its package is missing, or nobody answers."""


class Listener(Protocol):
    """Who is told while the jobs of a folder run."""

    def begin(self, jobs: JobFolder[Any]) -> None:
        """All is planned; what is missing is about to run."""

    def watch(self, event: Event) -> None:
        """A job has advanced or ended; returns at once and raises nothing."""


class Tracker(Listener, Protocol):
    """Told about one folder of jobs, to their end."""

    def end(self, report: Path | None) -> str:
        """All has ended, its report lies there; says what could not be told, if anything."""


class Listeners:
    """Several who are told as if they were one."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        """They are told in this order."""
        self._listeners = listeners

    def begin(self, jobs: JobFolder[Any]) -> None:
        """Tell all of them."""
        for listener in self._listeners:
            listener.begin(jobs)

    def watch(self, event: Event) -> None:
        """Tell all of them."""
        for listener in self._listeners:
            listener.watch(event)


def one_line(error: BaseException) -> str:
    """What went wrong, short enough for the middle of a sentence."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}..."


def missing_package(package: str, extra: str) -> TrackingError:
    """What to say where an optional package is not installed."""
    return TrackingError(
        f"--{extra} needs the package {package}; install it with `python -m pip install"
        f" 'nasbench-harness[{extra}]'`."
    )


def numbers(facts: Mapping[str, Any], *without: str) -> dict[str, float]:
    """The numeric values; missing ones, truth values, texts and lists are left out."""
    return {
        name: float(value)
        for name, value in facts.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and name not in without
    }
