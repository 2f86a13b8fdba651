"""Several jobs from start to finish, those that can be stepped as one side by side.

Each keeps its own journal, checkpoints and result, and ends as it ends alone, bit for bit: what is
written tells how many were stepped together, beside the time that they shared, and nothing else of
them. A job that diverges leaves the others; a step that fails for all says not for whom, so that
each goes on alone from its last checkpoint.

Jobs that have `places` are another thing: in rounding their results are those of a cohort of so
many, so that none is ever stepped otherwise, not even the last one that is left of it. Where a step
of such a cohort fails, all have failed, and keep what they saved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.driver import Callbacks, Driver, run_job
from nasbench_harness.jobs.job import Job, JoinableJob, JointJob, Spec
from nasbench_harness.store.outcomes import Outcome, sentence

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
    return [
        cohort
        for group in alike.values()
        for cohort in (_filled(group) if group[0].places else _shared_out(group, parts))
    ]


def _filled(group: Sequence[Spec]) -> list[list[Spec]]:
    """As few as there are places for all, of which a step takes as long empty as taken."""
    filled: list[list[Spec]] = []
    taken = Counter[int]()
    for spec in group:
        number = taken[spec.place]
        taken[spec.place] += 1
        if number == len(filled):
            filled.append([])
        filled[number].append(spec)
    return filled


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
    if len(specs) > 1 or any(spec.places for spec in specs):
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
                    if spec.places:
                        _refuse_alone(driver.job)
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
        """Those that were stopped at an earlier step catch up with the others."""
        waiting, together = list(drivers), list[Driver]()
        while waiting:
            first = min(driver.job.step for driver in waiting)
            together += [driver for driver in waiting if driver.job.step == first]
            together.sort(key=drivers.index)
            waiting = [driver for driver in waiting if driver.job.step > first]
            until = min((driver.job.step for driver in waiting), default=None)
            together = yield from self._run_joined(together, until)

    def _run_joined(
        self, drivers: list[Driver], until: int | None
    ) -> Generator[Outcome, None, list[Driver]]:
        """Step all to the end, or to a step, and then return them.

        Nothing is yielded of those that have to go on alone.
        """
        callbacks = self._callbacks(drivers[0].spec)
        stopped, failed = False, dict[str, Outcome]()
        try:
            joint = _join(drivers)
            while not (stopped or _is_at(drivers[0].job, until)):
                recorded = joint.advance()
                failed = _attempt(drivers, Driver.record) if recorded else {}
                if recorded or drivers[0].silent:  # worth no message where many run at once
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
                        return []
                    joint.part()
                    joint = _join(drivers)
            joint.part()
        except Exception as error:  # of one of them, and nobody knows of which
            if drivers[0].spec.places:
                yield from _given_up(drivers, error)
            return []
        if not stopped and not drivers[0].job.finished:
            return drivers
        for driver in drivers:
            yield _ended(driver)
        return []


def joins(job: Job) -> bool:
    """Can it be stepped together with others of its cohort."""
    return isinstance(job, JoinableJob) and job.joins


def joined(jobs: Sequence[Job]) -> JointJob:
    """One job of all, which are of one kind; any error where it cannot be, as of memory."""
    return cast("type[JoinableJob]", type(jobs[0])).join(jobs)


def _join(drivers: Sequence[Driver]) -> JointJob:
    return joined([driver.job for driver in drivers])


def _is_at(job: Job, until: int | None) -> bool:
    return job.finished or (until is not None and job.step >= until)


def _refuse_alone(job: Job) -> None:
    """HarnessError for one that was planned for a cohort and can be in none."""
    if not joins(job):
        raise HarnessError(
            "The trial was planned as one of a cohort, and what is installed here cannot step its"
            " method together with others; install what it was planned with."
        )


def _given_up(drivers: Sequence[Driver], error: Exception) -> Iterator[Outcome]:
    """What becomes of those that are only stepped together."""
    told = error
    if not isinstance(error, HarnessError):
        why = sentence(error, drivers[0].spec).rstrip(".")
        told = HarnessError(
            f"A step of a cohort of {drivers[0].spec.places} failed ({why})."
            " What was saved is kept, and `nasharness resume` goes on from it; where memory is"
            " short, a study with a smaller --cohort needs less."
        )
    for driver in drivers:
        try:
            raise told from error
        except HarnessError as failure:
            yield _failed(driver, failure)


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
