"""How far trials are that others run, as their folders tell."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nasbench_harness.jobs.executors import Advanced
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.checkpoints import saved_share
from nasbench_harness.store.journals import last_row
from nasbench_harness.store.outcomes import HISTORY, TRIAL

LOOKS = 256
"""Trials whose progress is read at a time."""


def steps_done(spec: Spec, folder: Path) -> int:
    """Of the trial in `folder / trial_id`, as its journal tells."""
    row = last_row(folder / spec.trial_id / HISTORY)
    return int(row[spec.counter]) if row and spec.counter in row else 0


@dataclass(frozen=True)
class Extent:
    """How far a trial got: it goes on from what was saved, and may have recorded more."""

    saved: float = 0.0
    """Share of it, 0 to 1, that its last checkpoint holds."""
    recorded: int = 0
    """Steps, as its journal tells; those after the checkpoint will be done again."""

    def is_beyond(self, other: Extent) -> bool:
        """Is it further in either."""
        return self.saved > other.saved or self.recorded > other.recorded

    def furthest(self, other: Extent) -> Extent:
        """The further of both, in each."""
        return Extent(max(self.saved, other.saved), max(self.recorded, other.recorded))


def reached(spec: Spec, folder: Path) -> Extent:
    """By the trial in `folder / trial_id`."""
    return Extent(saved_share(folder / spec.trial_id), steps_done(spec, folder))


def beginning(spec: Spec, folder: Path) -> tuple[int, int] | None:
    """What changes whenever the trial in `folder / trial_id` is begun or gone on with.

    None until then. The file is opened, so that shared disks ask what it is now.
    """
    try:
        with (folder / spec.trial_id / TRIAL).open("rb") as file:
            facts = os.fstat(file.fileno())
    except OSError:
        return None
    return facts.st_ino, facts.st_mtime_ns


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
