"""`nasharness push`, and addresses in the place of folders."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from nasbench_harness.reports import write_report
from tests.commands import Run
from tests.held_studies import make


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study `few`, and none of what a test makes."""
    folder = tmp_path_factory.mktemp("pushed")
    make(folder / "few", "rea,drnas")
    write_report(folder / "few")
    return folder


@pytest.fixture
def place(pushed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a copy of the study."""
    shutil.copytree(pushed, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_says_what_was_sent(place: Path, nasharness: Run) -> None:
    address = f"file://{place}/away/few"
    assert nasharness("push", "few", address).stdout.startswith(f"Pushed: {address} (")
    told = json.loads(nasharness("push", "few", address, "--json").stdout)
    assert (told["sent"], told["bytes"]) == ([], 0)
    assert told["unchanged"] > 10


def test_a_report_reads_from_there(place: Path, nasharness: Run) -> None:
    """In a folder of its own here, and it is the study's own page."""
    nasharness("push", "few", f"file://{place}/away/few")
    nasharness("report", f"file://{place}/away/few")
    here, there = (place / name / "report.md" for name in ("few/report", "few-report"))
    assert there.read_text() == here.read_text()


@pytest.mark.parametrize("words", [("compare", "rea", "drnas"), ("cite",)])
def test_others_say_the_same(place: Path, nasharness: Run, words: tuple[str, ...]) -> None:
    address = f"file://{place}/away/few"
    nasharness("push", "few", address)
    assert nasharness(*words, address).stdout == nasharness(*words, "few").stdout


def test_json_names_the_address(place: Path, nasharness: Run) -> None:
    address = f"file://{place}/away/few"
    nasharness("push", "few", address)
    told = json.loads(nasharness("compare", "rea", "drnas", address, "--json").stdout)
    assert told[0]["study"] == address


def test_a_check_reads_from_there(place: Path, nasharness: Run) -> None:
    address = f"file://{place}/away/few"
    nasharness("push", "few", address)
    nasharness("baseline", "save", "few", "--to", "base.json")
    told = nasharness("check", address, "--baseline", "base.json").stdout
    assert told == nasharness("check", "few", "--baseline", "base.json").stdout


def test_studies_of_one_folder_go_together(place: Path, nasharness: Run) -> None:
    """And whoever reads them finds what a folder of them has."""
    shutil.move(place / "few", place / "row" / "few")
    make(place / "row" / "more", "rea,drnas", space="nbmacro", table="nbmacro")
    address = f"file://{place}/away/row"
    told = nasharness("push", "row", address)
    assert told.stdout.startswith(f"Pushed: {address} (2 studies: ")
    assert "row has no report to send" in told.stderr
    both = json.loads(nasharness("compare", "rea", "drnas", address, "--json").stdout)
    assert [one["study"] for one in both] == [f"{address}/few", f"{address}/more"]
    nasharness("baseline", "save", "row", "--to", "base.json")
    words = ("--baseline", "base.json")
    assert nasharness("check", address, *words).stdout == nasharness("check", "row", *words).stdout
    nasharness("report", address)
    assert (place / "row-report" / "report.md").is_file()


def test_what_is_not_finished_is_told_with_its_address(place: Path, nasharness: Run) -> None:
    address = f"file://{place}/away/few"
    shutil.rmtree(next((place / "few" / "trials").iterdir()))
    assert "have not ended" in " ".join(nasharness("push", "few", address, code=2).stderr.split())
    nasharness("push", "few", address, "--partial")
    told = " ".join(nasharness("report", address).stderr.split())
    assert f"1 of 6 trials of {address} has no result" in told
    assert "resume" not in told


def test_links_and_a_missing_report_are_told(place: Path, nasharness: Run) -> None:
    shutil.rmtree(place / "few" / "report")
    told = " ".join(nasharness("push", "few", f"file://{place}/away").stderr.split())
    assert "few has no report to send; `nasharness report few` writes one" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("push", "few", "away"), "`away` is no address; a folder of this machine is file://"),
        (("push", "few", "bogus://a/b"), "no kind of address is called `bogus`"),
        (("report", "bogus://a/b"), "no kind of address is called `bogus`"),
        (("report", "memory://nothing"), "memory://nothing holds no study"),
        (("check", "memory://nothing", "--baseline", "x.json"), "holds no study"),
        (("push", "nowhere", "memory://x"), "nowhere holds no study"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    place: Path, nasharness: Run, words: tuple[str, ...], said: str
) -> None:
    del place
    assert said in " ".join(nasharness(*words, code=2).stderr.split())
