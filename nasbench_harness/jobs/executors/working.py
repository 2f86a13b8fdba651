"""What workers do, however they are reached: a cohort at a time, and what becomes of a dead one's.

Executors bring specs to a worker and what it tells back; all that is free of the way between is
here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.cohort import run_cohort
from nasbench_harness.jobs.driver import Callbacks
from nasbench_harness.jobs.executors import Advanced, Event
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.outcomes import Outcome, Status, read_result, write_failure


class Stop:
    """Whether a worker was asked to stop; calling it asks, as handlers of signals do."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, *_: object) -> None:
        """Ask it."""
        self.asked = True


class Duty(Protocol):
    """What a worker does with a cohort; `work` is the usual one."""

    def __call__(
        self,
        specs: Sequence[Spec],
        folder: Path,
        hardware: Hardware,
        tell: Callable[[Event], None],
        stop: Stop,
    ) -> None:
        """Run it, each trial in `folder / trial_id`, and tell how they get on and how they end."""


def prepare(specs: Sequence[Spec]) -> None:
    """Import what they need, which takes a new process seconds: none of them has begun by then.

    What cannot be imported is told by the trial that needs it.
    """
    for module in ("torch", *sorted({spec.job.partition(":")[0] for spec in specs})):
        with contextlib.suppress(Exception):
            import_module(module)


def work(  # noqa: PLR0913 - what runs, where, and who is told
    specs: Sequence[Spec],
    folder: Path,
    hardware: Hardware,
    tell: Callable[[Event], None],
    stop: Stop,
    *,
    shared: bool = False,
    enough: Callable[[Spec, int], bool] = lambda spec, steps: False,
) -> None:
    """Run a cohort, each trial in `folder / trial_id`, and tell how they get on and how they end.

    Where `tell` raises OSError nobody listens any more: the trials save themselves and stop. They
    do as well, without any asking for it, once `enough` says so of the steps of one of them.
    `shared`: other machines work in the folder, see `run_job`.
    """
    tell, full = heard(tell, stop), Stop()

    def callbacks(spec: Spec) -> Callbacks:
        def progress(steps: int) -> None:
            tell(Advanced(spec.trial_id, steps))
            if enough(spec, steps):
                full()

        return Callbacks(progress, lambda: stop.asked or full.asked)

    for outcome in run_cohort(specs, folder, callbacks, hardware, shared=shared):
        tell(outcome)


def heard(tell: Callable[[Event], None], stop: Stop) -> Callable[[Event], None]:
    """The same, but that it asks to stop where nobody listens any more (OSError)."""

    def tell_or_stop(event: Event) -> None:
        try:
            tell(event)
        except OSError:
            stop()

    return tell_or_stop


def finished(specs: Sequence[Spec], folder: Path) -> tuple[list[Spec], list[Outcome]]:
    """What a worker that died left undone, and the trials that it had done before."""
    done = {s.trial_id for s in specs if read_result(folder / s.trial_id)["status"] == Status.DONE}
    left = [spec for spec in specs if spec.trial_id not in done]
    return left, [Outcome(s.trial_id, Status.DONE) for s in specs if s.trial_id in done]


def bury(
    specs: Sequence[Spec], folder: Path, why: str, *, leaving: bool = False
) -> tuple[list[list[Spec]], list[Outcome]]:
    """What was left to a worker that died without a word: cohorts to run again, and failures.

    One trial has failed, as `why` says. Of several nobody knows whose fault it was: they go on one
    by one; those that are only stepped together have failed together. Whoever was `leaving`, as
    somebody else had asked it to, is nobody's fault.
    """
    places = specs[0].places if specs else 0
    if leaving and places:
        return [list(specs)], []
    if leaving or (len(specs) != 1 and not places):
        return [[spec] for spec in specs], []
    if places:
        why += (
            f" It was one of a cohort of {places}, which ended with it; where memory was short, a"
            " study with a smaller --cohort needs less."
        )
    outcomes = [Outcome(spec.trial_id, Status.FAILED, why) for spec in specs]
    for outcome in outcomes:
        write_failure(folder / outcome.trial_id, outcome)
    return [], outcomes
