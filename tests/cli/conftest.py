"""The command with its exit code, in this process or as one of its own; small studies for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nasbench_harness import registry
from nasbench_harness.cli import app

NASHARNESS = str(Path(sysconfig.get_path("scripts")) / "nasharness")

WITHOUT_WORKERS = ("cite", "compare", "data", "latency", "list", "query", "show")
Run = Callable[..., subprocess.CompletedProcess[str]]


def called(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in this process, which has imported what it needs and started its workers."""
    done = CliRunner().invoke(app, arguments)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a whole process."""
    words = [NASHARNESS, *arguments]
    # What Python knows of the environment: readline puts COLUMNS into C's, behind its back.
    environment = dict(os.environ)
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


@pytest.fixture(scope="session")
def usual_environment(table_cache: Path) -> dict[str, str]:
    """What the workers of this process were started with."""
    return _environment()


@pytest.fixture(scope="session")
def usual_path() -> list[str]:
    """Where this process finds modules, and with them plugins."""
    return list(sys.path)


@pytest.fixture
def nasharness(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    usual_environment: dict[str, str],
    usual_path: list[str],
) -> Run:
    """The command in `tmp_path`.

    A process of its own where a test has installed something, and, of commands that have workers,
    where it has changed its environment: workers have that in which the first was started.
    """
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        alike = _environment() == usual_environment
        without = arguments[0] in WITHOUT_WORKERS and "COLUMNS" not in os.environ
        if sys.path != usual_path or not (alike or without):
            done = process(*arguments)
        elif alike:
            done = called(*arguments)
        else:  # a process opens a table once, wherever it was then
            registry.open_table.cache_clear()
            done = called(*arguments)
            registry.open_table.cache_clear()
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Studies whose check against `b.json` ends with 0 (`same`), 1 (`worse`) and 3 (`torn`).

    And one, `few`, whose check against `few.json` ends with 4. Nobody may change them.
    """
    folder = tmp_path_factory.mktemp("verdicts")
    _study(folder / "same", seeds=10)
    _baseline(folder / "same", folder / "b.json")
    _study(folder / "few", seeds=3)
    _baseline(folder / "few", folder / "few.json")
    for name in ("worse", "torn"):
        shutil.copytree(folder / "same", folder / name)
    for place in ("worse", "few"):
        for path in (folder / place).glob("trials/rea-s*/result.json"):
            result = json.loads(path.read_text())
            result["cifar10_baseline_accuracy"] -= 0.7
            path.write_text(json.dumps(result))
    (path,) = (folder / "torn").glob("trials/rea-s1-*/result.json")
    path.write_text('{"status": "failed", "error": "it broke"}')
    return folder


def _study(folder: Path, seeds: int) -> None:
    from nasbench_harness.jobs.driver import run_job
    from nasbench_harness.store.studies import gather, plan_study
    from nasbench_harness.study.config import build_config
    from nasbench_harness.study.planning import plan

    given = {"methods": "rea", "seeds": seeds, "steps": 12, "table": "analog"}
    config = build_config(None, given, [])
    folder.mkdir()
    study = plan_study(folder, config.model_dump(mode="json"), plan(config))
    for spec in study.specs:
        run_job(spec, study.trials_folder / spec.trial_id)
    gather(study)


def _baseline(study: Path, path: Path) -> None:
    from nasbench_harness.reports.regression.baseline import Baseline, write_baseline
    from nasbench_harness.reports.regression.series import read_results

    write_baseline(path, Baseline(read_results([study]), {}))
