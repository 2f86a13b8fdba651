"""The table of NAS-Bench-Graph, where its package or its wheel is at hand."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nbgraph.tables import open_nbgraph
from nasbench_harness.spaces.nbgraph.tables.convert import convert
from nasbench_harness.spaces.nbgraph.tables.schema import costs
from nasbench_harness.spaces.nbgraph.tables.upstream import WHEEL, of_wheel
from nasbench_harness.tables.columns import ColumnTable

WHEELS = "NASHARNESS_WHEELS"
"""Names a folder with the wheel, for machines where the package is not installed."""


@pytest.fixture(scope="session")
def wheels() -> Path:
    folder = Path(os.environ.get(WHEELS, "no folder"))
    if not (folder / WHEEL.file).is_file():
        pytest.skip(f"no {WHEEL.file} ({WHEELS} names its folder)")
    return folder


@pytest.fixture(scope="session")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> ColumnTable:
    """The table of the installed package, or else of the wheel."""
    try:
        return open_nbgraph()
    except HarnessError as error:
        folder = Path(os.environ.get(WHEELS, "no folder"))
        if not (folder / WHEEL.file).is_file():
            pytest.skip(f"{error} Or {WHEELS} names the folder of its wheel.")
        made = tmp_path_factory.mktemp("nbgraph") / "table"
        convert(of_wheel(origin=folder, progress=None), made)
        return ColumnTable(made, costs=costs)


@pytest.fixture(scope="session")
def reference(reference_data: Path) -> dict[str, NDArray[np.str_]]:
    """The converted numbers kept beside the project, as texts, by column."""
    path = reference_data / "more" / "nasbench_graph" / "nasbench_graph.csv.gz"
    return _read(path)


@pytest.fixture(scope="session")
def mapping(reference_data: Path) -> dict[str, NDArray[np.str_]]:
    """Raw five digits and the key they are kept under, empty for those never trained."""
    return _read(reference_data / "more" / "nasbench_graph" / "raw_to_canonical.csv.gz")


def _read(path: Path) -> dict[str, NDArray[np.str_]]:
    if not path.is_file():
        pytest.skip(f"no {path}")
    with gzip.open(path, "rt") as file:
        header, *rows = list(csv.reader(file))
    columns = zip(*rows, strict=True)
    return {name: np.array(column) for name, column in zip(header, columns, strict=True)}
