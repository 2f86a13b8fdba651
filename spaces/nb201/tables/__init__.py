"""NAS-Bench-201 (Dong & Yang, ICLR 2020): the official table, from any source people have."""

from __future__ import annotations

from nasbench_harness.tables import library
from nasbench_harness.tables.columns import ColumnTable, TableError


def open_official() -> ColumnTable:
    """The official NAS-Bench-201 table; TableError says how to install it."""
    if not library.is_installed():
        raise TableError(
            "The official NAS-Bench-201 table is not installed; `nasharness data pull nb201`"
            " downloads it (19 MB), `nasharness data import nb201 FILE` converts the official file."
        )
    return ColumnTable(library.official_folder())
