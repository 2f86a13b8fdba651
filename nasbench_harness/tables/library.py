"""Tables installed in the user's data folder: where they are, and replacing one safely."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from nasbench_harness import registry
from nasbench_harness.contracts import Benchmark, CompleteTable, DataSource
from nasbench_harness.errors import HarnessError
from nasbench_harness.process.names import own_folder
from nasbench_harness.store.files import replacing_folder
from nasbench_harness.store.ownership import OwnershipError
from nasbench_harness.tables.columns import ColumnTable


def data_folder() -> Path:
    """Where installed tables are kept; `NASHARNESS_DATA` moves it."""
    return own_folder("NASHARNESS_DATA", "data")


def cache_folder() -> Path:
    """Where converted tables and decoded images are kept; `NASHARNESS_CACHE` moves it."""
    return own_folder("NASHARNESS_CACHE", "cache")


NO_TABLE = "none"
"""What a study is asked for with that looks nothing up."""


def find_table(name: str) -> Benchmark | None:
    """The benchmark of that name, None where nothing is looked up; HarnessError as `open_table`."""
    return None if name in ("", NO_TABLE) else registry.open_table(name)


def tables_of(space: str) -> tuple[str, ...]:
    """The tables a space calls its own, the preferred first.

    UnknownNameError if there is no such space.
    """
    return tuple(getattr(registry.spaces.load(space), "tables", ()))


def is_installed(table: str) -> bool:
    """Is the table there; one whose package says nothing of its files is."""
    source = registry.data_of(table)
    return source is None or source.is_installed()


def default_table(space: str | None = None) -> str:
    """What is looked up in where nothing is said: the first of the space's that is installed.

    `NO_TABLE` where the space names none.
    """
    names = tables_of(space or registry.default_space())
    return next((name for name in names[:-1] if is_installed(name)), fallback_table(space))


def fallback_table(space: str | None = None) -> str:
    """The table of the space that is always there; `NO_TABLE` where it names none."""
    return next(reversed(tables_of(space or registry.default_space())), NO_TABLE)


def preferred(space: str) -> DataSource | None:
    """What brings the table a space prefers; None where it says of none."""
    own = tables_of(space)
    return registry.data_of(own[0]) if own else None


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
    from filelock import FileLock, Timeout  # a look-up needs none

    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder.with_name(f".{folder.name}.lock"), timeout=0):
            yield
    except Timeout as error:
        raise HarnessError(
            f"Another command is installing {folder}; wait for it to end."
        ) from error


def verify_columns(table: Benchmark) -> None:
    """Read every column of a complete table, which checks it where its sum is recorded."""
    if isinstance(table, CompleteTable):
        for metric in table.metrics:
            table.column(metric)
