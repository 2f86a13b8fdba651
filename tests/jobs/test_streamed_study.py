"""Searches whose images are decoded as they are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import nasbench_harness as nh
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.driver import run_job
from nasbench_harness.store.files import read_json
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.studies import reproduce
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.testing.jobs import check_study

TINY = {"width": 2, "cells": 1, "batch_size": 4}


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    """What a small search on 22 pictures in two classes is asked for."""
    folder, chance = tmp_path / "pictures", np.random.default_rng(0)
    for name, count in (("ant", 12), ("cat", 10)):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = chance.integers(0, 256, (12, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:04}.png")
    return {
        "space": "nb201", "search": "supernet", "dataset": f"folder:{folder}", "recipe": "quick",
        "table": "none", "epochs": 2, "image_size": 8, "stream": True, "network": TINY,
        "seeds": "0,",
    }  # fmt: skip


def only(given: dict[str, Any], **options: Any) -> TrialSpec:
    config = build_config(None, {"methods": "darts", "random": False, **given, **options}, [])
    (spec,) = plan(config, Hardware("cpu"))
    return spec


def test_stopped_killed_and_gone_on_with(given: dict[str, Any]) -> None:
    check_study("darts", **{**given, "seeds": 1})


def test_processes_change_no_result(given: dict[str, Any], tmp_path: Path) -> None:
    """Diagnosed as well, which looks at held-out images."""
    spec, results = only(given, diagnose_every=1, epochs=1), []
    for workers in (0, 2):
        folder = tmp_path / str(workers)
        outcome = run_job(spec, folder, hardware=Hardware("cpu", workers=workers))
        assert outcome.status is Status.DONE, outcome.error
        results.append(read_json(folder / "result.json"))
    assert results[0]["architecture"] == results[1]["architecture"]
    assert results[0]["oneshot_accuracy"] == results[1]["oneshot_accuracy"]


def test_python_streams_too(given: dict[str, Any], tmp_path: Path) -> None:
    asked = {**given, "epochs": 1, "workers": 0, "threads": 1, "device": "cpu"}
    study = nh.run("darts", random=False, out=tmp_path / "s", jobs=1, progress=False, **asked)
    assert study.failures == []
    (row,) = study.trials.to_dict("records")
    assert "--stream" in row["command"]
    assert row["trial"] == only(given, epochs=1).trial_id


def test_what_was_asked_stands_in_the_command(given: dict[str, Any]) -> None:
    assert "--image-size 8 --stream" in reproduce(only(given))
    assert "--no-stream" in reproduce(only(given, stream=False))
    whole = only(given, stream=None)
    assert "stream" not in reproduce(whole)
    assert whole.trial_id == only(given, stream=False).trial_id != only(given).trial_id


def test_a_square_is_cut_out_of_what_is_streamed_too(given: dict[str, Any], tmp_path: Path) -> None:
    spec = only(given, network={**TINY, "cutout": 4}, epochs=1)
    outcome = run_job(spec, tmp_path / "run", hardware=Hardware("cpu", workers=0))
    assert outcome.status is Status.DONE, outcome.error


def test_a_broken_photograph_of_the_architectures_half(
    given: dict[str, Any], tmp_path: Path
) -> None:
    for path in Path(given["dataset"].removeprefix("folder:")).rglob("0001.png"):
        path.write_bytes(path.read_bytes()[:60])
    outcome = run_job(only(given), tmp_path / "run", hardware=Hardware("cpu", workers=1))
    assert outcome.status is Status.FAILED
    assert "0001.png" in outcome.error
