"""Where a study is told about while it runs, beside its own folder: TensorBoard, MLflow.

A tracker reads what trials write into the study's folder, in the process that hands trials out; a
trial knows nothing of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from nasbench_harness.errors import HarnessError

if TYPE_CHECKING:
    from nasbench_harness.executors import Event
    from nasbench_harness.store import Study
    from nasbench_harness.study import StudyRun


class TrackingError(HarnessError):
    """A tracker that cannot be used: its package is missing or nobody answers."""


class Tracker(Protocol):
    """Told how one study gets on."""

    def begin(self, study: Study) -> None:
        """The study is planned and its missing trials are about to run."""

    def watch(self, event: Event) -> None:
        """A trial has advanced or ended; must return quickly and never raise."""

    def end(self, done: StudyRun, report: Path | None) -> str:
        """The study has been run and its report written; a warning, or nothing."""
