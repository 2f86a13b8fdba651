"""What a trial costs under Ray beyond Ray itself, and what very many of them ask of the command.

    python benchmarks/ray_tasks.py --rounds 7 --trials 40
    python benchmarks/ray_tasks.py --pressure 10000 [--until 600]

The first: a cluster of one CPU on this machine runs short searches on a table in turn as trials of
`RayExecutor` (folder, lock, lease, history, result), as plain Ray tasks that do the same search and
return its result, and as empty tasks; as many are with Ray at a time each way. Told are medians of
the rounds, milliseconds for each trial, and what the executor takes once, before the first trial;
`cpu` is what all processes used, those of Ray and this one, which other work on the machine changes
less.

The second: so many such trials on a cluster of two CPUs; how many tasks are with Ray at most, the
driver's memory before and after, and the seconds. `--until` ends it after so many seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import ray
from ray.cluster_utils import Cluster

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.executors.ray import AHEAD, RayExecutor, Seeing
from nasbench_harness.jobs.executors.requests import Request
from nasbench_harness.jobs.job import open_job
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

STORE = {"object_store_memory": 80_000_000}
STEPS = 20
SEEDS = 10_000
EVERY = 2000
"""Trials after which seconds and the driver's peak, MB, are noted."""


def main() -> None:
    """One of both."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--rounds", type=int, default=7)
    asked.add_argument("--trials", type=int, default=40, help="of a round")
    asked.add_argument("--pressure", type=int, default=0, metavar="TRIALS")
    asked.add_argument("--until", type=float, default=float("inf"), metavar="SECONDS")
    options = asked.parse_args()
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **STORE}
    )
    cluster.add_node(num_cpus=2 if options.pressure else 1, **STORE)
    with tempfile.TemporaryDirectory() as name:
        if options.pressure:
            told = _pressed(options.pressure, options.until, Path(name), cluster.address)
        else:
            told = _compared(options.rounds, options.trials, Path(name), cluster.address)
    print(json.dumps(told))
    ray.shutdown()
    cluster.shutdown()


def planned(trials: int) -> list[Any]:
    """Each is a task of its own: this method's seeds are not stepped together.

    More than a study may have seeds are seeds of several settings.
    """
    settings = -(-trials // SEEDS)
    methods = ",".join(f"rea[population={10 + number}]" for number in range(settings))
    given = {"methods": methods, "seeds": trials // settings, "random": False, "steps": STEPS}
    return plan(build_config(None, given, []))


# --- beyond Ray's own --------------------------------------------------------------------------


def _compared(rounds: int, trials: int, folder: Path, address: str) -> dict[str, Any]:
    specs, once = planned(trials), list[float]()

    def by_executor() -> None:
        began = time.perf_counter()
        events = RayExecutor(Request(1), address=address).run(specs, folder / "trials")
        once.append(time.perf_counter() - began)
        ended = [event for event in events if isinstance(event, Outcome)]
        assert [outcome.status for outcome in ended] == [Status.DONE] * trials
        shutil.rmtree(folder / "trials")

    RayExecutor(Request(1), address=address)  # connects
    ways: dict[str, Callable[[], None]] = {
        "trials": by_executor,
        "plain": lambda: _plainly(_search, specs),
        "empty": lambda: _plainly(_nothing, specs),
    }
    for run in ways.values():
        run()
    once.clear()
    found = [{name: _spent(run) for name, run in ways.items()} for _ in range(rounds)]
    told: dict[str, Any] = {"once": round(1e3 * statistics.median(once), 1)}
    for number, clock in enumerate(("wall", "cpu")):
        each = {name: [1e3 * one[name][number] / trials for one in found] for name in ways}
        beyond = [a - b for a, b in zip(each["trials"], each["plain"], strict=True)]
        low, middle, high = statistics.quantiles(beyond)
        told[clock] = {name: round(statistics.median(of), 2) for name, of in each.items()}
        told[clock] |= {"beyond": round(middle, 2), "quartiles": [round(low, 2), round(high, 2)]}
    return told


def _spent(run: Callable[[], None]) -> tuple[float, float]:
    """Seconds on the clock, and of all processors by this process and those under it."""
    began, used = time.perf_counter(), _used()
    run()
    return time.perf_counter() - began, _used() - used


def _used() -> float:
    own = psutil.Process()
    total = 0.0
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _plainly(task: Callable[[Any], Any], specs: list[Any]) -> None:
    remote = ray.remote(task).options(num_cpus=1, max_retries=0)
    left, running = iter(specs), list[Any]()
    for spec in left:
        running.append(remote.remote(spec))
        if len(running) >= AHEAD:
            done, running = ray.wait(running)
            ray.get(done)
    ray.get(running)


def _search(spec: Any) -> dict[str, Any]:
    job, rows = open_job(spec, Hardware()), list[dict[str, Any]]()
    while not job.finished:
        if job.advance():
            rows.append(job.record())
    return job.result(lambda: rows)


def _nothing(spec: Any) -> None:
    return None


# --- very many ---------------------------------------------------------------------------------


def _pressed(trials: int, until: float, folder: Path, address: str) -> dict[str, Any]:
    began = time.perf_counter()
    specs = planned(trials)
    planning, before = time.perf_counter() - began, _peak()
    there, most = 0, 0
    start, end = Seeing.start, Seeing.end

    def counting(self: Seeing, cohort: Any) -> Any:
        nonlocal there, most
        there += 1
        most = max(most, there)
        return start(self, cohort)

    def counted(self: Seeing, task: Any) -> Iterator[Any]:
        nonlocal there
        there -= 1
        return end(self, task)

    Seeing.start, Seeing.end = counting, counted  # type: ignore[method-assign]
    began, done, marks = time.perf_counter(), 0, list[tuple[int, float, int]]()
    with closing(RayExecutor(Request(1), address=address).run(specs, folder / "trials")) as events:
        for event in events:
            if not isinstance(event, Outcome):
                continue
            assert event.status is Status.DONE, event
            done += 1
            spent = time.perf_counter() - began
            if done % EVERY == 0:
                marks.append((done, round(spent, 1), _peak()))
            if spent > until:
                break
    return {
        "trials": len(specs),
        "done": done,
        "planned_in": round(planning, 1),
        "seconds": round(time.perf_counter() - began, 1),
        "reached": marks,
        "tasks_at_most": most,
        "driver_mb": {"planned": before, "ended": _peak()},
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
