"""Tables installed in the user's data folder: where they are, and replacing one safely."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from nasbench_harness.contracts import Table
from nasbench_harness.errors import HarnessError
from nasbench_harness.names import NoHomeError, own_folder
from nasbench_harness.store.files import replacing_folder
from nasbench_harness.store.ownership import OwnershipError
from nasbench_harness.tables.columns import ColumnTable

OFFICIAL = "official"
EMBEDDED = "analog"
"""Comes with the package, so that it is always there."""
BENCHMARK = "nb201"
"""What `nasharness data` calls the benchmark the official table is of."""


def data_folder() -> Path:
    """Where installed tables are kept; `NASHARNESS_DATA` moves it."""
    return own_folder("NASHARNESS_DATA", "data")


def cache_folder() -> Path:
    """Where converted tables and decoded images are kept; `NASHARNESS_CACHE` moves it."""
    return own_folder("NASHARNESS_CACHE", "cache")


def official_folder() -> Path:
    """Where the official NAS-Bench-201 table is, once it is installed."""
    return data_folder() / "tables" / f"{BENCHMARK}-{OFFICIAL}"


def is_installed() -> bool:
    """Is the official table there; where there is no home folder to look in, it is not."""
    try:
        return os.path.isfile(official_folder() / "table.json")
    except NoHomeError:
        return False


def default_table() -> str:
    """`official` where it is installed, `analog` otherwise."""
    return OFFICIAL if is_installed() else EMBEDDED


def install(folder: Path, write: Callable[[Path], None]) -> ColumnTable:
    """Let `write` make a new table and put it in the place of `folder`.

    The new table is opened and every column checked before the old one goes; whatever fails, the
    old one stays. Two at the same time: the second is refused.
    """
    _refuse_foreign(folder)
    with installing(folder), replacing_folder(folder) as fresh:
        write(fresh)
        verify_columns(ColumnTable(fresh))
    return ColumnTable(folder)


_FILES = {"table.json", "columns.f64", "curves"}
"""What a table's folder holds."""


def _refuse_foreign(folder: Path) -> None:
    """A table's folder is replaced as a whole, so it may hold nothing else."""
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise OwnershipError(f"{folder} is no folder; move it away to make room for the table.")
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    if other := sorted(names - _FILES):
        raise OwnershipError(
            f"{folder / other[0]} was not written by nasharness, and the table's folder would be"
            " replaced with it; move it away, or set NASHARNESS_DATA to another folder."
        )


@contextlib.contextmanager
def installing(folder: Path) -> Iterator[None]:
    """Hold the lock of a table's place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.with_name(f".{folder.name}.lock"), timeout=0):
            yield
    except Timeout as error:
        raise HarnessError(
            f"Another command is installing {folder}; wait for it to end."
        ) from error


def verify_columns(table: Table) -> None:
    """Read every column, which checks it against its recorded hash."""
    for metric in table.metrics:
        table.value(metric, 0)
