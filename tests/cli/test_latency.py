"""`nasharness latency`, and searches that hold its tables."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from nasbench_harness.contracts import Layer
from nasbench_harness.networks import latency
from nasbench_harness.tables.library import data_folder

Run = Callable[..., subprocess.CompletedProcess[str]]
SMALL = (
    "--space", "nbmacro", "--dataset", "digits", "--width", "2", "--passes", "3", "--device", "cpu",
)  # fmt: skip


@pytest.fixture(autouse=True)
def kept_here() -> Iterator[None]:
    """In the folder of all tests, where the command is called and not started; alone in it."""
    shutil.rmtree(data_folder() / "latency", ignore_errors=True)
    yield
    shutil.rmtree(data_folder() / "latency", ignore_errors=True)


def test_a_table_is_built_listed_and_told_of_architectures(nasharness: Run) -> None:
    told = nasharness("latency", "build", *SMALL, "--whole", "2").stdout
    assert "8x8 images of 1 channel and 10 classes, width 2" in " ".join(told.split())
    assert "2 random networks take as a whole" in " ".join(told.split())
    (listed,) = json.loads(nasharness("latency", "list", "--json").stdout)
    assert f"--cost {listed['cost']} --target" in told
    assert listed["batch"] == 24
    shown = json.loads(
        nasharness("show", "arch", "22212220", "--space", "nbmacro", "--json").stdout
    )
    assert shown[listed["cost"]] > 0
    assert listed["cost"] in nasharness("latency", "list").stdout


@pytest.mark.parametrize(("layer_ms", "far"), [(1.0, False), (0.6, True), (1.4, True)])
def test_sums_far_from_whole_networks_are_doubted(
    nasharness: Run, monkeypatch: pytest.MonkeyPatch, layer_ms: float, far: bool
) -> None:
    """Eight of 24 options are a network's, and what is around them; there, each takes 1 ms."""
    around = []

    def times(layers: Sequence[Layer], *given: object, **named: object) -> object:
        around.append(len(layers) - 24)
        return np.full(len(layers), layer_ms), np.zeros(len(layers))

    monkeypatch.setattr(latency, "layer_times", times)
    monkeypatch.setattr(latency, "network_ms", lambda *given: 8.0 + around[0])
    told = " ".join(nasharness("latency", "build", *SMALL, "--whole", "2").stdout.split())
    assert ("measure again on a quiet machine" in told) is far


def test_a_search_holds_a_file(nasharness: Run, tmp_path: Path) -> None:
    nasharness("latency", "build", *SMALL, "--whole", "0", "--out", "mine.json", "--json")
    assert "No latency table" in nasharness("latency", "list").stdout
    words = [
        "run", "-m", "unas", "--search", "supernet", "--space", "nbmacro", "--dataset", "digits",
        "--recipe", "quick", "--limit", "80", "--epochs", "1", "--seeds", "1",
        "--set", "unas.cost_fit_samples=20", "--batch-size", "20", "--no-random",
        "--table", "none",
    ]  # fmt: skip
    words += ["--cost", "latency:mine.json", "--target", "1", "--jobs", "1", "--out", "study"]
    nasharness(*words, "--width", "2")
    trials = (tmp_path / "study" / "trials.csv").read_text()
    assert "latency:cpu-8x8-w2-b24-" in trials
    refused = nasharness(*words, "--width", "3", "--dry-run", code=2)
    assert "the networks of this search are of" in " ".join(refused.stderr.split())


def test_a_dry_run_keeps_no_file_and_the_run_does(nasharness: Run) -> None:
    nasharness("latency", "build", *SMALL, "--whole", "0", "--out", "mine.json")
    words = ["run", "-m", "unas", "--space", "nbmacro", "--seeds", "1", "--steps", "5", "-j", "1"]
    words += ["--cost", "latency:mine.json", "--target", "1", "--set", "unas.cost_fit_samples=20"]
    (folder,) = json.loads(nasharness(*words, "--dry-run", "--json").stdout)["folders"]
    method = folder["methods"][0]
    assert method["changed"]["cost"].startswith("latency:cpu-8x8-w2-b24-")
    assert method["measured_steps"] > 0
    assert not (data_folder() / "latency").exists()
    nasharness(*words, "--no-report")
    (listed,) = json.loads(nasharness("latency", "list", "--json").stdout)
    assert listed["cost"] == method["changed"]["cost"]


def test_a_table_from_elsewhere_is_kept(nasharness: Run) -> None:
    nasharness("latency", "build", *SMALL, "--whole", "0", "--out", "mine.json")
    kept = json.loads(nasharness("latency", "keep", "mine.json", "--json").stdout)
    assert kept["cost"] in nasharness("latency", "keep", "mine.json").stdout
    assert [one["cost"] for one in json.loads(nasharness("latency", "list", "--json").stdout)] == [
        kept["cost"]
    ]
    refused = nasharness("latency", "keep", "none.json", code=2)
    assert "cannot be read as a latency table" in refused.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"space": "nb201"}, "whose options are others"),
        ({"space_version": "0"}, "version 0 of space `nbmacro`"),
        ({"space": "mine"}, "`mine`"),
    ],
)
def test_a_table_of_what_is_not_installed_is_not_kept(
    nasharness: Run, change: dict[str, str], said: str
) -> None:
    nasharness("latency", "build", *SMALL, "--whole", "0", "--out", "mine.json")
    changed = json.loads(Path("mine.json").read_text()) | change
    Path("mine.json").write_text(json.dumps(changed))
    assert said in nasharness("latency", "keep", "mine.json", code=2).stderr
    assert json.loads(nasharness("latency", "list", "--json").stdout) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--space", "nb201", "--dataset", "digits"], "does not give its layers one by one"),
        (["--space", "mnasnet"], "builds no networks"),
        (["--space", "nbmacro", "--image-size", "8by8"], "write pixels, such as 224"),
        (["--space", "nbmacro", "--dataset", "digits", "--classes", "3"], "the images tell these"),
        (["--space", "nbmacro", "--cells", "2"], "cells is 1, not 2"),
        (["--space", "nbmacro", "--out", "table.txt"], "must end in .json"),
        (["--space", "nbmacro", "--out", "taken.json"], "is no latency table; move it away"),
    ],
)
def test_bad_input_is_refused(nasharness: Run, tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "taken.json").write_text("{}")
    refused = nasharness("latency", "build", "--width", "2", "--device", "cpu", *words, code=2)
    assert said in " ".join(refused.stderr.split())
    assert (tmp_path / "taken.json").read_text() == "{}"
