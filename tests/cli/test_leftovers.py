"""Sentences that name what was typed, and lines that fit."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nasbench_harness.study.notation import seeds_given_twice

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    "words", [["run", "--foo"], ["run", "--steps", "x"], ["train"], ["nothing"], ["show", "it"]]
)
def test_a_usage_error_is_a_sentence_and_a_line(nasharness: Run, words: list[str]) -> None:
    told = nasharness(*words, code=2).stderr.splitlines()
    assert len(told) == 2
    assert told[0].startswith("Error: ")
    assert told[1].endswith("--help`.")


@pytest.mark.parametrize(
    "words", [["run", "-m", "rea", "--out", ""], ["report", ""], ["run", "--config="]]
)
def test_an_empty_path_is_none(nasharness: Run, tmp_path: Path, words: list[str]) -> None:
    assert "it is empty" in nasharness(*words, code=2).stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--width", "4"], "`network.width` is about"),
        (["--search", "supernet", "--noise", "seeds"], "Error: `noise` is about landscapes"),
        (["--search", "supernet", "--image-layout", "x"], "one of parts, classes, auto."),
    ],
)
def test_refusals_name_what_was_typed(nasharness: Run, words: list[str], told: str) -> None:
    assert told in nasharness("run", "-m", "darts", *words, code=2).stderr


def test_a_folder_of_trainings_says_what_it_is(nasharness: Run, tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text("{}")
    for command in ("cite", "report", "resume"):
        told = nasharness(command, ".", code=2).stderr
        assert "holds stand-alone trainings, no study" in told
        assert "`nasharness train`" in told


def test_a_plan_is_no_baseline(nasharness: Run) -> None:
    asked = ["run", "-m", "rea", "--seeds", "1", "--steps", "5", "--jobs", "1", "--no-report"]
    nasharness(*asked, "--out", "s")
    told = nasharness("check", "s", "--baseline", "s/study.json", code=2).stderr
    assert "is the plan of a study, no baseline" in told


@pytest.mark.parametrize(
    ("text", "twice"), [("3,3", [3]), ("0-9,5-7,6", [5, 6, 7]), ("10", []), ("3,", []), ("1,2", [])]
)
def test_seeds_that_are_given_twice(text: str, twice: list[int]) -> None:
    assert seeds_given_twice(text) == twice


def test_columns_count_in_a_pipe_too(nasharness: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for command in (["data", "list"], ["data", "verify", "digits"]):
        lines = nasharness(*command).stdout.splitlines()
        folder = [line for line in lines if line.startswith("folder ")]  # a path can be copied
        assert [line for line in lines if len(line) > 80 and line not in folder] == []
