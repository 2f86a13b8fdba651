"""`nasharness calibrate`: what it prints and keeps, its exit codes and its sentences."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from nasbench_harness import registry
from nasbench_harness.cli import app
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.testing import ToySpace
from nasbench_harness.training.calibration import read_calibration

SMALL = ["--dataset", "digits", "--limit", "150", "--width", "2", "--cells", "1", "--threads", "1"]
QUICK = [*SMALL, "--batch-size", "64", "--device", "cpu", "--table", "analog", "--seeds", "1"]

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_sample_is_trained_told_and_kept(
    nasharness: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, space: NB201
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    arguments = ["calibrate", *QUICK, "--epochs", "1", "--count", "3"]
    told = nasharness(*arguments).stdout
    assert "3 random architectures trained alone at this size (1 epoch on 150 training" in told
    assert "(no interval: fewer than 10 architectures)" in " ".join(told.split())
    table = told.partition("Calibration: ")[0]  # paths are never broken
    assert max(map(len, table.splitlines())) <= 80
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("calibrate-")
    assert folder.name.endswith("-digits-1ep-w2-c1-150")
    kept = read_calibration(folder / "calibration.json")
    assert kept is not None
    trials = pd.read_csv(folder / "trials.csv")
    assert [one.accuracy for one in kept.architectures] == list(trials["test_accuracy"])
    analog = registry.open_table("analog")
    for one in kept.architectures:
        assert one.table == analog.value(kept.metric, space.parse(one.architecture))


def test_the_same_again_trains_nothing_and_more_are_added(nasharness: Run, tmp_path: Path) -> None:
    arguments = ["calibrate", *QUICK, "--epochs", "1", "--out", "c", "--json"]
    first = json.loads(nasharness(*arguments, "--count", "2").stdout)
    assert first["status"] == {"done": 2}
    assert first["calibration"]["agreement"]["low"] is None
    again = nasharness(*arguments, "--count", "2")
    assert "0 trainings to run, 2 already done" in again.stderr
    assert json.loads(again.stdout)["calibration"]["agreement"] == first["calibration"]["agreement"]
    more = nasharness(*arguments, "--count", "3")
    assert "1 training to run, 2 already done" in more.stderr
    cells = json.loads(more.stdout)["calibration"]["architectures"]
    assert cells[:2] == first["calibration"]["architectures"]
    assert len(cells) == 3


def test_what_did_not_end_keeps_nothing(nasharness: Run, tmp_path: Path) -> None:
    arguments = ["calibrate", *QUICK, "--epochs", "1", "--count", "2", "--out", "c"]
    done = nasharness(*arguments, "--set", "learning_rate=1e30", code=3)
    assert "Some trainings did not finish" in done.stdout
    assert not (tmp_path / "c" / "calibration.json").exists()


def test_a_dry_run_writes_nothing(nasharness: Run, tmp_path: Path) -> None:
    told = nasharness("calibrate", *QUICK, "--epochs", "1", "--count", "2", "--dry-run").stdout
    assert "calibrate-" in told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--count", "1"], "expected 2 or more, not '1'"),
        (["--space", "nb301"], "no space called `nb301`"),
        (["--table", "none"], "there is no benchmark of it; give one with `--table NAME`"),
        (["--table", "analog", "--dataset", "cifar100"], "has no accuracies on cifar100"),
        (
            ["--table", "analog", "--dataset", "digits", "--metric", "accuracie"],
            "metric of cifar10 in table `analog`",
        ),
        (["--dataset", "digitz"], "no data set called `digitz`. Did you mean `digits`?"),
        (["--seed", "-1"], "expected"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        app(["calibrate", "--epochs", "1", "--width", "2", "--cells", "1", *arguments])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("Error: ")
    assert sentence in " ".join(told.split())
    assert not list(tmp_path.iterdir())


def test_architectures_without_networks_cannot_be_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "open_space", lambda name: ToySpace())
    with pytest.raises(SystemExit) as ended:
        app(["calibrate", *QUICK, "--epochs", "1", "--count", "2"])
    assert ended.value.code == 2
    assert "builds no networks that can be trained." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
