"""`run --smallest-difference` and `run --fixed`, and their keys of a study file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

import nasbench_harness
from nasbench_harness.errors import HarnessError
from nasbench_harness.store.studies import STUDY, open_study

Run = Callable[..., "CompletedProcess[str]"]
SMALL = ("run", "-m", "rea", "--table", "analog", "--steps", "3", "--no-report", "-o", "S", "-j1")


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("points", ["-1", "0", "nan", "-0.0", "inf", "1e999", "small", ""])
def test_what_is_no_size_is_refused_before_anything_runs(nasharness: Run, points: str) -> None:
    done = nasharness(*SMALL, "--smallest-difference", points, code=2)
    assert "smallest" in done.stderr
    assert "expected" in done.stderr
    assert not Path("S").exists()


def test_a_study_keeps_what_was_said_and_tells_a_change(nasharness: Run) -> None:
    first = nasharness(*SMALL, "--seeds", "2", "--smallest-difference", "0.2")
    assert "smallest difference" not in first.stderr
    assert open_study(Path("S")).smallest_difference("regret") == 0.2
    assert "smallest difference" not in nasharness(*SMALL, "--seeds", "2").stderr
    changed = nasharness(*SMALL, "--seeds", "2", "--smallest-difference", "0.5")
    told = " ".join(changed.stderr.split())
    assert (
        "its smallest difference of interest was 0.2 points and is 0.5 points from now on" in told
    )
    assert open_study(Path("S")).smallest_difference("regret") == 0.5


def test_a_fixed_study_is_gone_on_with_and_not_extended(nasharness: Run) -> None:
    done = nasharness(*SMALL, "--seeds", "2", "--fixed")
    assert "more seeds" not in done.stdout
    nasharness(*SMALL, "--seeds", "2")
    assert "more seeds" not in nasharness("resume", "S", "--no-report").stdout
    before = files(Path("S", "trials")), Path("S", STUDY).read_bytes()
    refused = nasharness(*SMALL, "--seeds", "4", code=2)
    told = " ".join(refused.stderr.split())
    assert "fixed study, which is judged once and not extended" in told
    assert (files(Path("S", "trials")), Path("S", STUDY).read_bytes()) == before


def test_a_study_that_has_results_is_fixed_too_late(nasharness: Run) -> None:
    nasharness(*SMALL, "--seeds", "1")
    refused = nasharness(*SMALL, "--seeds", "1", "--fixed", code=2)
    assert "before they are seen" in " ".join(refused.stderr.split())


def written(**keys: Any) -> Path:
    path = Path("study.yaml")
    study = {"methods": "rea", "table": "analog", "steps": 3, "seeds": 2, "random": False, **keys}
    path.write_text("\n".join(f"{key}: {json.dumps(value)}" for key, value in study.items()))
    return path


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"regret": 0.2, "acuracy": 0.3}, "called `acuracy`. Did you mean `accuracy`?"),
        ({"regret": 0}, "(`regret` is 0)"),
        ({}, "(no metric is named)"),
        ("little", "cannot be 'little': expected points, a number > 0"),
        ([0.1], "cannot be [0.1]: expected points"),
    ],
)
def test_a_study_file_is_refused_in_one_sentence(nasharness: Run, said: Any, told: str) -> None:
    path = written(smallest_difference=said)
    done = nasharness("run", "--config", str(path), "--no-report", "-o", "S", code=2)
    assert told in " ".join(done.stderr.split())
    assert not Path("S", STUDY).exists()


def test_a_study_file_has_both(nasharness: Run) -> None:
    path = written(smallest_difference={"regret": 0.2, "accuracy": 0.3}, fixed=True)
    nasharness("run", "--config", str(path), "--no-report", "-o", "S", "-j1")
    study = open_study(Path("S"))
    assert (study.fixed, study.smallest_difference("accuracy")) == (True, 0.3)
    unfixed = written(fixed=False)
    refused = nasharness("run", "--config", str(unfixed), "--no-report", "-o", "S", code=2)
    assert "which stays one" in " ".join(refused.stderr.split())


def test_python_has_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small: dict[str, Any] = {"table": "analog", "steps": 3, "random": False, "progress": False}
    run = nasbench_harness.run(
        "rea", out="S", seeds=1, smallest_difference=0.2, fixed=True, **small
    )
    study = open_study(run.folder)
    assert (study.fixed, study.smallest_difference("regret")) == (True, 0.2)
    with pytest.raises(HarnessError, match="not extended"):
        nasbench_harness.run("rea", out="S", seeds=2, **small)
    with pytest.raises(HarnessError, match="cannot be -1: expected points"):
        nasbench_harness.run("rea", out="T", smallest_difference=-1, **small)
