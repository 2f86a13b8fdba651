"""A search as a job: open problem and searcher, step, derive, look up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from nasbench_harness import registry
from nasbench_harness.contracts import JointSearcher
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import Hardware, wait_for
from nasbench_harness.jobs.job import Row
from nasbench_harness.jobs.recording import record, result
from nasbench_harness.jobs.run import Run
from nasbench_harness.jobs.trying import try_space
from nasbench_harness.problems.kinds import open_kind
from nasbench_harness.seeding import stream_seed
from nasbench_harness.study.capabilities import check_capabilities
from nasbench_harness.study.installed import refuse_outdated
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.tables.library import find_table

SNAPSHOTS = 25
"""How many of the recorded points carry the choice probabilities."""


def open_search(spec: TrialSpec, hardware: Hardware) -> SearchJob:
    """The search at its first step; HarnessError where it would not be the planned one."""
    kind = open_kind(spec.problem)
    device = kind.device(hardware)
    refuse_outdated(spec)
    space, table = registry.open_space(spec.space), find_table(spec.table)
    if table is not None and table.content_hash != spec.table_hash:
        raise HarnessError(
            f"Table `{spec.table}` has changed since the study was planned"
            f" ({spec.table_hash[:12]} then, {table.content_hash[:12]} now)."
        )
    try_space(space)
    problem = kind.open(spec, space, table, hardware, device)
    method = registry.methods.load(spec.method)
    settings = method.Settings.build(spec.method, spec.settings)
    check_capabilities(spec.method, method, settings, kind)
    searcher = method(problem, settings, stream_seed(spec.seed, "searcher"))
    return SearchJob(Run(spec, space, table, problem, searcher, hardware))


class SearchJob:
    """One search in progress, a `Job`."""

    def __init__(self, run: Run) -> None:
        """`run` is at its first step."""
        self.run = run
        self._log: Mapping[str, Any] = {}
        self._alone = not run.spec.places
        self._kind = kind = open_kind(run.spec.problem)
        recorded = kind.recorded(run.spec)
        self._recorded = set(recorded)
        self._snapshots = {*recorded[:: max(1, len(recorded) // SNAPSHOTS)], recorded[-1]}
        self.lasting = kind.dear

    @property
    def step(self) -> int:
        """Search steps done."""
        return self.run.step

    @property
    def finished(self) -> bool:
        """Are all steps done."""
        return self.run.step >= self.run.spec.steps

    @property
    def share(self) -> float:
        """Of the steps."""
        return self.run.step / self.run.spec.steps

    @property
    def place(self) -> str:
        """`at step 20`."""
        return f"at step {self.run.step}"

    def advance(self) -> bool:
        """One step of problem and searcher; what is recorded waits for the device."""
        run, started = self.run, time.perf_counter()
        if not self._alone:
            raise HarnessError(
                "The search was planned as one of a cohort, and is not stepped by itself."
            )
        run.problem.advance()
        self._log = run.searcher.step()
        recorded = self.recorded_next
        if recorded:
            wait_for(run.problem.device)
        run.seconds += time.perf_counter() - started
        run.step += 1
        return recorded

    def record(self) -> Row:
        """The answer if the search stopped now, and what problem and searcher tell."""
        return record(self.run, self._log, snapshot=self.run.step in self._snapshots)

    def result(self, history: Callable[[], Sequence[Row]]) -> Row:
        """The answer, looked up."""
        del history
        return result(self.run)

    def state_dict(self) -> dict[str, Any]:
        """Step, clock, searcher and problem."""
        run = self.run
        return {
            "step": run.step,
            "seconds": run.seconds,
            "cohort": run.cohort,
            "searcher": run.searcher.state_dict(),
            "problem": run.problem.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the step of `state`."""
        self.run.step, self.run.seconds = state["step"], state["seconds"]
        self.run.cohort = state.get("cohort", 1)  # earlier releases tell none
        self.run.problem.load_state_dict(state["problem"])
        self.run.searcher.load_state_dict(state["searcher"])

    @property
    def joins(self) -> bool:
        """Have both method and problem said that they can."""
        searcher = self.run.searcher
        if not isinstance(searcher, JointSearcher) or not self._kind.joins(self.run.problem):
            return False
        method = registry.methods.load(self.run.spec.method)
        return searcher.joins(method.Settings.build(self.run.spec.method, self.run.spec.settings))

    @classmethod
    def join(cls, jobs: Sequence[SearchJob]) -> JointSearch:
        """All of them as one."""
        return JointSearch(jobs)

    @property
    def recorded_next(self) -> bool:
        """Has the next step a line in the history."""
        return self.run.step + 1 in self._recorded

    def stepped(self, seconds: float, log: Mapping[str, Any], cohort: int) -> None:
        """Count a step of so many, with its part of the time and of what there is to log."""
        self.run.seconds += seconds
        self.run.cohort = max(self.run.cohort, cohort)
        self.run.step += 1
        self._log = log


class JointSearch:
    """Searches that differ in their seed only, at the same step, as one."""

    def __init__(self, searches: Sequence[SearchJob]) -> None:
        """They share alpha's memory from now on, and stay searches of their own."""
        self._searches = searches
        runs = [search.run for search in searches]
        self._searchers = [cast("JointSearcher", run.searcher) for run in runs]
        self._problem = open_kind(runs[0].spec.problem).join([run.problem for run in runs])
        self._searcher = type(self._searchers[0]).join(self._searchers, self._problem)

    def advance(self) -> bool:
        """One step of all; each has run for its share of the time."""
        started = time.perf_counter()
        self._problem.advance()
        log = self._searcher.step()
        recorded = self._searches[0].recorded_next
        if recorded:
            self.part()
        count = len(self._searches)
        share = (time.perf_counter() - started) / count
        for place, search in enumerate(self._searches):
            search.stepped(share, _of_run(log, place) if recorded else {}, count)
        return recorded

    def part(self) -> None:
        """What the searchers keep jointly."""
        self._searcher.part(self._searchers)


def _of_run(log: Mapping[str, Any], place: int) -> dict[str, Any]:
    """One run's part of a joint log: of values [R] its own, of others all."""
    return {k: v[place] if getattr(v, "ndim", 0) else v for k, v in log.items()}
