"""Landscape seeds a minute of one method on 2 cores, run and gathered. To reach: 1,000; aim 2,000.

`extra_info` of the JSON holds the seeds a minute; the command is the one that is timed.
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

NASHARNESS = Path(sysconfig.get_path("scripts")) / "nasharness"
SEEDS = 1000


@pytest.mark.slow
@pytest.mark.parametrize("method", ["darts", "drnas", "unas", "edas", "random"])
def test_seeds_a_minute(benchmark: BenchmarkFixture, tmp_path: Path, method: str) -> None:
    out = tmp_path / "study"
    command = [str(NASHARNESS), "run", "--methods", method, "--seeds", str(SEEDS), "-j", "2"]
    command += ["--no-random", "--no-report", "--out", str(out)]
    benchmark.pedantic(
        subprocess.run, [command], {"check": True, "capture_output": True},
        rounds=1, setup=lambda: shutil.rmtree(out, ignore_errors=True),
    )  # fmt: skip
    assert len(list((out / "trials").iterdir())) == SEEDS
    assert benchmark.stats is not None
    benchmark.extra_info["seeds_a_minute"] = round(60 * SEEDS / benchmark.stats.stats.mean)
