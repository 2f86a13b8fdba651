"""Files that are never half-written: atomic replacement and an append-only journal."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

from nasbench_harness.errors import HarnessError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it into place once it is safely on disk.

    When anything fails the old file stays as it was and the temporary one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield the path of a folder to make; it takes the place of `folder` once all went well.

    When anything fails the old folder stays as it was and nothing is left of the new one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    fresh, old = work / "new", work / "old"
    try:
        yield fresh
        if folder.exists():
            folder.rename(old)
        try:
            fresh.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def check_writable(path: Path | None) -> None:
    """HarnessError unless a file can be written there later; folders on the way may be missing."""
    if path is None:
        return
    if path.is_dir():
        raise HarnessError(f"{path} is a folder; name a file in it.")
    parent = path.absolute().parent
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    if not parent.is_dir():
        raise HarnessError(
            f"{path} cannot be written: {parent} is no folder; choose another place."
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise HarnessError(
            f"{path} cannot be written: the folder {parent} is read-only; choose another place."
        )


def write_text(path: Path, text: str) -> None:
    """Replace the file's content atomically."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Replace the file by `value` as readable JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """The value of a JSON file; ValueError if it is damaged."""
    return json.loads(path.read_text(encoding="utf-8"))


class Journal:
    """A JSON-lines file that only grows: each line is flushed, and synced once a second.

    What a crash tore or damaged is cut off before the next line is appended.
    """

    SYNC_SECONDS = 1.0

    def __init__(self, path: Path, *, keep: int | None = None) -> None:
        """Append to `path`; `keep` first cuts it back to that many lines."""
        lines = list(takewhile(_is_object, _whole_lines(path)))
        if keep is not None:
            lines = lines[:keep]
        with path.open("ab") as file:
            file.truncate(sum(map(len, lines)))
        self._file = path.open("ab")
        self._synced = time.monotonic()
        self.length = len(lines)

    def append(self, row: Mapping[str, Any]) -> None:
        """Add one line."""
        self._file.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")
        self._file.flush()
        self.length += 1
        if time.monotonic() - self._synced > self.SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Make sure that what was appended survives a power cut."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        """Sync and close; on a full disk the file is closed all the same."""
        try:
            self.sync()
        finally:
            self._file.close()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Every line of a journal but a torn last one; HarnessError names a damaged one."""
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(_whole_lines(path), start=1):
        if not _is_object(line):
            raise HarnessError(
                f"Line {number} of {path} is damaged; delete that trial's folder and run the study"
                " again."
            )
        rows.append(json.loads(line))
    return rows


def _whole_lines(path: Path) -> Iterator[bytes]:
    """All lines that end as a line does."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield line


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
