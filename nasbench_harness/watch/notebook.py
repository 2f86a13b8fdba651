"""How far a study is, in a notebook: one line below the cell, which needs no widgets."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from nasbench_harness.process.names import printable
from nasbench_harness.store.outcomes import Outcome, Status

if TYPE_CHECKING:
    from nasbench_harness.jobs.executors import Event
    from nasbench_harness.store.folders import JobFolder

SHOWN_SECONDS = 0.5
"""The line is written anew this often, however much is told."""


def in_notebook() -> bool:
    """Does this process run the cells of a notebook."""
    shell = sys.modules.get("IPython")
    return shell is not None and hasattr(shell.get_ipython(), "kernel")


class NotebookProgress:
    """A line with the share of all steps, the trials that have ended, and what has failed."""

    def __init__(self) -> None:
        self._line: Any = None
        self._steps: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._ended = 0
        self._failures: list[str] = []
        self._written = 0.0

    def begin(self, jobs: JobFolder[Any]) -> None:
        """Show the line for what is missing of them."""
        from IPython import display

        self._steps = {spec.trial_id: spec.steps for spec in jobs.missing()}
        self._folder = jobs.folder
        show: Any = display.display
        self._line = show(self._text(), raw=True, display_id=True)

    def watch(self, event: Event) -> None:
        """Take in how far a trial is, or how it ended."""
        if isinstance(event, Outcome):
            self._ended += 1
            self._done[event.trial_id] = self._steps.get(event.trial_id, 0)
            if event.status is not Status.DONE:
                self._failures.append(f"{event.trial_id}: {printable(event.error)}")
        else:
            self._done[event.trial_id] = event.steps
        if time.monotonic() - self._written > SHOWN_SECONDS:
            self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        self._line.update(self._text(), raw=True)

    def _text(self) -> dict[str, str]:
        if not self._steps:
            return {"text/plain": f"{self._folder}: every trial is done."}
        share = sum(self._done.values()) / max(1, sum(self._steps.values()))
        line = f"{self._folder}: {share:.0%}, {self._ended} of {len(self._steps)} trials ended"
        return {"text/plain": "\n".join([line, *self._failures])}

    def __enter__(self) -> NotebookProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._write()
