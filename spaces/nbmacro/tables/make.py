"""Makes the table's file from the benchmark's own: `python -m ...nbmacro.tables.make FILE OUT`.

FILE is `nas-bench-macro_cifar10.json` of the pinned commit, as it is or gzipped; OUT the Parquet
file. The same FILE gives the same bytes with the same version of Arrow.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasbench_harness.spaces.nbmacro import NBMacro, tables
from nasbench_harness.tables.columns import TableError
from nasbench_harness.tables.shipped import write_shipped

_GZIP = b"\x1f\x8b"


def read_original(path: Path) -> dict[str, Any]:
    """The benchmark's file; TableError if it is not the pinned one."""
    content = path.read_bytes()
    if content.startswith(_GZIP):
        content = gzip.decompress(content)
    found = hashlib.sha256(content).hexdigest()
    if found != tables.ORIGINAL_SHA256:
        raise TableError(
            f"{path} is not {tables.ORIGINAL} of commit {tables.COMMIT[:7]} (SHA-256 expected"
            f" {tables.ORIGINAL_SHA256[:12]}, found {found[:12]}); get it from {tables.REPOSITORY}."
        )
    rows: dict[str, Any] = json.loads(content)
    return rows


def columns_of(rows: Mapping[str, Any]) -> dict[str, list[float]]:
    """The table's columns in rank order, numbers as they are in the file."""
    ordered = [rows[str(arch)] for arch in NBMacro().enumerate()]
    runs = {
        tables.seed_column(seed): [row["test_acc"][seed] for row in ordered]
        for seed in range(tables.TRAININGS)
    }
    mean, std = ([row[name] for row in ordered] for name in ("mean_acc", "std"))
    return {tables.MEAN: mean, **runs, tables.STD: std}


def make(original: Path, out: Path) -> str:
    """Write the table's file; its SHA-256."""
    return write_shipped(out, columns_of(read_original(original)))


if __name__ == "__main__":
    print(make(*map(Path, sys.argv[1:3])))
