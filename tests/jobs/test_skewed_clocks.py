"""Two processes with clocks an hour apart, on one folder: leases compare no clocks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.jobs.driver import run_job
from nasbench_harness.store.files import read_json
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

SCRIPT = Path(__file__).with_name("skewed_machine.py")
HOUR = 3600.0


class Machine:
    """A process of `skewed_machine`, that waits after each thing it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def says(self) -> list[Any]:
        assert self._process.stdout is not None
        told: list[Any] = json.loads(self._process.stdout.readline())
        return told

    def go_on(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def die(self) -> None:
        self._process.kill()
        self._process.wait()


@contextmanager
def machine(name: str, skew: float, folder: Path) -> Iterator[Machine]:
    command = [sys.executable, str(SCRIPT), str(skew), name, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Machine(process)
        finally:
            process.kill()


def result(folder: Path) -> dict[str, Any]:
    return {k: v for k, v in read_json(folder / "result.json").items() if k != "search_seconds"}


@pytest.mark.parametrize(
    ("holds", "waits"), [(0.0, HOUR), pytest.param(HOUR, 0.0, marks=pytest.mark.slow)]
)
def test_lease_of_the_living_is_kept_and_that_of_the_dead_taken(
    tmp_path: Path, holds: float, waits: float
) -> None:
    folder = tmp_path / "trial"
    folder.mkdir()
    with ExitStack() as stack:
        holder = stack.enter_context(machine("holder", holds, folder))
        waiter = stack.enter_context(machine("waiter", waits, folder))
        assert holder.says()[0] == "begun"
        assert waiter.says() == ["ready", pytest.approx(waits, abs=1.0)]
        waiter.go_on()
        assert waiter.says() == ["failed", f"Another machine is working on {folder}."]
        assert not (folder / "result.json").exists()
        holder.die()
        waiter.go_on()
        assert waiter.says() == ["done", ""]
    given = {"methods": "rea", "seeds": "0,", "steps": 40, "random": False}
    run_job(plan(build_config(None, given, []))[0], tmp_path / "alone")
    assert result(folder) == result(tmp_path / "alone")
    assert not list(folder.glob(".trial.lease-*"))
