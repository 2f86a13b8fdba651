"""Tidy tables on disk: one row per thing, the same as Parquet and as CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.process.names import printable
from nasbench_harness.store.files import replacing

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SOURCE = b"nasharness.source"
"""Where the Parquet file says what the table was made of."""
ROWS_AT_ONCE = 65_536


def uniform(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of one type each: what differs between methods becomes text."""
    for name in [name for name in frame if frame[name].dtype == "object"]:
        kinds = {type(value) for value in frame[name].dropna()}
        if len(kinds) > 1 and not kinds <= {int, float}:
            frame[name] = as_text(frame[name])
    return frame


def tidy_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A row per mapping, `uniform`; of a text that cannot be encoded what can be shown of it."""
    import pandas as pd

    shown = [{name: _encodable(value) for name, value in row.items()} for row in rows]
    return uniform(pd.DataFrame(shown))


def _encodable(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not value.isprintable() else value


def as_text(values: Any) -> list[str | None]:
    """Each value as Python writes it."""
    return [None if value is None else str(value) for value in values]


def write_table(path: Path, frame: pd.DataFrame | pa.Table, *, source: str = "") -> None:
    """Replace `path.csv` and `path.parquet`, each as a whole; lists are JSON in the CSV.

    `source` is kept in the Parquet file. That is written last: where it is, the CSV is too.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table: Any = frame
    if not isinstance(frame, pa.Table):
        table = pa.Table.from_pandas(frame, preserve_index=False)
    if source:
        known = table.schema.metadata or {}
        table = table.replace_schema_metadata({**known, SOURCE: source.encode()})
    with replacing(path.with_suffix(".csv")) as temporary:
        _write_csv(temporary, table)
    # Files are opened here: Arrow itself takes no name that is not UTF-8.
    with replacing(path.with_suffix(".parquet")) as temporary, temporary.open("wb") as file:
        pq.write_table(table, file)


def write_pieces(path: Path, pieces: Iterator[pa.Table], *, source: str) -> None:
    """The same of a table that comes in pieces of one schema, which are never all in memory.

    Each is a row group of the Parquet file.
    """
    import pyarrow.parquet as pq

    first = next(pieces)
    schema = first.schema.with_metadata({SOURCE: source.encode()})
    with (
        replacing(path.with_suffix(".parquet")) as parquet,
        parquet.open("wb") as file,
        pq.ParquetWriter(file, schema) as columns,
        replacing(path.with_suffix(".csv")) as csv,
        _csv_writer(csv, first.schema) as write_rows,
    ):
        for piece in chain([first], pieces):
            write_rows(piece)
            columns.write_table(piece.replace_schema_metadata(schema.metadata))


def _write_csv(path: Path, table: pa.Table) -> None:
    with _csv_writer(path, table.schema) as write_rows:
        write_rows(table)


@contextmanager
def _csv_writer(path: Path, rows: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    """What writes the rows of a table behind those that were written."""
    import pyarrow as pa
    from pyarrow.csv import CSVWriter

    nested = [pa.types.is_nested(field.type) for field in rows]
    fields = zip(rows, nested, strict=True)
    schema = pa.schema([field.with_type(pa.string()) if deep else field for field, deep in fields])
    with path.open("wb") as file, CSVWriter(file, schema) as writer:

        def write(table: pa.Table) -> None:
            for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
                columns = zip(batch.columns, nested, strict=True)
                flat = [_as_json(column) if deep else column for column, deep in columns]
                writer.write_batch(pa.record_batch(flat, schema=schema))

        yield write


def _as_json(column: pa.Array) -> pa.Array:
    import pyarrow as pa

    if _is_of_numbers(column):
        return _lists_as_json(column)
    texts = [None if value is None else json.dumps(value) for value in column.to_pylist()]
    return pa.array(texts, pa.string())


def _is_of_numbers(column: pa.Array) -> bool:
    """Lists of lists of finite numbers with no hole in them: what is recorded at every snapshot."""
    import pyarrow as pa
    import pyarrow.compute as pc

    while pa.types.is_list(column.type):
        column = column.flatten()
        if column.null_count:
            return False
    return bool(pa.types.is_floating(column.type) and pc.all(pc.is_finite(column)).as_py())


def _lists_as_json(column: pa.Array) -> pa.Array:
    """Many times faster than one value after another; a missing list stays missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_list(column.type):
        return column.cast(pa.string())
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    ends = pc.cumulative_sum(lengths)
    offsets = pa.concat_arrays([pa.array([0], ends.type), ends])
    lists = pa.ListArray.from_arrays(
        offsets, _lists_as_json(column.flatten()), mask=column.is_null()
    )
    joined = pc.binary_join(lists, ", ")
    return pc.binary_join_element_wise("[", joined, "]", "")


def read_parquet(path: Path) -> pa.Table:
    """The table of a Parquet file; `OSError` or `pyarrow.ArrowException` if it cannot be read.

    Read by this thread alone: a thread of Arrow's that still holds our file while the interpreter
    ends aborts the process (https://github.com/apache/arrow/issues/34314).
    """
    import pyarrow.parquet as pq

    with path.open("rb") as file:  # Arrow itself takes no name that is not UTF-8
        return pq.ParquetFile(file, pre_buffer=False).read(use_threads=False)


def source_of(path: Path) -> str | None:
    """What `write_table` was told of `path.parquet`; None unless both files are there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.with_suffix(".csv").exists():
        return None
    try:
        with path.with_suffix(".parquet").open("rb") as file:
            known = pq.read_metadata(file).metadata or {}
    except (OSError, pa.ArrowException):
        return None
    source = known.get(SOURCE)
    return None if source is None else source.decode()
