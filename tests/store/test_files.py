"""Files that are never half-written."""

from __future__ import annotations

import errno
import math
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasbench_harness.errors import HarnessError
from nasbench_harness.store.files import (
    check_writable,
    new_folder,
    read_edited_json,
    read_json,
    replacing,
    replacing_folder,
    share,
    write_json,
    write_text,
)
from nasbench_harness.store.journals import Journal, read_journal

ROWS = [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}, {"step": 3, "loss": 0.125}]

rows = st.lists(
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5)), max_size=4
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.json"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal of three lines."""
    path = tmp_path / "history.jsonl"
    append(path, *ROWS)
    return path


def append(path: Path, *rows: dict[str, Any], keep: int | None = None) -> None:
    journal = Journal(path, keep=keep)
    for row in rows:
        journal.append(row)
    journal.close()


def tear(path: Path) -> None:
    """What a crash in the middle of a line leaves."""
    with path.open("ab") as file:
        file.write(b'{"step":4,"lo')


def write_half(path: Path, error: type[BaseException]) -> None:
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise error


def full_disk(*args: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# --- replacing ---------------------------------------------------------------------------------


def test_replacing_puts_the_new_content_in_place(path: Path) -> None:
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"


def test_replacing_leaves_no_other_file(path: Path) -> None:
    write_text(path, "new")
    assert list(path.parent.iterdir()) == [path]


def test_the_old_file_stands_until_the_new_one_is_ready(path: Path) -> None:
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"


def test_temporary_file_lies_beside_with_the_same_suffix(path: Path) -> None:
    with replacing(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == path.suffix


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_failure_keeps_the_old_file_alone(path: Path, error: type[BaseException]) -> None:
    path.write_text("old")
    with pytest.raises(error):
        write_half(path, error)
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_failure_makes_no_file_where_there_was_none(path: Path) -> None:
    with pytest.raises(RuntimeError):
        write_half(path, RuntimeError)
    assert list(path.parent.iterdir()) == []


def test_full_disk_keeps_the_old_file_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("old")
    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_content_is_synced_before_it_takes_the_name(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr("os.fsync", lambda handle: synced.append(path.exists()))
    write_text(path, "new")
    assert synced[0] is False


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "file.txt", "text")
    assert (tmp_path / "a" / "b" / "file.txt").read_text() == "text"


@pytest.fixture
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """The umask as a user set it."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


MASKS = pytest.mark.parametrize("umask", [0o022, 0o002, 0o027, 0o077], indirect=True)


@MASKS
def test_a_new_file_has_the_mode_of_the_umask(path: Path, umask: int) -> None:
    write_text(path, "text")
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@MASKS
def test_a_new_folder_has_the_mode_of_the_umask(tmp_path: Path, umask: int) -> None:
    with replacing_folder(tmp_path / "table") as fresh:
        fresh.mkdir()
    assert stat.S_IMODE((tmp_path / "table").stat().st_mode) == 0o777 & ~umask
    assert stat.S_IMODE(new_folder(tmp_path).stat().st_mode) == 0o777 & ~umask


@MASKS
def test_a_file_made_for_its_user_alone_is_shared(path: Path, umask: int) -> None:
    path.touch(0o600)
    share(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o666])
def test_a_replaced_file_keeps_its_mode(path: Path, mode: int) -> None:
    path.touch()
    path.chmod(mode)
    write_text(path, "text")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize(
    "name", ["a" * 255, "a" * 250 + ".json", "a." + "b" * 253, "[v2] 'x' %s{}\n\t", " trailing "]
)
def test_any_name_the_system_takes_is_taken(tmp_path: Path, name: str) -> None:
    write_text(tmp_path / name, "text")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_that_is_no_utf_8_is_taken_and_told(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.json")
    write_json(path, {"folder": str(path)})
    assert read_json(path) == {"folder": str(path)}
    assert path.read_bytes().decode("utf-8")


def test_a_link_stays_and_what_it_points_at_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "target").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "target")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "disk" / "target").read_text() == "new"


def test_a_pipe_is_written_into_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "text")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_device_is_no_file_to_replace() -> None:
    write_text(Path(os.devnull), "text")
    assert Path(os.devnull).is_char_device()


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="A file was expected and this is a folder"):
        write_text(tmp_path, "text")


# --- folders -----------------------------------------------------------------------------------


def test_a_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "old").touch()
    with replacing_folder(tmp_path / "table") as fresh:
        fresh.mkdir()
        (fresh / "new").touch()
    assert [path.name for path in (tmp_path / "table").iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["table"]


@pytest.mark.parametrize("broken", [1, 2])
def test_a_folder_that_cannot_be_moved_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    """Whichever of the two moves fails."""
    (tmp_path / "table").mkdir()
    (tmp_path / "table" / "old").touch()
    rename, calls = Path.rename, []

    def failing(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="Input/output"), replacing_folder(tmp_path / "table") as new:
        new.mkdir()
    assert [path.name for path in (tmp_path / "table").iterdir()] == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["table"]


# --- JSON --------------------------------------------------------------------------------------


def test_json_comes_back(path: Path) -> None:
    value = {"text": "naïve α", "numbers": [1, 0.1, None], "nested": {"yes": True}}
    write_json(path, value)
    assert read_json(path) == value


def test_json_is_for_people_too(path: Path) -> None:
    write_json(path, {"name": "α"})
    assert path.read_text(encoding="utf-8") == '{\n  "name": "α"\n}\n'


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"a": 1}}'])
def test_damaged_json_is_a_value_error(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 - json's and codecs' own, of any wording
        read_json(path)


# --- journal -----------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [read_json, read_edited_json])
def test_byte_order_mark_of_json_is_no_part_of_it(path: Path, read: Callable[[Path], Any]) -> None:
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n')
    assert read(path) == {"a": 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (b'{"a": 1,\n "b": 2,\n}', "cannot be read as JSON \\(.* at line 3, column 1\\)"),
        (b'{"a": 1,\n "b": 2,\n "a": 3}', "`a` stands twice, in lines 1 and 3; keep one"),
        (b'{"p": {"a": 1, "a": 1}, "q": {"a": 2}}', "`a` stands twice; keep one"),
        (b'{"a": NaN}', "`NaN` is no number of JSON"),
        (b'{"a": -Infinity}', "`-Infinity` is no number of JSON"),
        (b"\xff\xfe", "no UTF-8 text"),
        (b"[" * 10**5, "nested too deeply"),
    ],
)
def test_fault_of_an_edited_json_is_told_with_its_place(
    path: Path, content: bytes, words: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words):
        read_edited_json(path)


def test_json_of_our_own_may_hold_what_is_no_number(path: Path) -> None:
    path.write_text('{"a": NaN}')
    assert math.isnan(read_json(path)["a"])


def test_journal_reads_what_was_appended(journal: Path) -> None:
    assert read_journal(journal) == ROWS


def test_journal_has_one_line_per_row(journal: Path) -> None:
    assert journal.read_bytes().count(b"\n") == len(ROWS)


def test_missing_journal_is_empty(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none.jsonl") == []


def test_row_is_readable_as_soon_as_it_is_appended(journal: Path) -> None:
    open_journal = Journal(journal)
    open_journal.append({"step": 4})
    assert read_journal(journal)[-1] == {"step": 4}
    open_journal.close()


def test_reopened_journal_grows(journal: Path) -> None:
    append(journal, {"step": 4})
    assert read_journal(journal) == [*ROWS, {"step": 4}]


def test_reading_leaves_a_torn_line_out(journal: Path) -> None:
    tear(journal)
    assert read_journal(journal) == ROWS


def test_reading_a_torn_journal_does_not_change_it(journal: Path) -> None:
    tear(journal)
    before = journal.read_bytes()
    read_journal(journal)
    assert journal.read_bytes() == before


def test_torn_line_is_cut_before_the_next_is_appended(journal: Path) -> None:
    tear(journal)
    append(journal, {"step": 4})
    assert read_journal(journal) == [*ROWS, {"step": 4}]


def test_a_journal_of_one_torn_line_starts_anew(tmp_path: Path) -> None:
    tear(tmp_path / "history.jsonl")
    append(tmp_path / "history.jsonl", {"step": 1})
    assert read_journal(tmp_path / "history.jsonl") == [{"step": 1}]


@pytest.mark.parametrize("keep", [0, 1, 2, 3])
def test_keep_cuts_the_journal_back(journal: Path, keep: int) -> None:
    append(journal, {"step": 9}, keep=keep)
    assert read_journal(journal) == [*ROWS[:keep], {"step": 9}]


def test_keep_beyond_the_end_keeps_everything(journal: Path) -> None:
    append(journal, keep=10)
    assert read_journal(journal) == ROWS


def test_length_counts_lines(journal: Path) -> None:
    open_journal = Journal(journal, keep=2)
    open_journal.append({"step": 3})
    assert open_journal.length == 3
    open_journal.close()


def test_rows_are_synced_at_the_latest_when_closed(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr("os.fsync", synced.append)
    append(journal, {"step": 4})
    assert synced


def test_full_disk_closes_the_file_all_the_same(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_journal = Journal(journal)
    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        open_journal.close()
    with pytest.raises(ValueError, match="closed file"):
        open_journal.append({"step": 4})


@given(before=rows, after=rows, cut=st.integers(0, 30))
def test_a_journal_cut_anywhere_keeps_its_whole_lines(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    cut: int,
) -> None:
    path = tmp_path_factory.mktemp("journal") / "history.jsonl"
    append(path, *before)
    path.write_bytes(path.read_bytes()[: -cut or None])
    kept = read_journal(path)
    append(path, *after)
    assert kept == before[: len(kept)]
    assert read_journal(path) == [*kept, *after]


# --- places to write to later ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["file.json", "new.json", "some/new/folders/new.json"])
def test_trying_to_write_leaves_nothing(path: Path, name: str) -> None:
    path.write_text("old")
    check_writable(path.parent / name)
    assert list(path.parent.iterdir()) == [path]
    assert path.read_text() == "old"


def test_a_device_can_be_written_to() -> None:
    check_writable(Path(os.devnull))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("folder", "folder is a folder; name a file in it"),
        ("file.json/new/new.json", "file.json is no folder; choose another place"),
        ("lost/new.json", "lost is no folder; choose another place"),
        ("lost", "lost cannot be written: "),
        ("x" * 300, "cannot be written: "),
    ],
)
def test_where_nothing_can_be_written_is_told(path: Path, name: str, told: str) -> None:
    path.touch()
    (path.parent / "folder").mkdir()
    (path.parent / "lost").symlink_to("missing/place")
    before = sorted(path.parent.iterdir())
    with pytest.raises(HarnessError, match=told):
        check_writable(path.parent / name)
    assert sorted(path.parent.iterdir()) == before


def test_a_disk_that_takes_no_files_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a folder says about itself, as those of the system and of networks do."""

    def refuse(*_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(HarnessError, match=f"cannot be written: {os.strerror(errno.EROFS)}"):
        check_writable(path)
