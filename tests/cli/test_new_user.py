"""What somebody new stumbles on: each told in a sentence."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["run", "-m", "unas", "--cost", "params", "--cost", "flops"], "--cost"),
        (["run", "-m", "rea", "--seeds", "1", "--seeds", "3"], "--seeds"),
        (["run", "-m", "rea", "--report", "--no-report"], "--report"),
        (["check", "--bench", "a", "b", "--bench", "c", "d"], "--bench"),
        (["query", "--index", "1", "--index=2"], "--index"),
        (["train", "13714", "--epochs", "1", "--epochs", "2"], "--epochs"),
    ],
)
def test_an_option_of_one_value_is_given_once(
    nasharness: Run, words: list[str], option: str
) -> None:
    told = nasharness(*words, code=2).stderr
    assert option in told
    assert "it is given 2 times and takes one value; keep one of them." in told


def test_options_that_are_meant_to_be_repeated_stay(nasharness: Run) -> None:
    sets = ["--set", "drnas.anchor=kl", "--set", "drnas.anchor_weight=0.1"]
    nasharness(
        "run", "-m", "drnas", "-m", "rea", *sets, "--seeds", "1", "--steps", "2", "--no-report"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["run", "-m", "rea", "--seeds", "1", "--steps", "2"],
        ["train", "13714", "--dataset", "digits"],
        ["check", "nowhere", "--baseline", "b.json"],
    ],
)
def test_a_device_that_is_none_is_always_told(
    nasharness: Run, tmp_path: Path, words: list[str]
) -> None:
    told = nasharness(*words, "--device", "foo", code=2).stderr
    assert "There is no device `foo`; write auto, cpu" in told
    assert list(tmp_path.iterdir()) == []


def test_an_architecture_that_is_given_twice_is_trained_once(nasharness: Run) -> None:
    done = nasharness("train", "13714", "13714", "--dataset", "nothing", code=2)
    assert (
        "Note: `13714` is an architecture that was given before; each counts once." in done.stderr
    )


def test_trainings_are_no_study_of_load_results(tmp_path: Path) -> None:
    from nasbench_harness import load_results
    from nasbench_harness.errors import HarnessError

    (tmp_path / "runs" / "t").mkdir(parents=True)
    (tmp_path / "runs" / "t" / "training.json").write_text("{}")
    with pytest.raises(HarnessError, match="holds stand-alone trainings, no study"):
        load_results(tmp_path / "runs" / "t")
    with pytest.raises(HarnessError, match="Stand-alone trainings are left out"):
        load_results(tmp_path / "runs")


def test_load_results_tells_which_trainings_it_leaves_out(verdicts: Path, tmp_path: Path) -> None:
    from nasbench_harness import load_results

    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "training.json").write_text("{}")
    (tmp_path / "same").symlink_to(verdicts / "same")
    with pytest.warns(UserWarning, match="trainings are left out") as told:
        load_results(tmp_path)
    assert told[0].filename == __file__
