"""Journals, JSON lines that only grow: written, read whole, from their end, or many at once.

Of a torn last line nobody reads anything; it is cut off before the next one is appended.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.errors import HarnessError
from nasbench_harness.store.tidy import tidy_frame

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES = 1 << 13
"""So much is read of a journal's end at first."""
PIECE_BYTES = 16 << 20
"""So much of the journals is parsed at once."""


NamedJournal = tuple[Path, Mapping[str, Any]]
"""A journal, and what names its trial in every row."""


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


# --- its end, and what it gains -----------------------------------------------------------------


def last_row(path: Path) -> dict[str, Any] | None:
    """The last whole line of a journal, of which only the end is read; None if there is none."""
    try:
        line = _last_line(path)
        row = json.loads(line) if line else None
    except (OSError, ValueError):
        return None
    return row if isinstance(row, dict) else None


def _last_line(path: Path) -> bytes | None:
    """A torn last line is none."""
    wanted = BLOCK_BYTES
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        while True:
            start = max(0, size - wanted)
            file.seek(start)
            lines = file.read(size - start).split(b"\n")[:-1]
            whole = lines[1:] if start else lines
            if whole or not start:
                return whole[-1] if whole else None
            wanted *= 4


class Tail:
    """What a journal has gained since it was read last."""

    def __init__(self, path: Path) -> None:
        """The journal at `path`, from its first line on; it need not be there yet."""
        self._path = path
        self._offset = 0
        self._seen = hashlib.sha256()

    def read(self) -> list[dict[str, Any]]:
        """The whole lines that are new; of a torn last line nothing yet."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        self._offset += len(whole) + len(newline)
        self._seen.update(whole + newline)
        return [json.loads(line) for line in whole.split(b"\n")] if whole else []

    def rewritten(self) -> bool:
        """Whether the journal no longer begins with what was read: a trial went back and on."""
        try:
            with self._path.open("rb") as file:
                now = hashlib.sha256(file.read(self._offset))
        except FileNotFoundError:
            return self._offset > 0
        return now.digest() != self._seen.digest()


# --- many at once ------------------------------------------------------------------------------


class NotPlainError(Exception):
    """Lines that only Python's own parser reads as they are meant."""


def read_histories(sources: Sequence[NamedJournal]) -> pa.Table:
    """One row per line of all journals, after what names its trial; no columns without lines.

    Arrow parses what a recorder writes; anything else (a damaged line, a column of several types)
    is left to Python, which is slower by an order of magnitude and says what is wrong.
    """
    import pyarrow as pa

    try:
        joined = pa.concat_tables(list(parsed_pieces(sources)), promote_options="permissive")
        return _with_floats(joined)
    except (NotPlainError, pa.ArrowException):
        return _read_in_python(sources)


def parsed_pieces(sources: Sequence[NamedJournal]) -> Iterator[pa.Table]:
    """The same in several tables, each with the columns that its lines have.

    NotPlainError, or Arrow's own errors, where lines are not what a recorder writes.
    """
    for piece in _pieces(sources):
        yield _parse(piece)


def _read_in_python(sources: Sequence[NamedJournal]) -> pa.Table:
    """HarnessError names a damaged line."""
    import pyarrow as pa

    rows = [{**keys, **row} for path, keys in sources for row in read_journal(path)]
    return pa.Table.from_pandas(tidy_frame(rows), preserve_index=False)


def _pieces(sources: Iterable[NamedJournal]) -> Iterator[list[tuple[bytes, Mapping[str, Any]]]]:
    """The whole lines of journals, as many at once as are worth parsing together."""
    piece: list[tuple[bytes, Mapping[str, Any]]] = []
    size = 0
    for path, keys in sources:
        data = path.read_bytes() if path.exists() else b""
        lines = data[: data.rfind(b"\n") + 1]
        if lines:
            piece.append((lines, keys))
            size += len(lines)
        if size > PIECE_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _parse(piece: Sequence[tuple[bytes, Mapping[str, Any]]]) -> pa.Table:
    import numpy as np
    import pyarrow as pa
    from pyarrow.json import ReadOptions, read_json

    data = b"".join(lines for lines, _ in piece)
    counts = [lines.count(b"\n") for lines, _ in piece]
    _check_lines(data, sum(counts))
    options = ReadOptions(use_threads=False, block_size=len(data))
    rows = read_json(pa.BufferReader(data), read_options=options)
    names = list(piece[0][1])
    if rows.num_rows != sum(counts) or not _is_plain(rows.schema, names):
        raise NotPlainError
    owner = np.repeat(np.arange(len(piece)), counts)
    own = [pa.array([keys[name] for _, keys in piece]).take(pa.array(owner)) for name in names]
    return pa.table([*own, *rows.columns], names=[*names, *rows.column_names])


def _check_lines(data: bytes, count: int) -> None:
    """Every line is one object, in ASCII and without a number JSON does not know."""
    begun = data.startswith(b"{") + data.count(b"\n{")
    if not (begun == count == data.count(b"}\n")) or not data.isascii():
        raise NotPlainError
    if b"NaN" in data or b"Infinity" in data:
        raise NotPlainError


def _is_plain(schema: pa.Schema, names: Sequence[str]) -> bool:
    """Nothing that Arrow makes more of than JSON says, and no name taken twice."""
    import pyarrow as pa

    def plain(kind: pa.DataType) -> bool:
        if pa.types.is_list(kind):
            return plain(kind.value_type)
        return not (pa.types.is_temporal(kind) or pa.types.is_nested(kind))

    return not set(names) & set(schema.names) and all(plain(field.type) for field in schema)


def _with_floats(table: pa.Table) -> pa.Table:
    """Whole numbers of which some are missing are floats, as everywhere in pandas."""
    import pyarrow as pa

    kinds = [
        pa.float64() if pa.types.is_integer(column.type) and column.null_count else column.type
        for column in table.columns
    ]
    fields = [field.with_type(kind) for field, kind in zip(table.schema, kinds, strict=True)]
    return table.cast(pa.schema(fields))
