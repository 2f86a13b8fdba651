"""How often what runs trials died of them: who gets no further by being begun again has failed.

Only what dies after it has begun a trial may have died of it. What is lost before, while a process
starts, is most likely the machine's fault; it may happen more often, but not for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness.jobs.executors.progress import Extent, reached
from nasbench_harness.jobs.executors.working import bury, finished
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.outcomes import Outcome

RETRIES = 3
"""How often trials are begun again that did not get further when they were begun last."""
STARTS = 12
"""How often what is to run trials may be lost before it has begun them, while they do not get
further."""


@dataclass
class _Lives:
    """Of trials that run together."""

    best: list[Extent]
    deaths: int = 0
    """After they had begun, since they got further."""
    losses: int = 0
    """Before."""


class Deaths:
    """Of cohorts, told apart by their trials."""

    def __init__(self) -> None:
        """Nothing has died."""
        self._lives: dict[tuple[str, ...], _Lives] = {}

    def settle(
        self, specs: Sequence[Spec], folder: Path, how: str, *, begun: bool
    ) -> tuple[list[list[Spec]], list[Outcome]]:
        """What becomes of the trials of a lost node or process: what to run again, and how others
        ended. `how` names what was seen of the loss, `begun`: see `count`.
        """
        left, done = finished(specs, folder)
        if not left:
            return [], done
        died = self.count(left, folder, begun=begun)
        if not died:
            return [left], done
        why = f"Its node or worker process {died} ({how})."
        again, failed = bury(left, folder, why)
        return again, [*done, *failed]

    def count(self, specs: Sequence[Spec], folder: Path, *, begun: bool) -> str:
        """Count one; the end of the sentence that says why the trials have failed, or "".

        They got further where one of them did: whoever is ahead waits for the others. `begun`: had
        they, when what ran them died.
        """
        now = [reached(spec, folder) for spec in specs]
        lives = self._lives.setdefault(tuple(s.trial_id for s in specs), _Lives(now))
        if any(new.is_beyond(old) for new, old in zip(now, lives.best, strict=True)):
            lives.deaths = lives.losses = 0
        pairs = zip(now, lives.best, strict=True)
        lives.best = [new.furthest(old) for new, old in pairs]
        lives.deaths += begun
        lives.losses += not begun
        if lives.deaths > RETRIES:
            return f"died {lives.deaths} times at the same place of it"
        if lives.losses > STARTS:
            return f"died {lives.losses} times before it had begun"
        return ""
