"""What workers of `test_fitting` do: they import this module by its own name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from multiprocessing.context import BaseContext
from pathlib import Path

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.executors import Advanced, Event
from nasbench_harness.jobs.executors.working import Stop
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.outcomes import Outcome, Status


class Crowded:
    """Work on a device that holds one of two: whoever has seed 0 runs out of memory beside it."""

    def __init__(self, context: BaseContext, *, ever: bool) -> None:
        """`ever`: it does so alone too."""
        self._both, self._ever = context.Barrier(2), ever
        self._attempts, self._active = context.Value("i", 0), context.Value("i", 0)

    def __call__(
        self, specs: Sequence[Spec], folder: Path, hardware: Hardware,
        tell: Callable[[Event], None], stop: Stop,
    ) -> None:  # fmt: skip
        (spec,) = specs
        with self._active.get_lock():
            self._active.value += 1
        beside = spec.seed < 2 and self._attempts.value == 0
        if beside:
            self._both.wait(60)
        active, failed = self._active.value, False
        if beside:
            self._both.wait(60)
        if spec.seed == 0:
            self._attempts.value += 1
            failed = self._ever or self._attempts.value == 1
            tell(Advanced(spec.trial_id, 100 * self._attempts.value + active))
        with self._active.get_lock():
            self._active.value -= 1
        status = Status.FAILED if failed else Status.DONE
        tell(Outcome(spec.trial_id, status, "Out of memory" if failed else "", failed))
