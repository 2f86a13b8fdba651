"""What the product has not made is neither replaced nor removed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nasbench_harness.errors import HarnessError
from nasbench_harness.store.ownership import LOCK, MARKER, OwnershipError, claim, publishing
from nasbench_harness.store.strangers import stranger

OURS = {MARKER, LOCK}


def publish(
    folder: Path,
    *,
    recognise: Callable[[Path, str], bool] = lambda folder, name: False,
    **files: str,
) -> None:
    """Put files there; `tables__a` is `tables/a`."""
    with publishing(folder, recognise) as fresh:
        for name, text in files.items():
            path = fresh / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def content(folder: Path) -> dict[str, str]:
    """Every file but our own list, by its path."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in OURS
    }


def kill_after(patch: pytest.MonkeyPatch, moves: int) -> None:
    """Die at the next replacement: of the list, of both files, of the list again."""
    replace, done = os.replace, []

    def killed(*paths: Path) -> None:
        if len(done) == moves:
            raise KeyboardInterrupt
        done.append(paths)
        replace(*paths)

    patch.setattr("os.replace", killed)


# --- folders -----------------------------------------------------------------------------------


def test_files_take_their_places(tmp_path: Path) -> None:
    publish(tmp_path / "new" / "report", index="1", tables__a="2")
    assert content(tmp_path / "new" / "report") == {"index": "1", "tables/a": "2"}


def test_files_of_before_are_replaced_and_removed(tmp_path: Path) -> None:
    publish(tmp_path, index="1", tables__a="2", figures__x="3")
    publish(tmp_path, index="4", tables__b="5")
    assert content(tmp_path) == {"index": "4", "tables/b": "5"}
    assert not (tmp_path / "figures").exists()


def test_other_names_stay(tmp_path: Path) -> None:
    publish(tmp_path, index="1", tables__a="2")
    (tmp_path / "notes.md").write_text("mine")
    (tmp_path / "tables" / "mine").write_text("mine")
    publish(tmp_path, index="1")
    assert content(tmp_path) == {"index": "1", "notes.md": "mine", "tables/mine": "mine"}


def test_a_name_of_ours_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("mine")
    with pytest.raises(OwnershipError, match=r"index was not written by nasharness.*--out"):
        publish(tmp_path, index="1", another="2")
    assert content(tmp_path) == {"index": "mine"}
    assert not OURS & set(os.listdir(tmp_path))


def test_a_refusal_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("mine")
    with pytest.raises(OwnershipError):
        publish(tmp_path, page="new")
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


def test_what_was_changed_since_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, index="1", other="1")
    (tmp_path / "index").write_text("edited")
    with pytest.raises(OwnershipError, match="has been changed since nasharness wrote it"):
        publish(tmp_path, index="2", other="2")
    assert content(tmp_path) == {"index": "edited", "other": "1"}


def test_what_was_changed_since_is_not_removed(tmp_path: Path) -> None:
    publish(tmp_path, index="1", other="1")
    (tmp_path / "other").write_text("edited")
    publish(tmp_path, index="2")
    assert content(tmp_path) == {"index": "2", "other": "edited"}
    with pytest.raises(OwnershipError, match="other was not written"):
        publish(tmp_path, other="3")


@pytest.mark.parametrize("text", ["", "1"], ids=["empty", "the same"])
def test_nothing_is_lost_where_a_file_is_empty_or_the_same(tmp_path: Path, text: str) -> None:
    (tmp_path / "index").write_text(text)
    publish(tmp_path, index="1")
    assert content(tmp_path) == {"index": "1"}


def test_links_and_folders_in_the_way_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "index").symlink_to(tmp_path / "mine")
    (tmp_path / "other").mkdir()
    for name in ("index", "other"):
        with pytest.raises(OwnershipError, match=f"{name} is no file of its own"):
            publish(tmp_path, **{name: "1"})
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tables").write_text("mine")
    with pytest.raises(OwnershipError, match="tables is no folder"):
        publish(tmp_path, tables__a="1")
    with pytest.raises(OwnershipError, match="is a file, where a folder was expected"):
        publish(tmp_path / "tables", index="1")
    assert content(tmp_path) == {"tables": "mine"}


def test_a_folder_of_an_older_version_is_replaced_and_kept_aside(tmp_path: Path) -> None:
    for text, kept in (("old", ".before"), ("older", ".before-2"), ("old", ".before")):
        (tmp_path / MARKER).unlink(missing_ok=True)
        (tmp_path / "index").write_text(text)
        publish(tmp_path, recognise=lambda *_: True, index="1")
        assert (tmp_path / "index").read_text() == "1"
        assert (tmp_path / f"index{kept}").read_text() == text
    assert content(tmp_path) == {"index": "1", "index.before": "old", "index.before-2": "older"}
    publish(tmp_path, index="2")
    assert (tmp_path / "index.before").read_text() == "old"


def test_what_is_the_same_in_an_older_version_is_not_kept_twice(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("1")
    publish(tmp_path, recognise=lambda *_: True, index="1")
    assert content(tmp_path) == {"index": "1"}


@pytest.mark.parametrize("moves", range(4))
def test_a_kill_amid_an_older_version_leaves_it_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"old {name}")
    with monkeypatch.context() as patch:
        kill_after(patch, moves)
        with pytest.raises(KeyboardInterrupt):
            publish(tmp_path, recognise=lambda *_: True, a="1", b="1")
    publish(tmp_path, recognise=lambda *_: True, a="2", b="2")
    assert {"a.before": "old a", "b.before": "old b", "a": "2", "b": "2"}.items() <= (
        content(tmp_path).items()
    )


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"files": {}}', '{"files": {"a": 1}}', "mine"])
def test_what_is_no_list_of_ours_is_refused_and_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / MARKER).write_text(text)
    with pytest.raises(OwnershipError, match="is not the list that nasharness keeps"):
        publish(tmp_path, index="2")
    assert (tmp_path / MARKER).read_text() == text
    assert content(tmp_path) == {}


def test_an_empty_list_is_none(tmp_path: Path) -> None:
    (tmp_path / MARKER).touch()
    publish(tmp_path, index="1")
    assert content(tmp_path) == {"index": "1"}


@pytest.mark.parametrize("name", [MARKER, LOCK])
def test_a_list_or_lock_that_is_a_link_is_not_written_through(tmp_path: Path, name: str) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "report" / name).symlink_to(tmp_path / "precious")
    with pytest.raises(OwnershipError, match="nothing is written"):
        publish(tmp_path / "report", index="1")
    assert content(tmp_path) == {"precious": "mine"}


def test_somebody_else_s_file_of_the_lock_s_name_is_kept(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("mine")
    with pytest.raises(OwnershipError, match="is not the lock of nasharness"):
        publish(tmp_path, index="1")
    assert (tmp_path / LOCK).read_text() == "mine"


def forge(folder: Path, name: str, text: str) -> None:
    """Put a name into the list as if we had written that text there."""
    told = json.loads((folder / MARKER).read_text())
    told["files"][name] = [hashlib.sha256(text.encode()).hexdigest()]
    (folder / MARKER).write_text(json.dumps(told))


@pytest.mark.parametrize(
    "name", ["../precious", "x/../../precious", "{}/precious", "linked/precious"]
)
def test_a_forged_name_deletes_nothing_outside(tmp_path: Path, name: str) -> None:
    publish(tmp_path / "report", index="1")
    (tmp_path / "report" / "linked").symlink_to(tmp_path)
    (tmp_path / "precious").write_text("mine")
    forge(tmp_path / "report", name.format(tmp_path), "mine")
    publish(tmp_path / "report", index="2")
    assert (tmp_path / "precious").read_text() == "mine"
    assert (tmp_path / "report" / "index").read_text() == "2"


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_link_that_leads_nowhere_is_no_folder(tmp_path: Path, below: str) -> None:
    (tmp_path / "report").symlink_to(tmp_path / "gone")
    with pytest.raises(OwnershipError, match="report is a link that leads nowhere"):
        publish(tmp_path / "report" / below, index="1")
    assert os.listdir(tmp_path) == ["report"]


def fail(folder: Path) -> None:
    with publishing(folder, lambda *_: True) as fresh:
        (fresh / "index").write_text("half")
        raise RuntimeError


def test_failure_leaves_what_there_was(tmp_path: Path) -> None:
    publish(tmp_path, index="1")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(RuntimeError):
        fail(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_failure_leaves_no_folder_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        fail(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("moves", range(4))
def test_a_kill_in_the_middle_orphans_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    publish(tmp_path, a="1", b="1")
    with monkeypatch.context() as patch:
        kill_after(patch, moves)
        with pytest.raises(KeyboardInterrupt):
            publish(tmp_path, a="2", b="2")
    publish(tmp_path, a="3", b="3")
    assert content(tmp_path) == {"a": "3", "b": "3"}


def test_the_list_says_what_it_is(tmp_path: Path) -> None:
    publish(tmp_path, index="1")
    told = json.loads((tmp_path / MARKER).read_text())
    assert list(told["files"]) == ["index"]
    assert "nasharness" in told["about"]


@pytest.mark.parametrize("fault", [errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_to_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(
        HarnessError, match=rf"cannot be written to \({os.strerror(fault)}\).*--out"
    ):
        publish(tmp_path / "report", index="1")


# --- single files ------------------------------------------------------------------------------


def is_ours(data: bytes) -> bool:
    return data.startswith(b"ours")


@pytest.mark.parametrize("text", [None, "", "ours, of before"], ids=["none", "empty", "ours"])
def test_a_file_may_be_written(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "file").write_text(text)
    claim(tmp_path / "file", "a baseline", is_ours)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(OwnershipError, match=r"thesis\.tex is there already and is not a baseline"):
        claim(tmp_path / "thesis.tex", "a baseline", is_ours)


def test_a_link_is_judged_by_what_it_points_at(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    (tmp_path / "link").symlink_to("thesis.tex")
    with pytest.raises(OwnershipError, match="is not a baseline"):
        claim(tmp_path / "link", "a baseline", is_ours)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(OwnershipError, match="is a folder, where the name of a baseline"):
        claim(tmp_path, "a baseline", is_ours)


def test_a_device_takes_anything() -> None:
    claim(Path(os.devnull), "a baseline", is_ours)


# --- folders that results are written into -----------------------------------------------------

OWN = ("trials", "trials.csv", "report")


def begin(folder: Path) -> str | None:
    found = stranger(folder, OWN, "study.lock")
    return found.name if found else None


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store", ".gitkeep", ".nfs0001", "Thumbs.db", "desktop.ini", "log", "log.txt",
        "train.log", "train.log.1", "nohup.out", "slurm-123.out", "slurm-1_2.err", "job.o12345",
        "job.e12345", "study.yaml", "job.sbatch", "run.sh", "README.md", "study.lock", "run.pid",
    ],
)  # fmt: skip
def test_logs_and_litter_are_in_nobody_s_way(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    assert begin(tmp_path) is None


@pytest.mark.parametrize("name", ["lost+found", "@eaDir", "logs", ".git"])
def test_folders_of_logs_and_litter_are_in_nobody_s_way(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "slurm-1.out").touch()
    assert begin(tmp_path) is None


@pytest.mark.parametrize(
    "name", ["thesis.tex", "holiday.jpg", "main.py", "trials.csv", "data.parquet", "a.ipynb"]
)
def test_anything_else_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "log.txt").touch()
    (tmp_path / name).touch()
    assert begin(tmp_path) == name


@pytest.mark.parametrize("name", ["src", "report", "trials"])
def test_a_folder_of_something_else_is(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "main.py").touch()
    assert begin(tmp_path) == name


def test_trials_of_ours_are_taken_over(tmp_path: Path) -> None:
    (tmp_path / "trials" / "random-0").mkdir(parents=True)
    (tmp_path / "trials" / "random-0" / "trial.json").touch()
    (tmp_path / "trials.csv").touch()
    (tmp_path / "report").mkdir()
    assert begin(tmp_path) is None


def test_a_folder_that_is_not_there_is_free(tmp_path: Path) -> None:
    assert begin(tmp_path / "none") is None
