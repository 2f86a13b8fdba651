"""Run the jobs that a folder lacks: one command at a time, and Ctrl-C keeps what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from nasbench_harness.errors import HarnessError
from nasbench_harness.jobs.executors import Event, Executor
from nasbench_harness.jobs.job import Spec
from nasbench_harness.process.frame import undisturbed
from nasbench_harness.store.leases import Lease, LeaseError
from nasbench_harness.store.outcomes import Outcome, Status

LOCK_SECONDS = 1.0
"""Longer than anybody who watches a folder asks whether its lock is held."""


@contextmanager
def working_on(lock: Path, refusal: HarnessError) -> Iterator[None]:
    """Within it no other command works there, of this machine or another that shares the folder.

    `refusal` is raised where one does already.
    """
    lease = Lease(lock)
    with ExitStack() as held:
        try:
            held.enter_context(FileLock(lock, timeout=LOCK_SECONDS))
            held.callback(lease.release)
            lease.acquire(LOCK_SECONDS)
        except (Timeout, LeaseError) as error:
            raise refusal from error
        yield


def run_missing(
    specs: Sequence[Spec], folder: Path, executor: Executor, watch: Callable[[Event], None]
) -> tuple[list[Outcome], bool]:
    """Run all of `specs` below `folder`: those that failed, and whether Ctrl-C stopped the rest."""
    failures: list[Outcome] = []
    try:
        with closing(executor.run(specs, folder)) as events:
            if specs:
                _load_writers()
            for event in events:
                if isinstance(event, Outcome) and event.status is Status.FAILED:
                    failures.append(event)
                watch(event)
    except KeyboardInterrupt:
        return failures, True
    return failures, False


def _load_writers() -> None:
    """Import what gathering needs while workers start: an interrupted run does not wait for it."""
    with undisturbed():
        import pandas  # noqa: F401
        import pyarrow.parquet  # noqa: F401
