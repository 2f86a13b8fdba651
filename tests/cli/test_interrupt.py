"""Ctrl-C in the middle of a run, sent to the whole group as a terminal does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nasbench_harness.jobs.executors.local import LocalExecutor
from nasbench_harness.jobs.study import run_study
from nasbench_harness.study.config import build_config

COMMAND = [sys.executable, "-m", "nasbench_harness"]
STUDY = {"methods": "rea,drnas", "seeds": 1, "steps": 4_000, "random": False}
SPENT = "search_seconds"
WORDS = ["run", "-m", "rea,drnas", "--seeds", "1", "--steps", "4000", "--no-random", "-j", "1"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def interrupted(folder: Path, number: int, *words: str) -> subprocess.CompletedProcess[str]:
    """A run whose group gets a signal while its second trial, `drnas`, is in progress."""
    process = subprocess.Popen(
        [*COMMAND, *WORDS, "--out", "s", *words], cwd=folder, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not any(path.stat().st_size for path in folder.glob("s/trials/drnas-*/history.jsonl")):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            raise AssertionError(process.communicate())
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=180)
    return subprocess.CompletedProcess(WORDS, process.returncode, out, err)


def answers(folder: Path) -> dict[str, Any]:
    results = {}
    for path in folder.glob("trials/*/result.json"):
        result = json.loads(path.read_text())
        results[path.parent.name] = {k: v for k, v in result.items() if k != SPENT}
    return results


def statuses(folder: Path) -> list[str]:
    return sorted(pd.read_parquet(folder / "trials.parquet")["status"])


def test_run_leaves_the_report_for_later_and_goes_on_bit_for_bit(tmp_path: Path) -> None:
    done = interrupted(tmp_path, signal.SIGINT)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert statuses(tmp_path / "s") == ["done", "interrupted"]
    assert not (tmp_path / "s" / "report").exists()
    assert done.stdout.splitlines()[-1] == (
        "Interrupted; what is done is kept. `nasharness resume s` goes on; `nasharness report s`"
        " writes the report of what is done."
    )
    subprocess.run(
        [*COMMAND, "resume", "s", "--no-report"], cwd=tmp_path, check=True, capture_output=True
    )
    run_study(build_config(None, STUDY, []), tmp_path / "whole", LocalExecutor(1))
    assert answers(tmp_path / "s") == answers(tmp_path / "whole")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_scheduler_and_closed_terminal_signal_the_whole_group(name: str, tmp_path: Path) -> None:
    """JSON tells what is there, and standard error how to go on."""
    done = interrupted(tmp_path, getattr(signal, name), "--json")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    told = json.loads(done.stdout)
    assert told["report"] is None
    assert told["studies"][0]["status"] == {"done": 1, "interrupted": 1}
    assert "`nasharness resume s` goes on" in done.stderr
