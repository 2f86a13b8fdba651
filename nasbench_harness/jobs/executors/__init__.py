"""Where jobs run."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.outcomes import Outcome


@dataclass(frozen=True)
class Advanced:
    """A running job has done this many steps."""

    trial_id: str
    steps: int


Event = Advanced | Outcome


class Executor(Protocol):
    """Runs jobs, each in its own folder, and tells how they get on."""

    def run(self, specs: Sequence[Spec], folder: Path) -> Generator[Event]:
        """Events until every job has ended; closing the generator stops the running ones."""
