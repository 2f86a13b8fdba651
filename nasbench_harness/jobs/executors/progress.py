"""How far trials are that others run, as their folders tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from nasbench_harness.jobs.executors import Advanced
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.journals import last_row
from nasbench_harness.store.outcomes import HISTORY

LOOKS = 256
"""Trials whose progress is read at a time."""


def steps_done(spec: Spec, folder: Path) -> int:
    """Of the trial in `folder / trial_id`, as its journal tells."""
    row = last_row(folder / spec.trial_id / HISTORY)
    return int(row[spec.counter]) if row and spec.counter in row else 0


class JournalProgress:
    """How far trials are, as their journals tell."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._turn = folder, 0
        self._sizes: dict[str, int] = {}

    def look(self, specs: Sequence[Spec]) -> Iterator[Advanced]:
        """Of some at a time; the next look is at others, where there are many."""
        first = self._turn % max(1, len(specs))
        self._turn += min(LOOKS, len(specs))
        for spec in islice((*specs[first:], *specs[:first]), LOOKS):
            path = self._folder / spec.trial_id / HISTORY
            try:
                size = path.stat().st_size
            except OSError:
                continue
            if size == self._sizes.get(spec.trial_id):
                continue
            self._sizes[spec.trial_id] = size
            if steps := steps_done(spec, self._folder):
                yield Advanced(spec.trial_id, steps)
