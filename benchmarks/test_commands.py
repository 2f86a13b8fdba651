"""Whole commands, as a person waits for them. To reach: under 0.4 s each."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

NASHARNESS = Path(sysconfig.get_path("scripts")) / "nasharness"


@pytest.mark.parametrize(
    "arguments",
    ["--help", "run --help", "list methods", "query --index 9930", "query --index 9930 --json"],
)
def test_command(benchmark: BenchmarkFixture, arguments: str) -> None:
    command = [str(NASHARNESS), *arguments.split()]
    benchmark.pedantic(
        subprocess.run, [command], {"check": True, "capture_output": True},
        rounds=15, warmup_rounds=2,
    )  # fmt: skip


def test_bare_interpreter(benchmark: BenchmarkFixture) -> None:
    """What the commands are to be compared with on this machine."""
    command = [str(NASHARNESS.with_name("python")), "-c", "pass"]
    benchmark.pedantic(subprocess.run, [command], {"check": True}, rounds=15, warmup_rounds=2)
