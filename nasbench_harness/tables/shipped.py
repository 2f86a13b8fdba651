"""Complete tables that come inside a package: a compact Parquet file, converted on first use.

The file has a column per metric and a row per architecture in the space's rank order, each number
in single precision where that keeps it exactly. It is checked against a pinned SHA-256, and its
numbers are kept as columns in the user's cache folder; from then on a look-up reads those alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file
from importlib.resources import files as package_files
from pathlib import Path

from nasbench_harness.contracts import Metric, PlainData
from nasbench_harness.errors import reason
from nasbench_harness.store.files import replacing
from nasbench_harness.tables.columns import (
    ColumnTable,
    Provenance,
    TableError,
    content_hash,
    write_columns,
)
from nasbench_harness.tables.library import cache_folder, verify_columns

_LAYOUT = 1  # raised when the way columns are made from the file changes


@dataclass(frozen=True)
class ShippedTable:
    """A table whose file lies in a package; `open` is what its entry point may name.

    TABLE = ShippedTable(Provenance(...), metrics, "my_package.tables", "table.parquet", ...)
    """

    provenance: Provenance
    metrics: tuple[Metric, ...]
    package: str
    """The package that the file lies in."""
    file: str
    sha256: str
    """Of the file."""
    content_sha256: str
    """Of the numbers, as the table has them."""

    def open(self) -> ColumnTable:
        """The table, converted on first use; TableError if the file is not the pinned one."""
        folder = cache_folder() / "tables" / f"{self.provenance.name}-{self._digest()}"
        if not os.path.isdir(folder):  # also where nobody may look into a folder above it
            self._convert(folder)
        return ColumnTable(folder)

    def verify(self) -> list[tuple[str, bool]]:
        """The sums of the file and of the columns, each with whether it is the pinned one.

        TableError if the file is not there, or a kept column is damaged.
        """
        with self._path() as path:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        checks = [(f"SHA-256 of {self.file} is {self.sha256}", found == self.sha256)]
        if found == self.sha256:
            table = self.open()
            verify_columns(table)
            numbers = content_hash(table)
            checks += [
                ("every column matches its SHA-256", True),
                (
                    f"SHA-256 of all numbers is {self.content_sha256}",
                    numbers == self.content_sha256,
                ),
            ]
        return checks

    def _digest(self) -> str:
        """What is told of a table is kept beside its columns; told otherwise it is another one."""
        told = repr((_LAYOUT, self.sha256, self.provenance, self.metrics))
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @contextmanager
    def _path(self) -> Iterator[Path]:
        with as_file(package_files(self.package).joinpath(self.file)) as path:
            if not path.is_file():
                raise TableError(
                    f"The file {self.file} of the table `{self.provenance.name}` is missing from"
                    f" {path.parent}; install the package that brings it again."
                )
            yield path

    def _convert(self, folder: Path) -> None:
        from nasbench_harness.store.tidy import read_parquet

        with self._path() as path:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found != self.sha256:
                raise TableError(
                    f"{path} is not the file it should be (SHA-256 expected {self.sha256[:12]},"
                    f" found {found[:12]}); install the package that brings it again."
                )
            table = read_parquet(path)
        columns = {name: table.column(name).to_pylist() for name in table.column_names}
        try:
            write_columns(folder, self.provenance, self.metrics, columns)
        except OSError as error:
            raise TableError(
                f"The converted table cannot be written to {folder} ({reason(error)}); set"
                " NASHARNESS_CACHE to a folder that can."
            ) from error


class ShippedData(PlainData):
    """A base for what `nasharness data` tells of such a table: `table`, and the texts.

    What remains: `name`, `what`, `tables`, `holds`, `origins`, `licence` and `citation`.
    """

    table: ShippedTable
    how = "`pip install nasbench-harness`"

    def is_installed(self) -> bool:
        """It comes with the package that this class is of."""
        return True

    def verify(self) -> list[tuple[str, bool]]:
        """Hash the package's file and the columns made of it against the pinned sums."""
        return self.table.verify()


def write_shipped(path: Path, columns: Mapping[str, Sequence[float]]) -> str:
    """Write the file of a table and give its SHA-256; the same numbers give the same bytes.

    With the same version of Arrow, that is, which writes its name into every file. A column is kept
    in single precision where no number of it changes by that.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    exact = {name: np.asarray(numbers, dtype=np.float64) for name, numbers in columns.items()}
    single = {name: numbers.astype(np.float32) for name, numbers in exact.items()}
    kept = {
        name: single[name] if np.array_equal(single[name], numbers, equal_nan=True) else numbers
        for name, numbers in exact.items()
    }
    with replacing(path) as temporary, temporary.open("wb") as file:
        pq.write_table(
            pa.table(kept), file, compression="zstd", compression_level=19, use_dictionary=False,
            write_statistics=False, store_schema=False,
        )  # fmt: skip
    return hashlib.sha256(path.read_bytes()).hexdigest()
