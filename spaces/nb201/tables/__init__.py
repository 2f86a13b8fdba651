"""NAS-Bench-201 (Dong & Yang, ICLR 2020): the official table, from any source people have."""

from __future__ import annotations

import os
from pathlib import Path

from nasbench_harness.process.names import NoHomeError
from nasbench_harness.spaces.nb201.tables.gains import table_costs
from nasbench_harness.tables import library
from nasbench_harness.tables.columns import ColumnTable, TableError
from nasbench_harness.tables.joined import JoinedTable

OFFICIAL = "official"
COMPANION = f"{OFFICIAL}-gains"
"""The columns that others measured of the same cells, see `gains`."""
BENCHMARK = "nb201"
"""What `nasharness data` calls the benchmark the official table is of."""


def official_folder() -> Path:
    """Where the official table is, once it is installed."""
    return library.data_folder() / "tables" / f"{BENCHMARK}-{OFFICIAL}"


def gains_folder() -> Path:
    """Where the companion of the official table is, once it is pulled."""
    return library.data_folder() / "tables" / f"{BENCHMARK}-{COMPANION}"


def is_installed() -> bool:
    """Is the official table there; where there is no home folder to look in, it is not."""
    try:
        return os.path.isfile(official_folder() / "table.json")
    except NoHomeError:
        return False


def open_official() -> ColumnTable:
    """The official NAS-Bench-201 table, with its companion where that is there.

    TableError says how to install it.
    """
    if not is_installed():
        raise TableError(
            "The official NAS-Bench-201 table is not installed; `nasharness data pull nb201`"
            " downloads it (31 MB), `nasharness data import nb201 FILE` converts the official file."
        )
    if os.path.isfile(gains_folder() / "table.json"):
        return JoinedTable(official_folder(), gains_folder(), costs=table_costs)
    return ColumnTable(official_folder(), costs=table_costs)
