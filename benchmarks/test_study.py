"""A whole study. To reach: 6 methods x 50 seeds, default budget, under 3 minutes on 2 cores."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

NASHARNESS = Path(sysconfig.get_path("scripts")) / "nasharness"


@pytest.mark.slow
def test_six_methods_fifty_seeds(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    out = tmp_path / "study"
    command = [str(NASHARNESS), "run", "--methods", "darts,drnas,unas,edas,rea", "--seeds", "50"]
    benchmark.pedantic(
        subprocess.run, [[*command, "--out", str(out)]], {"check": True, "capture_output": True},
        rounds=1, setup=lambda: shutil.rmtree(out, ignore_errors=True),
    )  # fmt: skip
    assert len(list((out / "trials").iterdir())) == 300
