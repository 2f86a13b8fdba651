"""`nasharness evaluate`: a study's answers trained alone, and its sentences."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nasbench_harness.training.evaluation import read_evaluation
from tests.held_studies import make

SMALL = [
    "--limit", "150", "--width", "2", "--cells", "1", "--threads", "1", "--batch-size", "64",
    "--device", "cpu", "--seeds", "1", "--epochs", "1",
]  # fmt: skip

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Path:
    """A method and blind draws on tiny supernets, two seeds each."""
    tiny = {"width": 2, "cells": 1, "batch_size": 16}
    study = make(
        tmp_path_factory.mktemp("runs") / "s", "darts", search="supernet", dataset="digits",
        recipe="quick", epochs=1, steps=None, limit=120, network=tiny, seeds="2", random=True,
    )  # fmt: skip
    return study.folder


@pytest.fixture
def study(searched: Path, tmp_path: Path) -> Path:
    """One that tests may change."""
    return shutil.copytree(searched, tmp_path / "s")


def test_the_answers_are_trained_beside_draws_on_the_studys_images(
    nasharness: Run, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = nasharness("evaluate", str(study), "--random", "3", *SMALL).stdout
    assert "beats of the random (%)" in " ".join(told.split())
    kept = read_evaluation(tmp_path / "runs" / "evaluate-s" / "evaluation.json")
    assert kept is not None
    assert kept.images == "digits"
    assert len(kept.of("random")) == 3 + 2  # blind draws of the study are draws as well
    assert len(kept.looks) == 1

    again = nasharness("evaluate", str(study), "--random", "4", *SMALL, "--json")
    assert "1 training to run" in again.stderr
    said = json.loads(again.stdout)
    assert len(said["evaluation"]["looks"]) == 2
    assert {one["method"] for one in said["ranks"]} == {*kept.methods, "random"}
    assert said["decision"]


def test_other_images_are_taken_where_they_are_named(nasharness: Run, study: Path) -> None:
    told = nasharness(
        "evaluate", str(study), "--random", "3", *SMALL, "--dataset", "folder:nowhere", code=2
    )
    assert "nowhere" in told.stderr


def test_a_dry_run_writes_nothing(nasharness: Run, study: Path, tmp_path: Path) -> None:
    told = nasharness("evaluate", str(study), "--random", "3", *SMALL, "--dry-run").stdout
    assert "this was a dry run" in told
    assert not (tmp_path / "runs").exists()


def test_what_is_no_study_is_a_sentence(nasharness: Run, tmp_path: Path) -> None:
    told = nasharness("evaluate", str(tmp_path / "nothing"), *SMALL, code=2)
    assert "nothing" in told.stderr
    assert "Traceback" not in told.stderr
