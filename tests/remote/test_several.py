"""Studies of one folder that are pushed and read together."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import nasbench_harness as nh
from nasbench_harness.remote.fetching import fetch, told
from nasbench_harness.remote.places import Place, StorageError
from nasbench_harness.remote.pushing import push, push_studies
from nasbench_harness.reports import write_report
from nasbench_harness.store.files import write_json
from nasbench_harness.store.manifests import INDEX, MANIFEST
from nasbench_harness.store.studies import (
    Study,
    StudyError,
    open_study,
    read_tables,
    studies_in,
    study_folders,
)
from tests.held_studies import make

RECORD = {"suite": "two", "about": "", "problems": ["few", "more"], "left_out": []}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two studies, with a report over both; not to be written to."""
    folder = tmp_path_factory.mktemp("made") / "row"
    make(folder / "few", "rea", seeds="2")
    make(folder / "more", "rea", seeds="2", steps=16)
    write_json(folder / "suite.json", RECORD)
    write_report(folder / "few", folder / "more", out=folder / "report")
    return folder


@pytest.fixture
def row(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "row"))


def opened(row: Path) -> Sequence[Study]:
    return [open_study(folder) for folder in studies_in([row])]


def pushed(row: Path, address: str) -> list[str]:
    """What a push of the folder sends."""
    return list(push_studies(row, opened(row), address).sent)


def test_all_of_them_are_found_below_their_names(row: Path, address: str) -> None:
    pushed(row, address)
    folders = studies_in([fetch(address)])
    assert [told(folder) for folder in folders] == [f"{address}/few", f"{address}/more"]
    for there, here in zip(folders, studies_in([row]), strict=True):
        assert there.name == here.name
        assert all(a.equals(b) for a, b in zip(read_tables(there), read_tables(here), strict=True))


def test_each_of_them_is_a_study_by_itself(row: Path, address: str) -> None:
    pushed(row, address)
    assert open_study(fetch(f"{address}/more")).specs == open_study(row / "more").specs


def test_what_stands_beside_them_goes_too(row: Path, address: str, tmp_path: Path) -> None:
    """A report that is written from there has all that the report here has."""
    assert {"suite.json", "report/index.html", "few/trials.csv"} <= set(pushed(row, address))
    write_report(*studies_in([fetch(address)]), out=tmp_path / "page")
    here, there = (folder / "report.md" for folder in (row / "report", tmp_path / "page"))
    assert there.read_text() == here.read_text()


def test_only_what_changed_is_sent_again(row: Path, address: str) -> None:
    pushed(row, address)
    assert not pushed(row, address)
    page = row / "report" / "index.html"
    page.write_bytes(page.read_bytes() + b"\n")
    assert pushed(row, address) == ["report/index.html"]
    make(row / "more", "rea", seeds="3", steps=16)
    assert {name.partition("/")[0] for name in pushed(row, address)} == {"more"}


def test_a_study_more_is_found_as_well(row: Path, address: str) -> None:
    pushed(row, address)
    make(row / "third", "rea", seeds="2", steps=14)
    pushed(row, address)
    assert len(studies_in([fetch(address)])) == 3


def test_what_was_pushed_one_by_one_is_taken_up(row: Path, address: str) -> None:
    for study in opened(row):
        push(study, f"{address}/{study.folder.name}")
    assert not [name for name in pushed(row, address) if name.startswith(("few", "more"))]
    assert len(studies_in([fetch(address)])) == 2


def test_one_that_lacks_trials_lets_none_go(row: Path, address: str) -> None:
    study = open_study(row / "more")
    shutil.rmtree(study.trial_folder(study.specs[0]))
    with pytest.raises(StorageError, match=r"1 of 2 trials of .*more have not ended"):
        pushed(row, address)
    assert not Place(address).names()


def test_studies_of_others_stay(row: Path, address: str) -> None:
    pushed(row, address)
    shutil.rmtree(row / "few")
    with pytest.raises(StorageError, match=r"holds studies that .*row has not \(few\)"):
        pushed(row, address)
    with pytest.raises(StorageError, match="not empty and holds several studies"):
        push(open_study(row / "more"), address)
    assert len(studies_in([fetch(address)])) == 2


def test_another_study_of_the_same_name_is_left_as_it_is(row: Path, address: str) -> None:
    pushed(row, address)
    shutil.rmtree(row / "more")
    make(row / "more", "rea", seeds="2")
    with pytest.raises(StorageError, match=r"/more holds another study \(more\)"):
        pushed(row, address)
    assert len(studies_in([fetch(address)])) == 2


def test_where_one_study_is_there_is_no_room(row: Path, address: str) -> None:
    push(open_study(row / "few"), address)
    with pytest.raises(StorageError, match="holds one study; choose another"):
        pushed(row, address)
    Place(f"{address}-notes").write("thesis.tex", b"years of work")
    with pytest.raises(StorageError, match="holds no studies that were pushed"):
        pushed(row, f"{address}-notes")


def test_python_is_told_to_open_one_of_them(row: Path, address: str) -> None:
    pushed(row, address)
    with pytest.raises(StorageError, match=r"several studies \(few, more\).*, such as .*/few\."):
        nh.open_study(address)
    assert nh.open_study(f"{address}/few").finished


@pytest.mark.parametrize("change", [{"studies": ["../x"]}, {"studies": []}, {"studies": ["a/b"]}])
def test_an_index_that_leads_elsewhere_is_told(
    row: Path, address: str, change: dict[str, Any]
) -> None:
    pushed(row, address)
    place = Place(address)
    content = json.loads(place.read(INDEX) or b"")
    place.write(INDEX, json.dumps({**content, **change}).encode())
    with pytest.raises(StorageError, match=rf"{INDEX} is not as it should be"):
        fetch(address)


# --- pushes that break off ---------------------------------------------------------------------


class StoppedError(Exception):
    """What a test stops a push with."""


def stopped_at(last: str, row: Path, address: str, patch: pytest.MonkeyPatch) -> None:
    """A push that ends when that file of `more` or of the folder is to be sent."""

    def send(self: Place, name: str, path: Path, real: Any = Place.send) -> None:
        if f"{self.name}/{name}".endswith(last):
            raise StoppedError
        real(self, name, path)

    with patch.context() as context:
        context.setattr(Place, "send", send)
        with pytest.raises(StoppedError):
            pushed(row, address)


@pytest.mark.parametrize("last", ["few/trials.csv", "more/study.json", "suite.json"])
def test_half_a_push_reads_as_nothing(
    row: Path, address: str, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    stopped_at(last, row, address, monkeypatch)
    with pytest.raises(StorageError, match=rf"The studies at {address} are not whole"):
        fetch(address)
    with pytest.raises(StorageError, match=rf"The study at {address}/few is not whole"):
        fetch(f"{address}/few")
    assert pushed(row, address)
    assert len(studies_in([fetch(address)])) == 2


def test_half_a_push_to_a_folder_is_nothing_there(
    row: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as any folder, it tells the same, also where one of the two studies is whole."""
    away = tmp_path / "away"
    stopped_at("more/trials.parquet", row, f"file://{away}", monkeypatch)
    assert (away / "few" / MANIFEST).exists()
    with pytest.raises(StudyError, match="not whole"):
        study_folders(away)
    pushed(row, f"file://{away}")
    assert len(study_folders(away)) == 2
