"""Random kills of what runs trials on a Ray cluster of this machine: what is lost, what runs twice.

    python benchmarks/kills.py --kills 50 --trials 12 --steps 30000 [--unshared]

Two of three kills end a worker process, every third takes a whole node away and puts another in its
place. At the end each trial has to be done, with the result that it has on its own; `again` counts
results that changed after they were there, `repeated` histories that have a step twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster

from nasbench_harness.jobs.driver import run_job
from nasbench_harness.jobs.executors import clusters
from nasbench_harness.jobs.executors.ray import RayExecutor
from nasbench_harness.jobs.executors.requests import Request
from nasbench_harness.store.outcomes import Outcome, Status
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

NODES = 2
STORE = {"object_store_memory": 80_000_000}
SPENT = ("search_seconds", "cohort")
WORKER = b"ray::nasharness"
"""How Ray calls a process that runs a task of ours."""
MARK = f"NASHARNESS_KILLS={os.getpid()}".encode()
"""In the environment of the processes of our own cluster, and of no other."""


def main() -> None:
    """Run, kill, count."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--kills", type=int, default=50)
    asked.add_argument("--trials", type=int, default=12)
    asked.add_argument("--steps", type=int, default=30000)
    asked.add_argument("--every", type=float, default=3.0, help="seconds between two kills")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--unshared", action="store_true", help="results come through Ray")
    options = asked.parse_args()
    given = {"methods": "rea", "seeds": options.trials, "random": False, "steps": options.steps}
    specs = plan(build_config(None, given, []))
    with tempfile.TemporaryDirectory() as name:
        _report(specs, Path(name), options)


def _report(specs: list[Any], folder: Path, options: argparse.Namespace) -> None:
    os.environ["NASHARNESS_KILLS"] = str(os.getpid())
    head = {"num_cpus": 0, "include_dashboard": False, **STORE}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(num_cpus=1, **STORE) for _ in range(NODES)]
    if options.unshared:
        clusters._arrives = lambda *of: False
    draw, kills, outcomes = random.Random(options.seed), [], list[Outcome]()
    results: dict[str, bytes] = {}
    began = killed = time.monotonic()
    for event in RayExecutor(Request(1), address=cluster.address).run(specs, folder / "ray"):
        if isinstance(event, Outcome):
            outcomes.append(event)
            results[event.trial_id] = _result(folder / "ray" / event.trial_id)
        if len(kills) < options.kills and time.monotonic() - killed > options.every:
            killed = time.monotonic()
            kills += _kill(cluster, nodes, draw, node=len(kills) % 3 == 2)
    seconds = time.monotonic() - began
    ray.shutdown()
    cluster.shutdown()
    for spec in specs:
        run_job(spec, folder / "alone" / spec.trial_id)
    places = {spec.trial_id: folder / "ray" / spec.trial_id for spec in specs}
    told = {
        "trials": len(specs),
        "kills": {name: kills.count(name) for name in ("process", "node")},
        "done": sum(outcome.status is Status.DONE for outcome in outcomes),
        "failed": [outcome.error for outcome in outcomes if outcome.status is not Status.DONE],
        "lost": sum(not _is_alike(place, folder / "alone") for place in places.values()),
        "again": sum(_result(places[one]) != result for one, result in results.items()),
        "repeated": sum(_repeats(place) for place in places.values()),
        "seconds": round(seconds, 1),
    }
    print(json.dumps(told))


def _kill(cluster: Any, nodes: list[Any], draw: random.Random, *, node: bool) -> list[str]:
    """What was killed."""
    if node:
        cluster.remove_node(nodes.pop(draw.randrange(len(nodes))), allow_graceful=False)
        nodes.append(cluster.add_node(num_cpus=1, **STORE))
        return ["node"]
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            own = MARK in (path.parent / "environ").read_bytes()
            if own and path.read_bytes().startswith(WORKER):
                found.append(int(path.parent.name))
        except OSError:
            continue
    if not found:
        return []
    os.kill(draw.choice(found), signal.SIGKILL)
    return ["process"]


def _result(place: Path) -> bytes:
    return (place / "result.json").read_bytes()


def _is_alike(place: Path, alone: Path) -> bool:
    first, second = (json.loads(_result(one)) for one in (place, alone / place.name))
    return {k: v for k, v in first.items() if k not in SPENT} == {
        k: v for k, v in second.items() if k not in SPENT
    }


def _repeats(place: Path) -> bool:
    steps = [json.loads(line)["step"] for line in (place / "history.jsonl").open()]
    return steps != sorted(set(steps))


if __name__ == "__main__":
    main()
