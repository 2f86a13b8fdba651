"""What is the same study, from the command line: settings, tables and copies, however spelled."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]
SMALL = ["--seeds", "2", "--steps", "5", "-j", "1", "--no-report", "--json"]


@pytest.fixture
def study(nasharness: Run, tmp_path: Path) -> Path:
    nasharness("run", "-m", "unas[temperature=1]", *SMALL)
    (folder,) = (tmp_path / "runs").iterdir()
    return folder


@pytest.mark.parametrize(
    "spelled",
    [
        ["-m", "unas[temperature=1.0]"],
        ["-m", "unas[temperature=1e0]", "--table", "analog"],
        ["-m", "unas", "--set", "unas.temperature=1"],
    ],
)
def test_one_study_has_one_folder(nasharness: Run, study: Path, spelled: list[str]) -> None:
    before = (study / "study.json").read_text()
    told = nasharness("run", *spelled, *SMALL)
    assert "0 trials to run, 4 already done" in told.stderr
    assert list(study.parent.iterdir()) == [study]
    assert json.loads(before)["trials"] == json.loads((study / "study.json").read_text())["trials"]


def test_compare_takes_any_spelling(nasharness: Run, study: Path) -> None:
    for asked in ("unas[temperature=1]", "unas[temperature=1.0]"):
        (told,) = json.loads(nasharness("compare", asked, "random", str(study), "--json").stdout)
        assert told["first"] == "unas[temperature=1.0]"


def test_copies_are_told_about_beside_what_is_asked_for(nasharness: Run, study: Path) -> None:
    copy = Path(shutil.copytree(study, study.with_name("backup")))
    said = f"Note: 4 trials are in both {study} and {copy}: counted once."
    compared = nasharness(
        "compare", "unas[temperature=1]", "random", str(study), str(copy), "--json"
    )
    assert len(json.loads(compared.stdout)) == 1
    saved = nasharness("baseline", "save", str(study), str(copy), "--to", "baseline.json")
    assert said in compared.stderr
    assert said in saved.stderr


def test_watching_a_folder_twice_shows_it_once(nasharness: Run, study: Path) -> None:
    link = study.with_name("link")
    link.symlink_to(study)
    told = nasharness("watch", str(study), f"{study}/", str(link), "--json")
    assert len(json.loads(told.stdout)) == 1


def test_resume_says_what_is_no_place_of_images(nasharness: Run, study: Path) -> None:
    told = nasharness("resume", str(study), "--dataset", "folder:imgs", code=2)
    assert "about no folder of images; leave --dataset out" in told.stderr
