"""The complete table of NAS-Bench-Graph: eight graph data sets, each with its costs.

The numbers are those of the package `nas-bench-graph` 1.4.0, whose files are read without importing
it (see `convert`), whether it is installed or its wheel was pulled. Its ninth data set, proteins,
is left out: 2,021 architectures of fewer operations, judged by another quantity.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from nasbench_harness.process.names import NoHomeError
from nasbench_harness.spaces.nbgraph.tables.schema import DATA, PACKAGE, TABLE, VERSION, costs
from nasbench_harness.spaces.nbgraph.tables.upstream import package_file
from nasbench_harness.tables import library
from nasbench_harness.tables.columns import ColumnTable, TableError

_LAYOUT = 1  # raised when the way columns are made from the files changes
_FOLDER = f"{TABLE}-{VERSION}-v{_LAYOUT}"


def pulled_folder() -> Path:
    """Where the table of a pulled wheel is kept."""
    return library.data_folder() / "tables" / _FOLDER


def is_installed() -> bool:
    """Was the table pulled, or is the package there."""
    with suppress(NoHomeError):  # where there is no home folder to look in, it was not
        if os.path.isdir(pulled_folder()):
            return True
    return package_file("") is not None


def open_nbgraph() -> ColumnTable:
    """The table that was pulled, or else of the installed package, converted on first use.

    TableError if neither is there.
    """
    folder = pulled_folder()
    if not os.path.isdir(folder):
        folder = library.cache_folder() / "tables" / _FOLDER
        if package_file("") is None:
            raise TableError(
                f"The `{TABLE}` table is not installed; `nasharness data pull {DATA}` downloads it"
                f" (6 MB), `pip install {PACKAGE}=={VERSION}` brings it as well."
            )
        if not os.path.isdir(folder):
            from nasbench_harness.spaces.nbgraph.tables.convert import convert_package

            convert_package(folder)
    return ColumnTable(folder, costs=costs)
