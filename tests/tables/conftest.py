"""A table small enough to check by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasbench_harness.contracts import Metric
from nasbench_harness.tables.columns import Provenance, write_columns

PROVENANCE = Provenance(
    name="small",
    space="toy",
    version="3",
    source="a test",
    source_sha256="0" * 64,
    caveat="Invented.",
    shape=(2, 3),
)
COLUMNS = {
    "fruit_valid": [10.0, 20.0, 30.0, 40.0, 50.0, 60.0],
    "fruit_test": [11.0, 21.0, 31.0, 41.0, 51.0, 61.0],
    "tree_test": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
}


def metric(name: str, *, search: bool, report: bool) -> Metric:
    dataset, split = name.split("_")
    return Metric(name, f"{split} accuracy", "%", dataset, split, None, search, report)


METRICS = [
    metric("fruit_valid", search=True, report=False),
    metric("fruit_test", search=False, report=True),
    metric("tree_test", search=True, report=True),
]


@pytest.fixture
def small_folder(tmp_path: Path) -> Path:
    """A table folder: two decisions of 2 and 3 options, three columns."""
    folder = tmp_path / "tables" / "small"
    write_columns(folder, PROVENANCE, METRICS, COLUMNS)
    return folder


@pytest.fixture
def write_small() -> object:
    """Writes the small table to any folder; columns may be exchanged."""

    def write(folder: Path, **columns: list[float]) -> None:
        write_columns(folder, PROVENANCE, METRICS, {**COLUMNS, **columns})

    return write
