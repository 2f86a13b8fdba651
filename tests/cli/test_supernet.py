"""Searches on images from the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Run = Callable[..., CompletedProcess[str]]
TINY = [
    "run", "-m", "darts", "--search", "supernet", "--dataset", "digits", "--recipe", "quick",
    "--table", "analog", "--seeds", "2", "--epochs", "2", "--limit", "120", "--width", "2",
    "--cells", "1", "--batch-size", "16", "--out", "s", "--json",
]  # fmt: skip


def test_study_on_images_and_what_is_missing_of_it(nasharness: Run, tmp_path: Path) -> None:
    told = json.loads(nasharness(*TINY, "--no-report").stdout)
    (study,) = told["studies"]
    assert study["status"] == {"done": 4}
    trials = sorted((tmp_path / "s" / "trials").iterdir())
    kept = {p.name: (p / "result.json").stat().st_mtime_ns for p in trials[1:]}
    before: dict[str, Any] = json.loads((trials[0] / "result.json").read_text())
    shutil.rmtree(trials[0])
    nasharness("resume", "s", "--json", "--no-report")
    after = json.loads((trials[0] / "result.json").read_text())
    assert after["architecture"] == before["architecture"]
    assert after["oneshot_accuracy"] == before["oneshot_accuracy"]
    assert kept == {p.name: (p / "result.json").stat().st_mtime_ns for p in trials[1:]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["resume", "nowhere"], "holds no study"),
        (["run", "-m", "darts", "--search", "supernet"], "nasharness data pull cifar10"),
        (["run", "-m", "darts", "--search", "supernet", "--device", "cuda:7"], "cuda:7"),
        (["run", "-m", "darts", "--search", "supernet", "--compile", "fast"], "way to compile"),
        (["run", "-m", "darts", "--epochs", "3"], "is about supernets"),
        (["run", "-m", "darts", "--search", "super"], "landscape"),
    ],
)
def test_wrong_input_exits_with_2_and_a_sentence(
    nasharness: Run, arguments: list[str], said: str
) -> None:
    told = nasharness(*arguments, code=2)
    assert said in told.stderr
    assert "Traceback" not in told.stderr
