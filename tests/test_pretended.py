"""Checks on a pretended accelerator, each file in a process of its own.

Autograd learns which devices there are at the first way back of a process, and what was registered
later it does not know. A fault on a way back there ends the process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = (
    "pretended_checks.py",
    "images/accelerator_checks.py",
    "methods/accelerator_checks.py",
    "methods/accelerator_joint_checks.py",
    "methods/accelerator_drawn_checks.py",
    "spaces/accelerator_checks.py",
)
SLOW_FILES = ("methods/accelerator_drawn_checks.py", "spaces/accelerator_checks.py")


@pytest.mark.parametrize("name", FILES)
def test_checks_hold(name: str, tmp_path: Path) -> None:
    run_checks(name, "not slow", tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW_FILES)
def test_slow_checks_hold(name: str, tmp_path: Path) -> None:
    run_checks(name, "slow", tmp_path)


def run_checks(name: str, marked: str, tmp_path: Path) -> None:
    """The tests of a file that are marked so."""
    options = (
        "-q",
        "-m",
        marked,
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--basetemp",
        str(tmp_path / "own"),
    )
    command = [sys.executable, "-m", "pytest", str(HERE / name), *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
