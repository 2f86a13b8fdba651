"""Trials as tasks of a Ray cluster.

A task is a cohort. What a lost node ran begins again on another, each trial from its checkpoint.
Few more tasks are with Ray than it can run, however many there are. Where its nodes share the
folder that results are in, leases see to it that none runs twice, and how far trials are is read
from their folders; where they do not, see `posts`.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.cohort import cohorts
from nasbench_harness.jobs.executors import Advanced, Event
from nasbench_harness.jobs.executors.clusters import (
    AUTO,
    connect,
    places,
    refuse_unfit,
    unseeing,
    within,
)
from nasbench_harness.jobs.executors.deaths import Deaths
from nasbench_harness.jobs.executors.foreseen import HostBytes, cut_down, foreseen
from nasbench_harness.jobs.executors.posts import Apart
from nasbench_harness.jobs.executors.progress import JournalProgress, beginning
from nasbench_harness.jobs.executors.requests import ClusterError, Request, placed
from nasbench_harness.jobs.executors.submissions import refuse_submitted
from nasbench_harness.jobs.executors.working import Stop, bury, finished, prepare, work
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.outcomes import Outcome

AHEAD = 2
"""So many times the trials that run at once are with Ray, so that no node waits for us."""
LOOK_SECONDS = 0.5
COUNT_SECONDS = 10.0
"""So often the nodes are counted anew."""
SHORT_SECONDS, GRACE_SECONDS = 1.0, 20.0
"""How long nobody needs to be told that trials are waited for, and how long they may take."""
VARIABLES = "NASHARNESS_"


class RayExecutor:
    """Runs jobs as tasks of a cluster."""

    def __init__(  # noqa: PLR0913 - what runs, where, and who is told
        self,
        request: Request,
        hardware: Hardware | None = None,
        *,
        address: str = AUTO,
        jobs: int | None = None,
        host_bytes: HostBytes | None = None,
        waiting: Callable[[], None] = lambda: None,
        told: Callable[[str], None] = lambda text: None,
    ) -> None:
        """ClusterError where the cluster is not there or cannot run such trials.

        `jobs`: at most so many cohorts at once; None takes as many as fit. `host_bytes` estimates
        what memory trials take, for a request that has none. `waiting` is called where the end of
        the trials in progress has to be waited for, `told` with what a user should know.
        """
        self._hardware = placed(hardware or Hardware(), request, "Ray")
        self._asked, self._waiting, self._jobs = request, waiting, jobs
        self._request, self._host_bytes, self._told = request, host_bytes, told
        self._ray = connect(address)
        refuse_unfit(self._ray, request)
        self._counted, self._limit = 0.0, 0
        self._deaths = Deaths()

    def run(self, specs: Sequence[Spec], folder: Path) -> Generator[Event]:
        """Run every trial in `folder / trial_id`, once it is known which nodes see the folder."""
        folder = folder.absolute()
        refuse_submitted(folder)
        self._request = self._foreseen(specs)
        way: Seeing | Apart = Seeing(self._ray, folder, self._options(), self._common(folder))
        if specs:
            folder.mkdir(parents=True, exist_ok=True)
            if while_lost(self._ray, lambda: unseeing(self._ray, folder, self._request)):
                way = Apart(self._ray, folder, self._options(), self._common(folder))
        return self._events(specs, folder, way)

    def _events(self, specs: Sequence[Spec], folder: Path, way: Seeing | Apart) -> Generator[Event]:
        ray, looked = self._ray, time.monotonic()
        queue = deque(cohorts(specs, self._jobs or max(1, places(ray, self._request))))
        running: dict[Any, list[Spec]] = {}
        try:
            while queue or running:
                while queue and len(running) < self._most():
                    cohort = queue.popleft()
                    running[way.start(cohort)] = cohort
                done, _ = ray.wait(list(running), timeout=LOOK_SECONDS)
                if done:
                    done, _ = ray.wait(list(running), num_returns=len(running), timeout=0)
                for task in done:
                    yield from way.end(task)
                    yield from self._end(task, running.pop(task), queue, folder, way)
                if time.monotonic() - looked > LOOK_SECONDS:
                    looked = time.monotonic()
                    yield from way.look([s for specs in running.values() for s in specs])
                    self._refit(way, list(running))
        finally:
            self._stop(list(running))
            way.close()

    def _foreseen(self, specs: Sequence[Spec]) -> Request:
        """What these trials ask for, with no more memory than some node has."""
        if self._host_bytes is None or self._asked.memory_gb or not specs:
            return self._asked
        wanted, why = foreseen(self._asked, specs, self._hardware, self._host_bytes)
        request = within(self._ray, wanted)
        if request != wanted:
            why = cut_down(wanted.memory_gb, request.memory_gb)
        if why:
            self._told(f"Note: {why}")
        return request

    def _refit(self, way: Seeing | Apart, running: Sequence[Any]) -> None:
        """Ask for less where the nodes are lost that had the memory that was estimated."""
        if self._request == self._asked or places(self._ray, self._request):
            return
        request = within(self._ray, self._request)
        if not places(self._ray, request):  # nothing fits, whatever its memory: wait for a node
            return
        self._told(f"Note: {cut_down(self._request.memory_gb, request.memory_gb)}")
        self._request = request
        way.ask(self._options())
        for task in running:  # what Ray could place nowhere is handed to it anew
            self._ray.cancel(task, force=False, recursive=False)

    def _options(self) -> dict[str, Any]:
        """What a task takes of its node, by Ray's names."""
        asked = self._request.resources
        options = {"num_cpus": self._request.cpus, "num_gpus": self._request.gpus}
        if "memory" in asked:
            options["memory"] = int(asked["memory"])
        return {"name": "nasharness", **options}

    def _common(self, folder: Path) -> Any:
        """What all tasks are told."""
        variables = {k: v for k, v in os.environ.items() if k.startswith(VARIABLES)}
        return self._ray.put((str(folder), self._hardware, str(Path.cwd()), variables))

    def _most(self) -> int:
        """How many tasks may be with Ray; nodes come and go."""
        if self._jobs:
            return self._jobs
        now = time.monotonic()
        if not self._limit or now - self._counted > COUNT_SECONDS:
            self._counted = now
            self._limit = max(1, AHEAD * places(self._ray, self._request))
        return self._limit

    def _end(
        self,
        task: Any,
        specs: list[Spec],
        queue: deque[list[Spec]],
        folder: Path,
        way: Seeing | Apart,
    ) -> Iterator[Outcome]:
        """How the trials of a task ended; those of which it does not tell go on one by one."""
        errors, begun = self._ray.exceptions, way.began(task)
        try:
            outcomes: list[Outcome] = self._ray.get(task)
            told = {outcome.trial_id for outcome in outcomes}
            left = [spec for spec in specs if spec.trial_id not in told]
            again, failed = bury(left, folder, "", leaving=True)
        except errors.RayTaskError as error:
            left, outcomes = finished(specs, folder)
            last = str(error).strip().rpartition("\n")[2]
            again, failed = bury(left, folder, f"Its Ray task failed ({last}).")
        except errors.RayError as error:
            # Ray itself would count how often it died, also where it gets further each time.
            how, failed = type(error).__name__, list[Outcome]()
            again, outcomes = self._deaths.settle(specs, folder, how, begun=begun)
        queue.extendleft(reversed(again))
        yield from outcomes
        yield from failed

    def _stop(self, tasks: list[Any]) -> None:
        """Ask running trials to save a checkpoint and end; do not wait for ever.

        Whoever interrupts the waiting ends them at once.
        """
        if not tasks:
            return
        ray = self._ray
        try:
            for task in tasks:
                ray.cancel(task, force=False, recursive=False)
            _, left = ray.wait(tasks, num_returns=len(tasks), timeout=SHORT_SECONDS)
            if left:
                self._waiting()
                ray.wait(left, num_returns=len(left), timeout=GRACE_SECONDS)
        finally:
            _, left = ray.wait(tasks, num_returns=len(tasks), timeout=0)
            for task in left:
                ray.cancel(task, force=True)


def while_lost(ray: Any, ask: Callable[[], list[str]]) -> list[str]:
    """The answer of all nodes; they are asked anew where it failed for one that is gone by now.

    ClusterError where all are still there.
    """
    while True:
        before = _nodes(ray)
        try:
            return ask()
        except ClusterError:
            if before <= _nodes(ray):
                raise


def _nodes(ray: Any) -> set[str]:
    return {node["NodeID"] for node in ray.nodes() if node["Alive"]}


class Seeing:
    """Tasks on nodes that see the folder."""

    def __init__(self, ray: Any, folder: Path, options: Mapping[str, Any], common: Any) -> None:
        self._folder, self._progress, self._common = folder, JournalProgress(folder), common
        self._remote = ray.remote(_run)
        self.ask(options)
        self._before: dict[Any, tuple[Sequence[Spec], Sequence[object]]] = {}
        """Of tasks: their trials, and when these were begun last."""

    def ask(self, options: Mapping[str, Any]) -> None:
        """Take so much for every task from now on."""
        self._task: Any = self._remote.options(max_retries=0, **options)

    def start(self, specs: Sequence[Spec]) -> Any:
        """Hand a cohort to Ray."""
        before = [beginning(spec, self._folder) for spec in specs]
        task = self._task.remote(list(specs), self._common)
        self._before[task] = specs, before
        return task

    def look(self, specs: Sequence[Spec]) -> Iterator[Advanced]:
        """How far trials are."""
        return self._progress.look(specs)

    def end(self, task: Any) -> Iterator[Advanced]:
        """What is to be told before it is told how a task ended."""
        return iter(())

    def began(self, task: Any) -> bool:
        """Had a task begun a trial; asked once, when it has ended."""
        specs, before = self._before.pop(task)
        return [beginning(spec, self._folder) for spec in specs] != before

    def close(self) -> None:
        """Let go of what it took."""


def _run(specs: list[Spec], shared: tuple[str, Hardware, str, Mapping[str, str]]) -> list[Outcome]:
    """A task, on a node: a cohort; `ray.cancel` lets it save itself and stop."""
    folder, hardware, place, variables = shared
    if not Path(folder).is_dir():  # a node that came later than the others were asked
        raise FileNotFoundError(f"This node does not see {folder}")
    if Path(place).is_dir():
        os.chdir(place)  # relative paths mean what they mean to who asked
    os.environ.update(variables)
    stop, told = Stop(), list[Event]()
    before = signal.signal(signal.SIGINT, stop)
    try:
        prepare(specs)
        work(specs, Path(folder), hardware, told.append, stop, shared=True)
    finally:
        signal.signal(signal.SIGINT, before)
    return [event for event in told if isinstance(event, Outcome)]
