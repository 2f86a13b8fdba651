"""The command with its exit code, in this process or as one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nasbench_harness import registry
from nasbench_harness.cli import app

SITE = "site"
"""Folder of what a test installs."""
NASHARNESS = str(Path(sysconfig.get_path("scripts")) / "nasharness")

WITHOUT_WORKERS = ("cite", "compare", "data", "latency", "list", "query", "show")
OF_OTHERS = ("KMP_", "PYTEST_CURRENT_TEST", "TORCHINDUCTOR_")
"""Beginnings of variables that pytest and PyTorch set when they like."""
Run = Callable[..., subprocess.CompletedProcess[str]]
SERVED = """
import json, os, sys
from typer.testing import CliRunner
from nasbench_harness.cli import app

answers = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
for line in sys.stdin:
    folder, words = json.loads(line)
    os.chdir(folder)
    done = CliRunner().invoke(app, words)
    print(json.dumps([done.exit_code, done.stdout, done.stderr]), file=answers)
"""


def called(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in this process, which has imported what it needs and started its workers."""
    done = CliRunner().invoke(app, arguments)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a whole process, which finds what a test has installed for this one."""
    words = [NASHARNESS, *arguments]
    # What Python knows of the environment: readline puts COLUMNS into C's, behind its back.
    environment = dict(os.environ)
    if installed := [folder for folder in sys.path if Path(folder).name == SITE]:
        environment["PYTHONPATH"] = os.pathsep.join(installed)
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)


class Aside:
    """A process of its own for one command after another.

    It starts with what is installed in `site`, and with these variables.
    """

    def __init__(self, site: Path | None = None, **environment: str) -> None:
        if site is not None:
            environment["PYTHONPATH"] = str(site)
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVED], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env={**os.environ, **environment},
        )  # fmt: skip

    def __enter__(self) -> Aside:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(
        self, folder: Path, *arguments: str, code: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The command in `folder`; with `code` it must end so, and without a traceback."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(folder), arguments]) + "\n")
        self._process.stdin.flush()
        done = subprocess.CompletedProcess(arguments, *json.loads(self._process.stdout.readline()))
        return done if code is None else ended(done, code)


def ended(done: subprocess.CompletedProcess[str], code: int) -> subprocess.CompletedProcess[str]:
    """The command, which must have ended so, and without a traceback."""
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def _environment() -> dict[str, str]:
    """What tests may have changed: libraries that are imported set something, too."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OF_OTHERS)}


def _another_kind() -> bool:
    """Is a kind of problem installed that this process does not know."""
    found = {entry.name for entry in entry_points(group=registry.problems.group)}
    return found != set(registry.problems.names())


@pytest.fixture(scope="session")
def usual_environment(table_cache: Path) -> dict[str, str]:
    """What the workers of this process were started with."""
    return _environment()


@pytest.fixture
def nasharness(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usual_environment: dict[str, str]
) -> Run:
    """The command in `tmp_path`.

    A process of its own where a test has installed a kind of problem, and, of commands that have
    workers, where it has changed its environment: workers have that in which the first was started.
    """
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        alike = _environment() == usual_environment
        without = arguments[0] in WITHOUT_WORKERS and "COLUMNS" not in os.environ
        if _another_kind() or not (alike or without):
            done = process(*arguments)
        elif alike:
            done = called(*arguments)
        else:  # a process opens a table once, wherever it was then
            registry.open_table.cache_clear()
            done = called(*arguments)
            registry.open_table.cache_clear()
        return ended(done, code)

    return run
