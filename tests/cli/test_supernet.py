"""Searches on images from the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

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


@pytest.fixture
def vehicles(tmp_path: Path) -> Path:
    """Classes of which one is called like a part, each with folders and litter in it."""
    chance = np.random.default_rng(0)
    for name in ("bus", "car", "train"):
        for side in ("left", "right"):
            folder = tmp_path / "vehicles" / name / side
            folder.mkdir(parents=True)
            (folder / "notes.txt").write_text("nothing")
            for number in range(8):
                pixels = chance.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "vehicles"


ON_FOLDER = [
    "run", "-m", "darts", "--search", "supernet", "--dataset", "folder:vehicles", "--recipe",
    "quick", "--table", "analog", "--seeds", "1", "--epochs", "1", "--width", "2", "--cells", "1",
    "--batch-size", "8", "--out", "s", "--json", "--no-report", "--no-random",
]  # fmt: skip


def test_a_layout_in_two_ways_is_settled_and_told_once(
    nasharness: Run, vehicles: Path, tmp_path: Path
) -> None:
    refused = nasharness(*ON_FOLDER, code=2)
    assert "--image-layout parts or --image-layout classes" in refused.stderr
    assert not (tmp_path / "s").exists()
    done = nasharness(*ON_FOLDER, "--image-layout", "classes")
    assert json.loads(done.stdout)["studies"][0]["status"] == {"done": 1}
    assert done.stderr.count("train 48; 3 classes: bus, car, train; 8x8 pixels, kept") == 1
    assert "Left out: 6 .txt" in done.stderr
    (trial,) = json.loads((tmp_path / "s" / "study.json").read_text())["trials"]
    assert trial["image_layout"] == "classes"
    command = pd.read_csv(tmp_path / "s" / "trials.csv")["command"][0]
    assert "--image-layout classes" in command


def test_stand_alone_training_takes_a_layout(nasharness: Run, vehicles: Path) -> None:
    arguments = [
        "train", "9930", "--dataset", "folder:vehicles", "--split", "search", "--epochs", "1",
        "--width", "2", "--cells", "1", "--batch-size", "8", "--seeds", "1", "--out", "t", "--json",
    ]  # fmt: skip
    assert "--image-layout parts" in nasharness(*arguments, code=2).stderr
    done = nasharness(*arguments, "--image-layout", "parts")
    assert "train 16; 2 classes: left, right" in done.stderr
    assert "folder bus, folder car" in done.stderr
    command = pd.read_csv(vehicles.parent / "t" / "trials.csv")["command"][0]
    assert "--image-layout parts" in command


@pytest.mark.parametrize("command", [["run", "-m", "darts"], ["train", "9930"]])
def test_no_such_layout(nasharness: Run, command: list[str]) -> None:
    told = nasharness(*command, "--image-layout", "flat", code=2)
    assert "flat" in told.stderr
    assert "classes" in told.stderr
