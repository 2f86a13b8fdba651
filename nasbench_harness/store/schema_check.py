"""Are tables as the schema says: what is wrong with them, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from nasbench_harness.contracts import Column, Value
from nasbench_harness.store.declarations import study_schema
from nasbench_harness.store.outcomes import WRITTEN
from nasbench_harness.store.schema import TABLES, Schema

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray


def violation(
    trials: pa.Table,
    history: pa.Table,
    schema: Schema | None = None,
    *,
    fields: pa.Schema | None = None,
) -> str:
    """What is wrong with the two tables by their schema, in a sentence; empty if they are sound.

    That of a study is put together from all that was used in it. Columns that nobody declares are
    welcome, see `untold`. Of a history that is read by column `history` may hold no more than what
    is always there; `fields` are then all of its columns.
    """
    schema = schema or study_schema(trials, history)
    of_all = {"trials": trials.schema, "history": fields or history.schema}
    return next(_violations({"trials": trials, "history": history}, of_all, schema), "")


def untold(trials: pa.Table, history: pa.Table, schema: Schema | None = None) -> str:
    """Which columns nobody declares, in a sentence; empty if all are declared."""
    schema = schema or study_schema(trials, history)
    tables = zip(TABLES, (trials, history), strict=True)
    found = [(name, schema.undeclared(name, table.column_names)) for name, table in tables]
    listed = [
        f"{', '.join(f'`{column}`' for column in columns)} of {name}"
        for name, columns in found
        if columns
    ]
    if not listed:
        return ""
    one = sum(len(columns) for _, columns in found) == 1
    return (
        f"Nobody declares the column{'' if one else 's'} {' and '.join(listed)}:"
        f" {'it is kept' if one else 'they are kept'}, and whoever writes"
        f" {'it' if one else 'them'} can say what {'it means' if one else 'they mean'}, with a"
        " `nasbench_harness.contracts.Column`."
    )


def _violations(
    tables: Mapping[str, pa.Table], fields: Mapping[str, pa.Schema], schema: Schema
) -> Iterator[str]:
    """Everything that is wrong; what comes later relies on what comes before."""
    for name, table in tables.items():
        yield from _of_columns(name, table, fields[name], schema)
    yield from _of_statuses(tables["trials"])
    for name, table in tables.items():
        yield from _of_keys(name, table, schema.keys[name])
    yield from _strangers(tables["trials"], tables["history"])


def _of_columns(name: str, table: pa.Table, fields: pa.Schema, schema: Schema) -> Iterator[str]:
    """Columns that are not there, of another type, or with holes."""
    columns = set(fields.names)
    for column in schema.columns(name):
        if column.always and column.name not in columns:
            yield f"{name}.parquet has no column `{column.name}` ({column.meaning})"
    for field in fields:
        declared = schema.column_of(name, field.name, columns)
        if declared is None:
            continue
        if table.num_rows and not _holds(field.type, declared):
            yield (
                f"column `{field.name}` of {name}.parquet holds {_in_words(field.type)}, expected"
                f" {declared.value}"
            )
        if declared.always and table[field.name].null_count:
            yield f"column `{field.name}` of {name}.parquet has rows without a value"


def _holds(found: pa.DataType, column: Column) -> bool:
    """Whole numbers are floats where some are missing; a column without any value is of no kind."""
    from pyarrow import types

    if column.value is Value.ANY or types.is_null(found):
        return True
    word = _in_words(found)
    if column.value in (Value.WHOLE, Value.NUMBER):
        floats = column.value is Value.NUMBER or not column.always
        return word == Value.WHOLE or (floats and word == Value.NUMBER)
    return word == column.value


def _in_words(found: pa.DataType) -> str:
    """The kind an Arrow type is of; its own name if it is of none."""
    from pyarrow import types

    if types.is_dictionary(found):
        found = found.value_type
    tests = {
        Value.TEXT: (types.is_string, types.is_large_string),
        Value.WHOLE: (types.is_integer,),
        Value.NUMBER: (types.is_floating,),
        Value.FLAG: (types.is_boolean,),
        Value.LIST: (types.is_list, types.is_large_list),
    }
    kinds = (kind for kind, are in tests.items() if any(is_one(found) for is_one in are))
    return str(next(kinds, found))


def _of_statuses(trials: pa.Table) -> Iterator[str]:
    import pyarrow.compute as pc

    known = [str(status) for status in WRITTEN]
    for status in pc.unique(trials["status"]).to_pylist():
        if status not in known:
            yield (
                f"trials.parquet has a trial of status `{status}`, expected one of"
                f" {', '.join(known)}"
            )


def _of_keys(name: str, table: pa.Table, names: Sequence[str]) -> Iterator[str]:
    """The first row whose key another row has."""
    import numpy as np

    codes = [_codes(table[key]) for key in names]
    order = np.lexsort(codes[::-1])
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for code in codes:
        same &= code[order][1:] == code[order][:-1]
    if same.any():
        row = table.slice(int(order[1:][same].min()), 1)
        found = " and ".join(f"{key} `{row[key][0]}`" for key in names)
        yield f"{name}.parquet has more than one row of {found}, expected one"


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A number per value, the same for the same value."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_integer(column.type):
        return np.asarray(column, dtype=np.int64)
    chunks = column.dictionary_encode().chunks  # they share one dictionary
    indices = [np.asarray(chunk.indices, dtype=np.int64) for chunk in chunks]
    return np.concatenate([np.empty(0, dtype=np.int64), *indices])


def _strangers(trials: pa.Table, history: pa.Table) -> Iterator[str]:
    """The first trial of the history that nobody planned."""
    import pyarrow.compute as pc

    if not history.num_rows:
        return
    found = pc.unique(history["trial"])
    strange = found.filter(pc.invert(pc.is_in(found, pc.unique(trials["trial"]))))
    if len(strange):
        yield f"history.parquet has steps of trial `{strange[0]}`, which trials.parquet lacks"
