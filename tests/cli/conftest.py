"""The command as a whole process, with its real exit code."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

NASHARNESS = str(Path(sysconfig.get_path("scripts")) / "nasharness")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def nasharness(tmp_path: Path) -> Run:
    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [NASHARNESS, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    return run
