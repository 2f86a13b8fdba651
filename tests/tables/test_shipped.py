"""Tables that come inside a package: checked, converted once, and light from then on."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.contracts import Metric
from nasbench_harness.tables.columns import ColumnTable, Provenance, TableError
from nasbench_harness.tables.shipped import ShippedTable, write_shipped
from nasbench_harness.testing import ToySpace

SPACE = ToySpace((2, 3))
COLUMNS = {
    "single": [0.5, 1.25, -3.0, 4.0, 1024.125, 6.0],  # exact in single precision
    "double": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
}
NUMBERS = hashlib.sha256(b"".join(struct.pack("=6d", *c) for c in COLUMNS.values())).hexdigest()


def metric(name: str) -> Metric:
    return Metric(name, f"{name} precision", "", "toy", "test", None, search=True, report=True)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShippedTable:
    """A table in a package of its own, with a cache of its own."""
    package = tmp_path / "site" / "shipping"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    sha256 = write_shipped(package / "toy.parquet", COLUMNS)
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setenv("NASHARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delitem(sys.modules, "shipping", raising=False)
    return ShippedTable(
        Provenance("toy", SPACE.name, "1", "a test", "0" * 64, "Invented.", (2, 3)),
        tuple(map(metric, COLUMNS)),
        package="shipping",
        file="toy.parquet",
        sha256=sha256,
        content_sha256=NUMBERS,
    )


def numbers(table: ColumnTable) -> dict[str, list[float]]:
    return {name: table.column(name).tolist() for name in table.metrics}


def test_numbers_come_back_exactly(shipped: ShippedTable) -> None:
    table = shipped.open()
    assert numbers(table) == COLUMNS
    assert (table.name, table.shape, table.content_hash) == ("toy", (2, 3), NUMBERS)


def test_single_precision_is_kept_only_where_it_is_exact(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    write_shipped(tmp_path / "t.parquet", COLUMNS)
    schema = pq.read_schema(tmp_path / "t.parquet")
    assert {name: str(schema.field(name).type) for name in schema.names} == {
        "single": "float",
        "double": "double",
    }


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    sums = [write_shipped(tmp_path / f"{name}.parquet", COLUMNS) for name in "ab"]
    assert sums[0] == sums[1]
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_the_file_is_read_once(shipped: ShippedTable, tmp_path: Path) -> None:
    shipped.open()
    (tmp_path / "site" / "shipping" / "toy.parquet").unlink()
    assert numbers(shipped.open()) == COLUMNS


def test_a_caveat_told_otherwise_is_told_at_once(shipped: ShippedTable) -> None:
    shipped.open()
    told = dataclasses.replace(shipped.provenance, caveat="Invented twice.")
    assert dataclasses.replace(shipped, provenance=told).open().caveat == "Invented twice."


def test_what_was_converted_is_opened_without_arrow(shipped: ShippedTable, tmp_path: Path) -> None:
    folder = shipped.open().folder
    code = (
        "import sys; from pathlib import Path;"
        "import nasbench_harness.tables.shipped;"
        "from nasbench_harness.tables.columns import ColumnTable;"
        f"assert ColumnTable(Path({str(folder)!r}))._column('double')[1] == 0.2;"
        "print([n for n in ('numpy', 'pandas', 'pyarrow', 'torch') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_verifies(shipped: ShippedTable) -> None:
    assert [holds for _, holds in shipped.verify()] == [True, True, True]


def test_other_numbers_do_not_verify(shipped: ShippedTable) -> None:
    facts = dataclasses.replace(shipped, content_sha256="1" * 64).verify()
    assert [holds for _, holds in facts] == [True, True, False]


def change(file: Path) -> None:
    write_shipped(file, {**COLUMNS, "double": [0.0] * 6})


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])


@pytest.mark.parametrize("harm", [change, cut])
def test_a_changed_file_is_refused(
    shipped: ShippedTable, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    harm(tmp_path / "site" / "shipping" / "toy.parquet")
    with pytest.raises(TableError, match=r"toy\.parquet is not the file it should be"):
        shipped.open()
    assert [holds for _, holds in shipped.verify()] == [False]


def test_a_missing_file_is_told(shipped: ShippedTable, tmp_path: Path) -> None:
    (tmp_path / "site" / "shipping" / "toy.parquet").unlink()
    for act in (shipped.open, shipped.verify):
        with pytest.raises(TableError, match=r"toy\.parquet of the table `toy` is missing"):
            act()


def test_a_damaged_column_is_told(shipped: ShippedTable) -> None:
    with (shipped.open().folder / "columns.f64").open("r+b") as file:
        file.write(b"\xff")
    with pytest.raises(TableError, match="column `single` does not match"):
        shipped.verify()


def test_a_cache_that_cannot_be_written_is_told(
    shipped: ShippedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*args: Any, **kwargs: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("nasbench_harness.tables.columns._write_synced", no_space)
    with pytest.raises(TableError, match="NASHARNESS_CACHE"):
        shipped.open()
