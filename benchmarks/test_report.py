"""How long a report takes, and how much memory: of many steps, and of many trials.

The trials are copies of a few real ones: what is measured is reading, statistics and drawing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from nasbench_harness.jobs.driver import run_job
from nasbench_harness.problems import points
from nasbench_harness.store.studies import plan_study
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

METHODS = "darts,drnas,edas,rea,unas"
"""And `random`."""
REAL_SEEDS = 3

REPORT = """
import resource, sys
from pathlib import Path
from nasbench_harness.cli import main
sys.argv = ["nasharness", "report", sys.argv[1]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def build(folder: Path, seeds: int, recorded: int, steps: int) -> Path:
    """A study of six methods whose seeds from `REAL_SEEDS` on are copies."""
    points.RECORDED_POINTS, before = recorded, points.RECORDED_POINTS
    config = build_config(None, {"methods": METHODS, "seeds": seeds, "steps": steps}, [])
    folder.mkdir()
    study = plan_study(folder, config.model_dump(mode="json"), plan(config))
    real = {}
    for spec in study.specs:
        place = study.trials_folder / spec.trial_id
        if spec.seed < REAL_SEEDS:
            run_job(spec, place)
            real[spec.label, spec.seed] = place
        else:
            shutil.copytree(real[spec.label, spec.seed % REAL_SEEDS], place)
    points.RECORDED_POINTS = before
    return folder


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 methods x 50 seeds x 500 recorded steps."""
    return build(tmp_path_factory.mktemp("long") / "study", seeds=50, recorded=500, steps=2000)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """10,002 trials of 6 methods, 100 recorded steps each."""
    folder = tmp_path_factory.mktemp("many")
    yield build(folder / "study", seeds=1667, recorded=100, steps=300)
    shutil.rmtree(folder)


@pytest.mark.parametrize("which", ["long", "many"])
def test_report(benchmark: BenchmarkFixture, request: pytest.FixtureRequest, which: str) -> None:
    folder = request.getfixturevalue(which)

    def setup() -> None:
        for kind in ("parquet", "csv"):
            for table in ("trials", "history"):
                (folder / f"{table}.{kind}").unlink(missing_ok=True)
        shutil.rmtree(folder / "report", ignore_errors=True)

    def write() -> int:
        done = subprocess.run(
            [sys.executable, "-c", REPORT, str(folder)], check=True, capture_output=True, text=True,
            env={**os.environ, "MPLBACKEND": "agg"},
        )  # fmt: skip
        return int(done.stdout.split()[-1])

    rounds = 3 if which == "long" else 1
    benchmark.extra_info["peak_memory_mb"] = benchmark.pedantic(write, setup=setup, rounds=rounds)
    page = folder / "report" / "index.html"
    benchmark.extra_info["page_bytes"] = page.stat().st_size
