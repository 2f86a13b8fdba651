"""A study that is read where it was pushed to says what it says at home."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import nasbench_harness as nh
from nasbench_harness.cli.options.studies import study_place
from nasbench_harness.remote.fetching import fetch, told
from nasbench_harness.remote.places import Place, StorageError
from nasbench_harness.remote.pushing import push
from nasbench_harness.reports.study.data import load_study
from nasbench_harness.store.manifests import MANIFEST
from nasbench_harness.store.studies import Study, read_tables


def test_tables_are_those_of_the_folder(study: Study, address: str) -> None:
    push(study, address)
    for here, there in zip(read_tables(study.folder), read_tables(fetch(address)), strict=True):
        assert here.equals(there)


def test_its_look_is_the_one_that_was_kept(study: Study, address: str) -> None:
    """What is pushed was looked at: nobody who reads it makes another look."""
    push(study, address)
    assert load_study(fetch(address)).look == load_study(study.folder).look


def test_it_is_called_as_it_was(study: Study, address: str) -> None:
    push(study, address)
    folder = fetch(address)
    assert folder.name == "few"
    assert told(folder) == address


def test_a_path_is_no_address() -> None:
    assert study_place("runs/a") == Path("runs/a")


def test_where_nothing_is_there_is_no_study(address: str) -> None:
    with pytest.raises(StorageError, match="holds no study"):
        fetch(address)


def test_a_damaged_file_is_noticed(study: Study, address: str) -> None:
    push(study, address)
    place = Place(address)
    content = place.read("history.parquet") or b""
    place.write("history.parquet", content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(StorageError, match=r"history\.parquet at .* is not what was pushed"):
        fetch(address)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "a newer nasharness wrote it"),
        ({"about": "mine"}, "something else"),
        ({"files": {"../x": {"size": 1, "sha256": ""}}}, "names files outside"),
        ({"files": None}, "damaged"),
    ],
)
def test_a_manifest_that_is_none_is_told(
    study: Study, address: str, change: dict[str, object], said: str
) -> None:
    push(study, address)
    place = Place(address)
    content = json.loads(place.read(MANIFEST) or b"")
    place.write(MANIFEST, json.dumps({**content, **change}).encode())
    with pytest.raises(StorageError, match=said):
        fetch(address)
    with pytest.raises(StorageError, match=said):
        push(study, address)


def test_python_opens_an_address_as_it_opens_a_folder(
    study: Study, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(study, address)
    monkeypatch.chdir(tmp_path)
    opened = nh.open_study(address)
    assert opened.trials.equals(nh.open_study(study.folder).trials)
    assert opened.finished
    page = opened.report()
    assert page.parent.resolve() == tmp_path.resolve() / "few-report"
    assert page.is_file()
