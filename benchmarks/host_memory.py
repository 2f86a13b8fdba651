"""Memory that trials take of a machine, beside what is asked of a Ray cluster for them.

    python benchmarks/host_memory.py [--images folder:PATH] [--only WORD] > memory.md

Each case is a trial (or a cohort) from start to finish in a process of its own, on the CPU with one
thread; its peak is what the system tells of it when it has ended, libraries included. Ray's own
part of a worker, some 75 MB, is not in it. `--images` adds cases on images of your own, of 32
pixels a side; steps are few, for each takes as much as the last.
"""

from __future__ import annotations

import argparse
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.cohort import run_cohort
from nasbench_harness.jobs.executors.foreseen import foreseen
from nasbench_harness.jobs.executors.requests import Request
from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

ON_DIGITS = {"search": "supernet", "dataset": "digits", "recipe": "quick", "steps": 4}
SMALL = {"width": 4, "cells": 1}
CASES: dict[str, dict[str, Any]] = {
    "rea, table": {"methods": "rea", "steps": 100},
    "darts, table": {"methods": "darts", "steps": 100},
    "unas, table, 64 seeds": {"methods": "unas", "steps": 20, "seeds": 64},
    "darts, digits, width 4, 1 cell": {"methods": "darts", **ON_DIGITS, "network": SMALL},
    "darts, digits, recipe quick": {"methods": "darts", **ON_DIGITS},
    "edas, digits, recipe quick": {"methods": "edas", **ON_DIGITS},
    "darts, digits, width 4, 1 cell, 4 seeds as one": {
        "methods": "darts", **ON_DIGITS, "network": SMALL, "seeds": 4, "cohort": 4,
    },
    "darts, digits, width 16, 3 cells, 8 seeds as one": {
        "methods": "darts", **ON_DIGITS, "network": {"width": 16, "cells": 3}, "seeds": 8,
        "cohort": 8,
    },
    "darts on the DARTS space, digits, recipe quick": {
        "methods": "darts", **ON_DIGITS, "space": "darts", "steps": 2,
    },
}  # fmt: skip
OF_32: dict[str, dict[str, Any]] = {
    "darts, width 16, 5 cells, batches of 64": {"methods": "darts"},
    "gdas, the same": {"methods": "gdas"},
    "pcdarts, the same": {"methods": "pcdarts"},
    "darts, the same, batches of 16": {"methods": "darts", "network": {"batch_size": 16}},
    "darts on the DARTS space, width 16, 8 cells, batches of 8": {
        "methods": "darts", "space": "darts", "network": {"batch_size": 8},
    },
}  # fmt: skip
HERE = Hardware("cpu")


def main() -> None:
    """A line for each case."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--images", help="images of 32 pixels a side, as folder:PATH")
    asked.add_argument("--only", default="", help="cases with this word")
    asked.add_argument("--specs", help=argparse.SUPPRESS)
    options = asked.parse_args()
    if options.specs:
        _run(Path(options.specs))
        return
    cases = dict(CASES)
    if options.images:
        of_images = {"search": "supernet", "dataset": options.images, "steps": 1}
        cases |= {name: {**of_images, **given} for name, given in OF_32.items()}
    print("| trial | peak, GB | asked for, GB | ratio | estimated in, s |\n|---|---|---|---|---|")
    for name, given in cases.items():
        if options.only in name:
            print(f"| {name} | {_measured(given)} |", flush=True)


def _measured(given: dict[str, Any]) -> str:
    specs = plan(build_config(None, {"seeds": 1, "random": False, **given}, []))
    began = time.monotonic()
    request, why = foreseen(Request(1), specs, HERE, kind_of(specs[0].problem).host_bytes)
    seconds = time.monotonic() - began
    assert not why, why
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "specs"
        path.write_bytes(pickle.dumps(specs))
        command = [sys.executable, __file__, "--specs", str(path)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    peak = int(done.stdout) / 1e9
    ratio = request.memory_gb / peak
    return f"{peak:.2f} | {request.memory_gb:g} | {ratio:.2f} | {seconds:.1f}"


def _run(path: Path) -> None:
    """In a process of its own: all of them, then its peak in bytes."""
    specs = pickle.loads(path.read_bytes())
    for outcome in run_cohort(specs, path.parent / "trials", hardware=HERE):
        assert outcome.status == "done", outcome
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    main()
