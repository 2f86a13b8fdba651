"""Where trials run."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nasbench_harness.store.outcomes import Outcome
from nasbench_harness.study.spec import TrialSpec


@dataclass(frozen=True)
class Advanced:
    """A running trial has done this many steps."""

    trial_id: str
    steps: int


Event = Advanced | Outcome


class Executor(Protocol):
    """Runs trials, each in its own folder, and tells how they get on."""

    def run(self, specs: Sequence[TrialSpec], folder: Path) -> Generator[Event]:
        """Events until every trial has ended; closing the generator stops the running ones."""
