"""A study's history as reports read it: by column and by method, so that it need not fit in memory.

A Parquet file that was gathered in pieces has row groups of one method each; of others every row
group is looked through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pyarrow as pa

METHOD = "method"
"""The column that row groups are chosen by."""


class History(Protocol):
    """One row per recorded step; rows come in the order they are stored in."""

    @property
    def fields(self) -> pa.Schema:
        """All columns, with their types."""

    @property
    def num_rows(self) -> int:
        """Of all methods."""

    def read(self, columns: Collection[str] | None = None, method: str | None = None) -> pa.Table:
        """These columns, as far as they are there, of one method's steps or of all."""


@dataclass(frozen=True)
class HeldHistory:
    """One that is in memory."""

    table: pa.Table

    @property
    def fields(self) -> pa.Schema:
        """All columns, with their types."""
        return self.table.schema

    @property
    def num_rows(self) -> int:
        """Of all methods."""
        return int(self.table.num_rows)

    def read(self, columns: Collection[str] | None = None, method: str | None = None) -> pa.Table:
        """These columns, as far as they are there, of one method's steps or of all."""
        return _of_method(self.table, _there(self.fields, columns), method)


class StoredHistory:
    """One in a Parquet file, which stays open: what takes its place meanwhile is another one."""

    def __init__(self, path: Path, told: Callable[[], AbstractContextManager[None]]) -> None:
        """The file at `path`; `told` is around every look at it, and says what was wrong."""
        self._told = told
        with told():
            self._handle = path.open("rb")  # Arrow itself takes no name that is not UTF-8

    @cached_property
    def _file(self) -> Any:
        """Read by this thread alone, see `tidy.read_parquet`."""
        import pyarrow.parquet as pq

        with self._told():
            return pq.ParquetFile(self._handle, pre_buffer=False)

    @cached_property
    def fields(self) -> pa.Schema:
        """All columns, with their types."""
        return self._file.schema_arrow

    @property
    def num_rows(self) -> int:
        """Of all methods."""
        return int(self._file.metadata.num_rows)

    def read(self, columns: Collection[str] | None = None, method: str | None = None) -> pa.Table:
        """These columns, as far as they are there, of one method's steps or of all."""
        import pyarrow as pa

        wanted = _there(self.fields, columns)
        read = [*wanted, METHOD] if method is not None and METHOD not in wanted else wanted
        found = [self.fields.empty_table().select(wanted)]
        with self._told():
            for number in self._groups(method):
                group = self._file.read_row_group(number, columns=read, use_threads=False)
                found.append(_of_method(group, wanted, method))
        return pa.concat_tables(found)

    def _groups(self, method: str | None) -> list[int]:
        """The row groups that may have steps of a method."""
        facts = self._file.metadata
        return [
            n for n in range(facts.num_row_groups) if self._may_have(facts.row_group(n), method)
        ]

    def _may_have(self, group: Any, method: str | None) -> bool:
        """Only where the file tells the least and the greatest of its texts can one be left out."""
        place = self.fields.get_field_index(METHOD)
        if method is None or place < 0:
            return True
        facts = group.column(place).statistics
        if facts is None or not facts.has_min_max:
            return True
        return bool(facts.min <= method <= facts.max)


def _there(fields: pa.Schema, columns: Collection[str] | None) -> list[str]:
    """In the order of the table."""
    return [name for name in fields.names if columns is None or name in columns]


def _of_method(table: pa.Table, wanted: Sequence[str], method: str | None) -> pa.Table:
    import pyarrow.compute as pc

    if method is None:
        return table.select(wanted)
    if METHOD not in table.column_names:
        return table.select(wanted).slice(0, 0)
    return table.select(wanted).filter(pc.equal(table[METHOD], method))
