"""Several jobs from start to finish, those that can be stepped as one side by side.

Each keeps its own journal, checkpoints and result, and ends as it ends alone, bit for bit: what is
written tells how many were stepped together, beside the time that they shared, and nothing else of
them. A job that diverges leaves the others; a step that fails for all says not for whom, so that
each goes on alone from its last checkpoint.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.driver import Callbacks, Driver, run_job
from nasbench_harness.jobs.job import Job, JoinableJob, JointJob, Spec
from nasbench_harness.store.outcomes import Outcome

LARGEST = 64
"""Jobs of a cohort at most: what is stepped at once stays in a processor's cache."""


def cohorts(specs: Sequence[Spec], jobs: int) -> list[list[Spec]]:
    """The specs in cohorts, as few as keep `jobs` processes at work.

    A step of a cohort costs hardly more than one of a part of it: what differs in its seed only is
    shared out where there are less than two such groups for every process.
    """
    alike: dict[str, list[Spec]] = defaultdict(list)
    for spec in specs:
        alike[spec.cohort or spec.trial_id].append(spec)
    parts = min(jobs, -(-2 * jobs // max(1, len(alike))))
    return [cohort for group in alike.values() for cohort in _shared_out(group, parts)]


def _shared_out(group: Sequence[Spec], parts: int) -> list[list[Spec]]:
    """In runs of the same length, give or take one."""
    count = max(min(parts, len(group)), -(-len(group) // LARGEST))
    bounds = [len(group) * i // count for i in range(count + 1)]
    return [list(group[a:b]) for a, b in pairwise(bounds)]


def run_cohort(
    specs: Sequence[Spec],
    folder: Path,
    callbacks: Callable[[Spec], Callbacks] = lambda spec: Callbacks(),
    hardware: Hardware | None = None,
    *,
    shared: bool = False,
) -> Iterator[Outcome]:
    """Run (or go on with) jobs that differ in their seed, each in `folder / trial_id`.

    The callbacks of any of them tell whether to stop. How each ended is yielded when it has; of
    those that were not begun when they were stopped, nothing. `shared`: see `run_job`.
    """
    hardware = hardware or Hardware()
    left = list(specs)
    if len(specs) > 1:
        cohort = _Cohort(folder, callbacks, hardware, shared=shared)
        for outcome in cohort.run(specs):
            left = [spec for spec in left if spec.trial_id != outcome.trial_id]
            yield outcome
    for spec in left:
        own = callbacks(spec)
        if len(specs) > 1 and own.stopped():
            return  # what was not begun stays so
        yield run_job(spec, folder / spec.trial_id, own, hardware, shared=shared)


class _Cohort:
    """The drivers of jobs that are stepped as one."""

    def __init__(
        self,
        folder: Path,
        callbacks: Callable[[Spec], Callbacks],
        hardware: Hardware,
        *,
        shared: bool,
    ) -> None:
        self._folder, self._callbacks, self._hardware = folder, callbacks, hardware
        self._shared = shared

    def run(self, specs: Sequence[Spec]) -> Iterator[Outcome]:
        """Those that can be joined, until they end or fail together; the others are not begun."""
        drivers: list[Driver] = []
        try:
            for spec in specs:
                place, callbacks = self._folder / spec.trial_id, self._callbacks(spec)
                driver = Driver(spec, place, callbacks, shared=self._shared)
                drivers.append(driver)
                try:
                    driver.open(self._hardware)
                except Exception as error:
                    drivers.remove(driver)
                    yield _failed(driver, error)
                else:
                    if not joins(driver.job):
                        return
            yield from self._run_by_step(drivers)
        finally:
            for driver in drivers:
                driver.close()

    def _run_by_step(self, drivers: Sequence[Driver]) -> Iterator[Outcome]:
        """Those that were stopped at the same step go on as one."""
        at_step: dict[int, list[Driver]] = defaultdict(list)
        for driver in drivers:
            at_step[driver.job.step].append(driver)
        for together in at_step.values():
            yield from self._run_joined(together)

    def _run_joined(self, drivers: Sequence[Driver]) -> Iterator[Outcome]:
        """Step all to the end; nothing is yielded of those that have to go on alone."""
        callbacks = self._callbacks(drivers[0].spec)
        joint, stopped = joined([driver.job for driver in drivers]), False
        if joint is None:
            return
        while not drivers[0].job.finished and not stopped:
            try:
                recorded = joint.advance()
            except Exception:  # of one of them, and nobody knows of which
                return
            failed: dict[str, Outcome] = {}
            if recorded:
                failed |= _attempt(drivers, Driver.record)
            if recorded or drivers[0].silent:  # a line is worth no message where many run at once
                for driver in drivers:
                    driver.tell(recorded=not driver.told)
            stopped = callbacks.stopped()
            if stopped or drivers[0].is_due(recorded=recorded):
                joint.part()
                failed |= _attempt(_without(drivers, failed), Driver.save)
            if failed:
                yield from failed.values()
                drivers = _without(drivers, failed)
                if not drivers:
                    return
                joint.part()
                joint = joined([driver.job for driver in drivers])
                if joint is None:
                    return
        joint.part()
        for driver in drivers:
            yield _ended(driver)


def joins(job: Job) -> bool:
    """Can it be stepped together with others of its cohort."""
    return isinstance(job, JoinableJob) and job.joins


def joined(jobs: Sequence[Job]) -> JointJob | None:
    """One job of all, which are of one kind; None where it cannot be, as for want of memory."""
    try:
        return cast("type[JoinableJob]", type(jobs[0])).join(jobs)
    except Exception:  # each goes on alone, and says what is wrong with it
        return None


def _attempt(drivers: Sequence[Driver], act: Callable[[Driver], None]) -> dict[str, Outcome]:
    """What became of those that could not."""
    failed = {}
    for driver in drivers:
        try:
            act(driver)
        except Exception as error:
            failed[driver.spec.trial_id] = _failed(driver, error)
    return failed


def _without(drivers: Sequence[Driver], failed: Mapping[str, Outcome]) -> list[Driver]:
    return [driver for driver in drivers if driver.spec.trial_id not in failed]


def _ended(driver: Driver) -> Outcome:
    try:
        outcome = driver.end()
    except Exception as error:
        return _failed(driver, error)
    driver.close()
    return outcome


def _failed(driver: Driver, error: Exception) -> Outcome:
    """Called in the handler of `error`."""
    outcome = driver.fail(error)
    driver.close()
    return outcome
