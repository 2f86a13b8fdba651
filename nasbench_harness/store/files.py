"""Files that are never half-written: atomic replacement and an append-only journal."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nasbench_harness.errors import HarnessError, reason

TEMPORARY = ".nasharness-"
"""How the names of files and folders begin that are there only while something is written."""
LONGEST_SUFFIX = 16


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it into place once it is safely on disk.

    When anything fails the old file stays as it was and the temporary one is removed. A new file
    gets the mode that the umask gives, a replaced one keeps its own; a link is followed, and what
    is no file at all (a pipe, /dev/stdout) is written to as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    old = _status(path)
    if old and not stat.S_ISREG(old.st_mode):
        with _copied_into(path) as temporary:
            yield temporary
        return
    place = Path(os.path.realpath(path)) if path.is_symlink() else path
    temporary = _new_file(place)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        if old:
            temporary.chmod(stat.S_IMODE(old.st_mode))
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _copied_into(path: Path) -> Iterator[Path]:
    """A temporary path whose content is written into what is at `path` already."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "A file was expected and this is a folder", str(path))
    with tempfile.TemporaryDirectory(prefix="nasharness-") as folder:
        temporary = Path(folder) / f"content{_suffix(path)}"
        yield temporary
        with temporary.open("rb") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)


# The system's own way of making files and folders heeds the umask and a folder's default ACL;
# `tempfile` makes them for the user alone.


def _new_file(path: Path) -> Path:
    """An empty file of a name of its own beside `path`, with the same ending."""
    while True:
        temporary = _beside(path, _suffix(path))
        with contextlib.suppress(FileExistsError):
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            return temporary


def new_folder(parent: Path) -> Path:
    """An empty hidden folder of a name of its own in `parent`, with the mode the umask gives."""
    while True:
        folder = _beside(parent / "folder", "")
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder


def _beside(path: Path, suffix: str) -> Path:
    """Short, however long the name of `path` is."""
    return path.with_name(f"{TEMPORARY}{secrets.token_hex(8)}{suffix}")


def _suffix(path: Path) -> str:
    return path.suffix if len(os.fsencode(path.suffix)) <= LONGEST_SUFFIX else ""


def share(path: Path) -> None:
    """Give a file that somebody made for the user alone the mode that the umask gives."""
    probe = _new_file(path)
    try:
        path.chmod(stat.S_IMODE(probe.stat().st_mode))
    finally:
        probe.unlink()


@contextlib.contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield the path of a folder to make; it takes the place of `folder` once all went well.

    When anything fails the old folder stays as it was and nothing is left of the new one. Whether
    the old one may go at all is for the caller to ask before (see `ownership`).
    """
    folder = Path(os.path.realpath(folder)) if folder.is_symlink() else folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = new_folder(folder.parent)
    fresh, old = work / "new", work / "old"
    try:
        yield fresh
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)  # where even that fails, `work` stays with what there was
        shutil.rmtree(work, ignore_errors=True)


def check_writable(path: Path | None) -> None:
    """HarnessError unless a file can be written there later, which is tried; nothing of it stays.

    Folders on the way may be missing.
    """
    if path is None:
        return
    try:
        if path.is_dir():
            raise HarnessError(f"{path} is a folder; name a file in it.")
        _try_to_write(path)
    except OSError as error:
        place = next(one for one in path.absolute().parents if os.path.lexists(one))
        why = reason(error) if place.is_dir() else f"{place} is no folder"
        raise HarnessError(f"{path} cannot be written: {why}; choose another place.") from error


def _try_to_write(path: Path) -> None:
    """OSError where `replacing` would have one."""
    old = _status(path)
    if old and not stat.S_ISREG(old.st_mode):
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return
    made = [folder for folder in path.absolute().parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _new_file(Path(os.path.realpath(path)) if path.is_symlink() else path).unlink()
    finally:
        for folder in made:
            with contextlib.suppress(OSError):
                folder.rmdir()


def write_text(path: Path, text: str) -> None:
    """Replace the file's content atomically; what is no UTF-8 in it is escaped as in JSON."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: Path, value: Any) -> None:
    """Replace the file by `value` as readable JSON, atomically; never all of the text in memory."""
    parts = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(value)
    with (
        replacing(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="backslashreplace") as file,
    ):
        file.writelines(parts)
        file.write("\n")


def read_json(path: Path) -> Any:
    """The value of a JSON file, with or without a byte order mark; ValueError if it is damaged."""
    return _loads(path.read_text(encoding="utf-8-sig"))


def read_edited_json(path: Path) -> Any:
    """The same of a file that people edit: a key stands once and numbers are finite.

    ValueError says in words what is wrong and where.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        return _loads(text, object_pairs_hook=_once, parse_constant=_finite)
    except UnicodeDecodeError as error:
        raise ValueError("it cannot be read as JSON (it is no UTF-8 text)") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        if not text.strip():
            raise ValueError("the file is empty") from error
        raise ValueError(f"it cannot be read as JSON ({error.msg} at {place})") from error
    except _TwiceError as error:
        lines = [
            str(number)
            for number, line in enumerate(text.splitlines(), start=1)
            if re.search(rf"{re.escape(json.dumps(error.key, ensure_ascii=False))}\s*:", line)
        ]
        where = f", in lines {' and '.join(lines)}" if len(lines) == 2 else ""
        raise ValueError(f"`{error.key}` stands twice{where}; keep one of them") from error


class _TwiceError(Exception):
    """A key that an object holds twice."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for key, value in pairs:
        if key in held:
            raise _TwiceError(key)
        held[key] = value
    return held


def _finite(word: str) -> None:
    raise ValueError(f"`{word}` is no number of JSON")


def _loads(text: str, **how: Any) -> Any:
    try:
        return json.loads(text, **how)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
