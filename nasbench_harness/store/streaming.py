"""Histories of very many trials, put together in bounded memory.

What columns there are, and of which types, is known only when the last journal was read. So each
piece of them is parsed once and kept aside on disk; then they come one after the other, cut where
the method changes: whoever reads one method's steps passes over the others (`histories`).
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.store.histories import METHOD
from nasbench_harness.store.journals import NamedJournal, NotPlainError, parsed_pieces

if TYPE_CHECKING:
    import pyarrow as pa

LARGE_BYTES = 192 << 20
"""Journals that are larger together are never in memory as a whole."""
GROUP_ROWS = 1 << 17
"""So many rows of a history are written at once, a row group of the Parquet file; fewer where the
method changes."""


def is_large(sources: Sequence[NamedJournal]) -> bool:
    """Are the journals so large that they are to be put together in pieces."""
    size = 0
    for path, _ in sources:
        with contextlib.suppress(OSError):
            size += path.stat().st_size
    return size > LARGE_BYTES


def by_method(sources: Sequence[NamedJournal]) -> list[NamedJournal]:
    """The journals method by method, in the order that methods and trials are planned in."""
    methods = dict.fromkeys(keys.get(METHOD) for _, keys in sources)
    places = {method: place for place, method in enumerate(methods)}
    return sorted(sources, key=lambda source: places[source[1].get(METHOD)])


def history_pieces(
    sources: Sequence[NamedJournal], beside: Path
) -> tuple[pa.Schema, Callable[[], Iterator[pa.Table]]] | None:
    """The schema of what `journals.read_histories` would give, and what gives it in pieces.

    The pieces lie in a folder below `beside` until they were given once. None where only Python
    reads the lines as they are meant.
    """
    import pyarrow as pa

    folder = Path(tempfile.mkdtemp(prefix=".nasharness-", dir=beside))
    try:
        schema, count = _keep_aside(sources, folder)
    except (NotPlainError, pa.ArrowException):
        shutil.rmtree(folder, ignore_errors=True)
        return None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise

    def pieces() -> Iterator[pa.Table]:
        try:
            yield from _grouped(_read(folder / str(i), schema) for i in range(count))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return schema, pieces


def _keep_aside(sources: Sequence[NamedJournal], folder: Path) -> tuple[pa.Schema, int]:
    """Write all pieces to files of a number; their common schema, and how many there are."""
    import pyarrow as pa

    schemas: list[pa.Schema] = []
    holes: set[str] = set()
    for number, table in enumerate(parsed_pieces(sources)):
        with (folder / str(number)).open("wb") as file, pa.ipc.new_file(file, table.schema) as out:
            out.write_table(table)
        schemas.append(table.schema)
        holes |= {name for name in table.column_names if table[name].null_count}
    unified = pa.unify_schemas(schemas, promote_options="permissive")
    for field in unified:
        if pa.types.is_integer(field.type) and (
            field.name in holes or any(field.name not in schema.names for schema in schemas)
        ):
            place = unified.get_field_index(field.name)
            unified = unified.set(place, field.with_type(pa.float64()))
    return unified, len(schemas)


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    """A piece with all columns."""
    import pyarrow as pa

    with path.open("rb") as file:
        table = pa.ipc.open_file(file).read_all()
    path.unlink()
    joined = pa.concat_tables([schema.empty_table(), table], promote_options="permissive")
    return joined.cast(schema)


def _grouped(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """As many together as are written at once, of one method each."""
    import pyarrow as pa

    group: list[pa.Table] = []
    for table in chain.from_iterable(map(_runs, tables)):
        if group and _method(table) != _method(group[0]):
            yield pa.concat_tables(group)
            group = []
        group.append(table)
        if sum(one.num_rows for one in group) >= GROUP_ROWS:
            yield pa.concat_tables(group)
            group = []
    if group:
        yield pa.concat_tables(group)


def _method(table: pa.Table) -> Any:
    return table[METHOD][0] if METHOD in table.column_names else None


def _runs(table: pa.Table) -> Iterator[pa.Table]:
    """Its parts of one method each, in their order."""
    import pyarrow.compute as pc

    if METHOD not in table.column_names:
        yield table
        return
    start = 0
    for end in pc.run_end_encode(table[METHOD].combine_chunks()).run_ends.to_pylist():
        yield table.slice(start, end - start)
        start = end
