"""Known facts of NAS-Bench-Graph that a converted table must agree with."""

from __future__ import annotations

from nasbench_harness.spaces.nbgraph import NBGraph, structure
from nasbench_harness.spaces.nbgraph.tables.convert import CONTENT_SHA256, TRAINED
from nasbench_harness.spaces.nbgraph.tables.schema import DATASETS
from nasbench_harness.tables.columns import ColumnTable, content_hash
from nasbench_harness.tables.library import verify_columns


def check_facts(table: ColumnTable) -> list[tuple[str, bool]]:
    """Every fact with whether it holds; every column is checked against its hash first."""
    import numpy as np

    verify_columns(table)
    keys = structure.canonical_keys()
    absent = np.array([key is None for key in keys])
    numbers = [
        table.column(f"{dataset}_{split}") for dataset in DATASETS for split in ("valid", "test")
    ]
    return [
        ("every column matches its SHA-256", True),
        (f"SHA-256 of all numbers is {CONTENT_SHA256}", content_hash(table) == CONTENT_SHA256),
        (
            f"{NBGraph().size:,} architectures are {TRAINED:,} networks and 9 without any",
            len(set(keys)) - 1 == TRAINED and int(absent.sum()) == 9,
        ),
        (
            "numbers are missing of those nine alone",
            all(np.array_equal(np.isnan(column), absent) for column in numbers),
        ),
    ]
