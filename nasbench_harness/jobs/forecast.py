"""How long jobs will take: a few steps of each are run here, timed, and thrown away.

Nothing is written. Jobs that are alike but for their seed are measured once, as many at a time as
would be stepped as one.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.cohort import cohorts, joined, joins
from nasbench_harness.jobs.job import Job, JointJob, Spec, open_job
from nasbench_harness.store.outcomes import sentence

SECONDS = 4.0
"""How long all measurements may take together, beside the opening of jobs."""
OF_ONE = 0.5
"""How long one may take."""
ENOUGH = 0.1
"""Seconds after which it has been measured well enough where all that happens has happened often:
a cheap study need not be measured for longer than it takes."""
OFTEN = 20
"""Steps of which that can be said."""


@dataclass(frozen=True)
class Pace:
    """What was measured of jobs that are alike."""

    seconds: float | None
    """Of one of them on its own share of a process; None where it was not measured."""
    steps: int = 0
    """How many of its steps were measured."""
    lines: bool = True
    """Is what happens at a line of the history in it; a long step may come before none."""
    fault: str = ""
    """Why such a job cannot run here; empty where it can."""


@dataclass(frozen=True)
class Forecast:
    """How long jobs will take."""

    processes: int
    """How many there are; in each runs a job, or a cohort of several, at a time."""
    seconds: float | None
    """Until the last has ended, beside the start of processes, tables and report; None where
    nothing could be measured. Those that were not measured count as the slowest that was."""
    paces: Mapping[str, Pace] = field(default_factory=dict)
    """By `Spec.label`."""
    at_once: int = 0
    """How many jobs run at a time at most; those that share nothing but time count as one."""

    @property
    def whole(self) -> bool:
        """Was all measured that counts."""
        return all(pace.seconds is not None and pace.lines for pace in self.paces.values())


def forecast(
    specs: Sequence[Spec], processes: int, hardware: Hardware, *, seconds: float = SECONDS
) -> Forecast:
    """What `specs` will take in so many `processes`, measured within about `seconds`.

    Those of the fewest steps come first, so that most is known when the time is up.
    """
    if specs:
        _load(specs[0], hardware)
    alike: dict[str, list[Spec]] = defaultdict(list)
    for spec in specs:
        alike[spec.label].append(spec)
    each = min(OF_ONE, seconds / max(1, len(alike)))
    deadline = time.monotonic() + seconds
    paces: dict[str, Pace] = {}
    shared = cohorts(specs, processes)
    for label, _ in sorted(alike.items(), key=lambda item: item[1][0].steps):
        late = time.monotonic() > deadline
        own = ([spec for spec in cohort if spec.label == label] for cohort in shared)
        paces[label] = Pace(None) if late else _pace(max(own, key=len), hardware, each)
    sizes = sorted(len(cohort) if cohort[0].places else 1 for cohort in shared)
    last = _until_the_last(specs, processes, paces)
    return Forecast(processes, last, paces, sum(sizes[-processes:]))


def _load(spec: Spec, hardware: Hardware) -> None:
    """Open a job once, so that what it imports is no part of what is measured."""
    with suppress(Exception):  # told where it is measured
        open_job(spec, hardware)


def _pace(specs: Sequence[Spec], hardware: Hardware, seconds: float) -> Pace:
    """Measure a cohort; a job that cannot run here says why."""
    try:
        started = time.perf_counter()
        jobs = [open_job(spec, hardware) for spec in specs[:1]]
        if (len(specs) > 1 or specs[0].places) and joins(jobs[0]):
            jobs += [open_job(spec, hardware) for spec in specs[1:]]
        opening = (time.perf_counter() - started) / len(jobs)
        together = _together(specs[0], jobs)
        taken = _measure(jobs, together or jobs[0], seconds)
    except Exception as error:  # what would fail the job itself, in the same words
        return Pace(None, fault=sentence(error, specs[0]))
    spec, steps = specs[0], taken.advances
    share = jobs[0].share
    running = taken.advancing / share
    telling = taken.telling * spec.steps / spec.interval
    return Pace(opening + (running + telling) / len(jobs), steps, taken.lines > 0)


def _together(spec: Spec, jobs: Sequence[Job]) -> JointJob | None:
    """All as one; None where each is stepped by itself, as it would be."""
    if len(jobs) == 1 and not spec.places:
        return None
    try:
        return joined(jobs)
    except Exception:
        if spec.places:
            raise
        return None


@dataclass
class _Taken:
    advances: int = 0
    advancing: float = 0.0
    """Seconds of all advances, the first counted as the others."""
    lines: int = 0
    telling: float = 0.0
    """Seconds of a line."""


def _measure(jobs: Sequence[Job], together: Job | JointJob, seconds: float) -> _Taken:
    """Advance for about so long; the first step also loads what the others find loaded."""
    taken, first, telling = _Taken(), 0.0, 0.0
    begun = time.perf_counter()
    while not jobs[0].finished and _is_open(taken, time.perf_counter() - begun, seconds):
        started = time.perf_counter()
        recorded = together.advance()
        ended = time.perf_counter()
        taken.advances += 1
        first = first or ended - started
        taken.advancing += ended - started
        if recorded:
            for job in jobs:
                job.record()
            taken.lines += 1
            telling += time.perf_counter() - ended
    if taken.advances > 1:
        rest = taken.advances - 1
        taken.advancing = (taken.advancing - first) / rest * taken.advances
    taken.telling = telling / taken.lines if taken.lines else 0.0
    return taken


def _is_open(taken: _Taken, elapsed: float, seconds: float) -> bool:
    """Is there more to measure."""
    well = taken.lines > 0 and taken.advances >= OFTEN and elapsed >= ENOUGH
    return taken.advances < 1 or (elapsed < seconds and not well)


def _until_the_last(
    specs: Sequence[Spec], processes: int, paces: Mapping[str, Pace]
) -> float | None:
    """Each cohort goes to the process that is free first, as the local executor does it."""
    measured = [pace.seconds for pace in paces.values() if pace.seconds is not None]
    if not measured:
        return None if specs else 0.0
    free = [0.0] * processes
    shared = cohorts(specs, processes)
    fullest = Counter[str]()
    for cohort in shared:
        fullest[cohort[0].label] = max(fullest[cohort[0].label], len(cohort))
    for cohort in shared:
        pace = paces[cohort[0].label]
        one = max(measured) if pace.seconds is None else pace.seconds
        count = fullest[cohort[0].label] if cohort[0].places else len(cohort)
        lasting = 0.0 if pace.fault else one * count  # an empty place takes as long
        heapq.heappush(free, heapq.heappop(free) + lasting)
    return max(free)
