"""What a push puts at an address, and what it leaves alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import fsspec
import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.remote.fetching import fetch
from nasbench_harness.remote.places import Place, StorageError
from nasbench_harness.remote.pushing import push
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.manifests import MANIFEST, read_manifest
from nasbench_harness.store.studies import STUDY, Study, StudyError, open_study
from tests.held_studies import make


def held(address: str) -> dict[str, bytes]:
    place = Place(address)
    return {name: place.read(name) or b"" for name in place.sizes()}


def test_tables_and_report_are_there_and_no_trials(study: Study, address: str) -> None:
    push(study, address)
    there = held(address)
    assert {"study.json", "trials.parquet", "history.csv", "report/index.html"} <= there.keys()
    assert not [name for name in there if name.startswith("trials/")]
    for name, content in there.items():
        assert name == MANIFEST or content == (study.folder / name).read_bytes()


def test_the_manifest_names_all_of_it(study: Study, address: str) -> None:
    push(study, address)
    there = held(address)
    manifest = read_manifest(there.pop(MANIFEST))
    assert manifest.complete
    assert {name: facts.size for name, facts in manifest.files.items()} == {
        name: len(content) for name, content in there.items()
    }


def test_only_what_changed_is_sent_again(study: Study, address: str) -> None:
    assert push(study, address).unchanged == 0
    assert not push(study, address).sent
    page = study.folder / "report" / "index.html"
    page.write_bytes(page.read_bytes() + b"\n")
    assert list(push(study, address).sent) == ["report/index.html"]


def test_what_somebody_removed_there_is_sent_again(study: Study, address: str) -> None:
    push(study, address)
    Place(address).remove("trials.csv")
    assert list(push(study, address).sent) == ["trials.csv"]


def test_what_the_study_has_no_more_goes(study: Study, address: str) -> None:
    push(study, address)
    shutil.rmtree(study.folder / "report")
    assert push(study, address).removed
    assert not [name for name in held(address) if name.startswith("report/")]


def test_what_others_put_there_stays(study: Study, address: str) -> None:
    push(study, address)
    Place(address).write("notes.txt", b"mine")
    shutil.rmtree(study.folder / "report")
    push(study, address)
    assert held(address)["notes.txt"] == b"mine"


def test_another_study_is_refused(study: Study, address: str, tmp_path: Path) -> None:
    push(study, address)
    before = held(address)
    other = make(tmp_path / "other", "rea")
    with pytest.raises(StorageError, match=r"holds another study \(few\)"):
        push(other, address)
    assert held(address) == before


def test_a_study_that_grew_is_the_same_study(study: Study, address: str) -> None:
    push(study, address)
    grown = make(study.folder, "rea,drnas", seeds="4")
    assert "trials.parquet" in push(grown, address).sent


def test_a_place_with_anything_else_is_refused(study: Study, address: str) -> None:
    Place(address).write("thesis.tex", b"years of work")
    with pytest.raises(StorageError, match="not empty and holds no study"):
        push(study, address)
    assert held(address) == {"thesis.tex": b"years of work"}


def test_a_study_that_lacks_trials_is_refused(study: Study, address: str) -> None:
    shutil.rmtree(study.trial_folder(study.specs[0]))
    with pytest.raises(StorageError, match=r"1 of 6 trials of .* have not ended"):
        push(study, address)
    assert push(study, address, partial=True).sent


def test_a_failed_trial_has_ended(study: Study, address: str) -> None:
    result = study.trial_folder(study.specs[0]) / "result.json"
    write_json(result, {"status": "failed", "error": "no memory"})
    assert push(study, address).sent


def test_a_running_study_is_refused(study: Study, address: str) -> None:
    fcntl = pytest.importorskip("fcntl")
    with (study.folder / "study.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StorageError, match="still running"):
            push(study, address)


def test_tables_alone_are_pushed(study: Study, address: str) -> None:
    shutil.rmtree(study.trials_folder)
    push(study, address)
    assert open_study(fetch(address)).specs == study.specs


def test_a_study_without_an_id_is_known_by_its_planning(study: Study, address: str) -> None:
    content = read_json(study.folder / STUDY)
    del content["facts"]["id"]
    write_json(study.folder / STUDY, content)
    old = open_study(study.folder)
    push(old, address)
    write_json(old.folder / STUDY, {**content, "facts": {**content["facts"], "last_run": {}}})
    assert list(push(open_study(old.folder), address).sent) == [STUDY]


def test_links_in_the_report_are_left_out(study: Study, address: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("do not send")
    page = study.folder / "report" / "index.html"
    page.unlink()
    page.symlink_to(tmp_path / "secret")
    assert push(study, address).links == ("report/index.html",)
    assert b"do not send" not in held(address).values()


def test_files_beside_the_report_s_own_are_not_sent(study: Study, address: str) -> None:
    (study.folder / "report" / "notes.txt").write_text("mine")
    push(study, address)
    assert "report/notes.txt" not in held(address)


# --- pushes that break off ---------------------------------------------------------------------


class StoppedError(Exception):
    """What a test stops a push with."""


def stopped_after(count: int, study: Study, address: str, patch: pytest.MonkeyPatch) -> None:
    """A push that ends after so many files."""
    left = iter(range(count))

    def send(self: Place, name: str, path: Path, real: Any = Place.send) -> None:
        if next(left, None) is None:
            raise StoppedError
        real(self, name, path)

    with patch.context() as context:
        context.setattr(Place, "send", send)
        with pytest.raises(StoppedError):
            push(study, address)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_half_a_push_reads_as_nothing(
    study: Study, address: str, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    stopped_after(count, study, address, monkeypatch)
    with pytest.raises(StorageError, match="not whole"):
        fetch(address)
    push(study, address)
    assert open_study(fetch(address)).specs == study.specs


def test_half_a_second_push_reads_as_nothing(
    study: Study, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(study, address)
    grown = make(study.folder, "rea,drnas", seeds="4")
    stopped_after(2, grown, address, monkeypatch)
    with pytest.raises(StorageError, match="not whole"):
        fetch(address)
    done = push(grown, address)
    assert done.unchanged
    assert len(open_study(fetch(address)).specs) == 8


def test_half_a_push_to_a_folder_is_no_study_there(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as any folder, it tells the same."""
    away = tmp_path / "away"
    stopped_after(5, study, f"file://{away}", monkeypatch)
    with pytest.raises(StudyError, match="not whole"):
        open_study(away)
    push(study, f"file://{away}")
    assert open_study(away).specs == study.specs


def test_a_file_that_changes_meanwhile_is_noticed(
    study: Study, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Place.send

    def send(self: Place, name: str, path: Path) -> None:
        real(self, name, path)
        if name == "report/index.html":
            path.write_bytes(b"another")

    monkeypatch.setattr(Place, "send", send)
    with pytest.raises(HarnessError, match="changed while it was sent"):
        push(study, address)
    with pytest.raises(StorageError, match="not whole"):
        fetch(address)


# --- places that cannot be written to ----------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("bogus://bucket/few", "no kind of address is called `bogus`"),
        ("https://127.0.0.1:9/few", "can only be read from"),
    ],
)
def test_what_cannot_be_is_told(study: Study, address: str, said: str) -> None:
    with pytest.raises(StorageError, match=said):
        push(study, address)


def test_a_missing_driver_is_named(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(StorageError, match=r"not here: pip install s3fs\."):
        push(study, "s3://bucket/few")


def test_without_fsspec_the_extra_is_named(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(StorageError, match=r"nasbench-harness\[storage\]"):
        push(study, "memory://few")


def test_a_file_in_the_way_is_told(study: Study, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError, match="Not a directory"):
        push(study, f"file://{tmp_path}/file/few")


def test_a_place_that_forbids_is_told(study: Study) -> None:
    """Linux lets nobody make a folder there, root included."""
    if not Path("/sys/kernel").is_dir():
        pytest.skip("no /sys, where nobody may write")
    with pytest.raises(StorageError, match=r"may not be written to|cannot be written to"):
        push(study, "file:///sys/few")


def test_a_server_that_does_not_answer_is_told(study: Study) -> None:
    fsspec.get_filesystem_class("http")
    with pytest.raises(StorageError, match=r"http://127\.0\.0\.1:9/few cannot be read"):
        fetch("http://127.0.0.1:9/few")
