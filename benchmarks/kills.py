"""Random kills of what runs trials on a Ray cluster of this machine: what is lost, what runs twice.

    python benchmarks/kills.py --kills 50 --trials 12 --steps 300000 --every 4 [--unshared]

Of four kills two end a worker process, one takes a whole node away and puts another in its place,
and one ends the driver, the process that runs the executor, which is started anew with the rest.
They come at random moments, `--every` so many seconds on average. At the end each trial has to be
done, with the result that it has on its own: `lost` counts those that are not, `failed` has why
trials were told to have failed, `again` counts results that changed after they were there, and
`repeated` histories that have a step twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

from nasbench_harness.jobs.driver import run_job
from nasbench_harness.jobs.executors import clusters
from nasbench_harness.jobs.executors.ray import RayExecutor
from nasbench_harness.jobs.executors.requests import Request
from nasbench_harness.store.outcomes import Outcome, Status, read_result
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

NODES = 2
STORE = {"object_store_memory": 80_000_000}
SPENT = ("search_seconds", "cohort")
WORKER = b"ray::nasharness"
"""How Ray calls a process that runs a task of ours."""
MARK = f"NASHARNESS_KILLS={os.getpid()}".encode()
"""In the environment of the processes of our own cluster, and of no other."""
TURNS = ("process", "node", "process", "driver")
LOOK_SECONDS = 0.2


def main() -> None:
    """Run, kill, count; or be the driver."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--kills", type=int, default=50)
    asked.add_argument("--trials", type=int, default=12)
    asked.add_argument("--steps", type=int, default=300_000)
    asked.add_argument("--every", type=float, default=4.0, help="seconds between two kills")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--unshared", action="store_true", help="results come through Ray")
    asked.add_argument("--drive", nargs=2, metavar=("ADDRESS", "FOLDER"), help=argparse.SUPPRESS)
    options = asked.parse_args()
    given = {"methods": "rea", "seeds": options.trials, "random": False, "steps": options.steps}
    specs = plan(build_config(None, given, []))
    if options.drive:
        _drive(specs, *options.drive, unshared=options.unshared)
        return
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(Ordeal(Path(name), options).report(specs)))


# --- the driver, a process of its own ------------------------------------------------------------


def _drive(specs: list[Any], address: str, name: str, *, unshared: bool) -> None:
    """Run what has no result yet; a line for each that has one, as soon as it has."""
    folder = Path(name)
    done = [s for s in specs if read_result(folder / s.trial_id)["status"] == Status.DONE]
    if unshared:
        clusters._arrives = lambda *of: False
    with folder.with_suffix(".jsonl").open("a") as told:
        for spec in done:
            _tell(Outcome(spec.trial_id, Status.DONE), folder, told)
        left = [spec for spec in specs if spec not in done]
        for event in RayExecutor(Request(1), address=address).run(left, folder):
            if isinstance(event, Outcome):
                _tell(event, folder, told)


def _tell(outcome: Outcome, folder: Path, told: Any) -> None:
    facts = [outcome.trial_id, outcome.status, outcome.error, _text(folder / outcome.trial_id)]
    told.write(json.dumps(facts) + "\n")
    told.flush()


# --- who kills -----------------------------------------------------------------------------------


class Ordeal:
    """A cluster, the driver of a study on it, and what was killed of them."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        """Start the cluster."""
        os.environ["NASHARNESS_KILLS"] = str(os.getpid())
        self.folder, self.options, self.kills = folder, options, list[str]()
        self._draw = random.Random(options.seed)
        head = {"num_cpus": 0, "include_dashboard": False, **STORE}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self._nodes = [self._cluster.add_node(num_cpus=1, **STORE) for _ in range(NODES)]

    def report(self, specs: list[Any]) -> dict[str, Any]:
        """What became of all trials."""
        began = time.monotonic()
        try:
            self._run()
        finally:
            self._cluster.shutdown()
        seconds = time.monotonic() - began
        for spec in specs:
            run_job(spec, self.folder / "alone" / spec.trial_id)
        places = {spec.trial_id: self.folder / "ray" / spec.trial_id for spec in specs}
        lines = [json.loads(line) for line in (self.folder / "ray.jsonl").open()]
        texts: dict[str, set[str]] = defaultdict(set)
        for trial_id, status, _, text in lines:
            if status == Status.DONE:
                texts[trial_id] |= {text, _text(places[trial_id])}
        return {
            "trials": len(specs),
            "kills": {name: self.kills.count(name) for name in ("process", "node", "driver")},
            "done": len(texts),
            "failed": [error for _, status, error, _ in lines if status != Status.DONE],
            "lost": sum(not _is_alike(place, self.folder / "alone") for place in places.values()),
            "again": sum(len(found) > 1 for found in texts.values()),
            "repeated": sum(_repeats(place) for place in places.values()),
            "seconds": round(seconds, 1),
        }

    def _run(self) -> None:
        """Until a driver has ended by itself."""
        driver, due = self._driver(), time.monotonic() + self._pause()
        while (code := driver.poll()) != 0:
            if code not in (None, -signal.SIGKILL):
                raise SystemExit(f"The driver ended with {code}: {self._log.read_text()[-2000:]}")
            if code is not None:
                driver = self._driver()
            if len(self.kills) < self.options.kills and time.monotonic() > due:
                turn = TURNS[len(self.kills) % len(TURNS)]
                if self._kill(turn, driver):
                    self.kills.append(turn)
                    due = time.monotonic() + self._pause()
            time.sleep(LOOK_SECONDS)

    @property
    def _log(self) -> Path:
        return self.folder / "driver.log"

    def _pause(self) -> float:
        return self._draw.uniform(0.5, 1.5) * self.options.every

    def _driver(self) -> subprocess.Popen[bytes]:
        asked = self.options
        command = [sys.executable, __file__, "--trials", asked.trials, "--steps", asked.steps]
        command += ["--drive", self._cluster.address, self.folder / "ray"]
        command += ["--unshared"] if asked.unshared else []
        with self._log.open("a") as log:
            return subprocess.Popen([str(word) for word in command], stdout=log, stderr=log)

    def _kill(self, turn: str, driver: subprocess.Popen[bytes]) -> bool:
        """Was there one to be killed."""
        if turn == "driver":
            driver.kill()
            driver.wait()
        elif turn == "node":
            gone = self._nodes.pop(self._draw.randrange(len(self._nodes)))
            self._cluster.remove_node(gone, allow_graceful=False)
            self._nodes.append(self._cluster.add_node(num_cpus=1, **STORE))
        elif found := _workers():
            os.kill(self._draw.choice(found), signal.SIGKILL)
        else:
            return False
        return True


def _workers() -> list[int]:
    """Processes that run a task of ours."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            own = MARK in (path.parent / "environ").read_bytes()
            if own and path.read_bytes().startswith(WORKER):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return sorted(found)


# --- what became of them -------------------------------------------------------------------------


def _text(place: Path) -> str:
    path = place / "result.json"
    return path.read_text() if path.exists() else ""


def _is_alike(place: Path, alone: Path) -> bool:
    if not _text(place):
        return False
    first, second = (json.loads(_text(one)) for one in (place, alone / place.name))
    return {k: v for k, v in first.items() if k not in SPENT} == {
        k: v for k, v in second.items() if k not in SPENT
    }


def _repeats(place: Path) -> bool:
    steps = [json.loads(line)["step"] for line in (place / "history.jsonl").open()]
    return steps != sorted(set(steps))


if __name__ == "__main__":
    main()
