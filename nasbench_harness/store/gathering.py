"""What the tidy tables are made of: the files of a study's trials, and what their journals say."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.files import read_journal
from nasbench_harness.store.outcomes import HISTORY, RESULT, SCHEMA_VERSION
from nasbench_harness.store.provenance import PACKAGE, version_of
from nasbench_harness.store.tidy import tidy_frame

if TYPE_CHECKING:
    import pyarrow as pa

LAYOUT = 2
"""Raised when the same files are gathered into other tables: then old ones are gathered anew."""
PIECE_BYTES = 16 << 20
"""So much of the journals is parsed at once."""

Source = tuple[Path, Mapping[str, Any]]
"""A journal, and what names its trial in every row."""


# --- what the tables were made of --------------------------------------------------------------


def state(trials: Path, specs: Iterable[Spec], **config: Any) -> str:
    """A hash of the plan and of size and time of every file the tables are gathered from."""
    digest = hashlib.sha256(f"{version_of(PACKAGE)} {SCHEMA_VERSION} {LAYOUT}".encode())
    for facts in chain([config], map(_planned, specs)):
        digest.update(json.dumps(facts, sort_keys=True).encode())
    for name, size, time in sorted(_files(trials)):
        digest.update(f"{name} {size} {time}\n".encode())
    return digest.hexdigest()


def _planned(spec: Spec) -> dict[str, Any]:
    return {field.name: getattr(spec, field.name) for field in fields(spec)}


def _files(trials: Path) -> Iterator[tuple[str, int, int]]:
    for folder in os.scandir(trials) if trials.is_dir() else ():
        for name in (RESULT, HISTORY):
            try:
                facts = os.stat(os.path.join(folder.path, name))
            except OSError:
                continue
            yield f"{folder.name}/{name}", facts.st_size, facts.st_mtime_ns


# --- journals ----------------------------------------------------------------------------------


class _NotPlainError(Exception):
    """Lines that only Python's own parser reads as they are meant."""


def read_histories(sources: Sequence[Source]) -> pa.Table:
    """One row per line of all journals, after what names its trial; no columns without lines.

    Arrow parses what a recorder writes; anything else (a damaged line, a column of several types)
    is left to Python, which is slower by an order of magnitude and says what is wrong.
    """
    import pyarrow as pa

    try:
        tables = [_parse(piece) for piece in _pieces(sources)]
        joined = pa.concat_tables(tables, promote_options="permissive")
        return _with_floats(joined)
    except (_NotPlainError, pa.ArrowException):
        return _read_in_python(sources)


def _read_in_python(sources: Sequence[Source]) -> pa.Table:
    """HarnessError names a damaged line."""
    import pyarrow as pa

    rows = [{**keys, **row} for path, keys in sources for row in read_journal(path)]
    return pa.Table.from_pandas(tidy_frame(rows), preserve_index=False)


def _pieces(sources: Iterable[Source]) -> Iterator[list[tuple[bytes, Mapping[str, Any]]]]:
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
        raise _NotPlainError
    owner = np.repeat(np.arange(len(piece)), counts)
    own = [pa.array([keys[name] for _, keys in piece]).take(pa.array(owner)) for name in names]
    return pa.table([*own, *rows.columns], names=[*names, *rows.column_names])


def _check_lines(data: bytes, count: int) -> None:
    """Every line is one object, in ASCII and without a number JSON does not know."""
    begun = data.startswith(b"{") + data.count(b"\n{")
    if not (begun == count == data.count(b"}\n")) or not data.isascii():
        raise _NotPlainError
    if b"NaN" in data or b"Infinity" in data:
        raise _NotPlainError


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
