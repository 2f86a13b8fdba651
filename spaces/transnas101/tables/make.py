"""Makes the files that come with the package from the original that a public repository carries.

    python -m nasbench_harness.spaces.transnas101.tables.make all_benchmarks_zen.zip FOLDER

writes `transnas101.parquet` and `transnas101.json` into the folder, whose sums then stand in
`TABLE`. The original is a zip of JSON files, some for each task, with a list of cells each.
"""

from __future__ import annotations

import ast
import hashlib
import json
import struct
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nasbench_harness.errors import reason
from nasbench_harness.spaces.transnas101.encoding import OPERATIONS
from nasbench_harness.spaces.transnas101.tables import SUFFIX, TABLE
from nasbench_harness.spaces.transnas101.tasks import TASKS
from nasbench_harness.store.files import write_json
from nasbench_harness.tables.columns import TableError
from nasbench_harness.tables.shipped import write_shipped

SOURCE = {
    "repository": "automl/NASLib",
    "commit": "7a5496e2211d8ab65da40e0e2d5333aba87df614",
    "path": "naslib/data/zc_benchmarks/all_benchmarks_zen.zip",
    "bytes": 1_016_797,
    "sha256": TABLE.provenance.source_sha256,
    "licence": "Apache-2.0",
    "notice": "Copyright (2019) the contributors and AutoML-Freiburg",
}
BENCHMARK = {
    "repository": "yawen-d/TransNASBench",
    "publication": "Duan et al., TransNAS-Bench-101, CVPR 2021, arXiv 2105.11871",
    "licence": "MIT",
    "notice": "Copyright (c) 2022 Yawen Duan",
}
CHANGES = (
    "Of every record the validation number of the cell was taken, put in the order of the cells'"
    " six digits and stored as a column for each task; the records' Zen scores were left out."
)
_NAME = "zen/benchmark--transbench101_micro--"
_LARGEST = 1_000_000  # bytes of one file in the archive; the largest has 150 kB


def make(original: Path, folder: Path) -> None:
    """Write both files; TableError if the original is not the pinned one."""
    import pyarrow as pa

    columns = read_original(original)
    sha256 = write_shipped(folder / TABLE.file, columns)
    numbers = b"".join(struct.pack(f"={len(c)}d", *c) for c in columns.values())
    told = {
        "file": TABLE.file,
        "sha256": sha256,
        "content_sha256": hashlib.sha256(numbers).hexdigest(),
        "made_by": "python -m nasbench_harness.spaces.transnas101.tables.make ORIGINAL FOLDER",
        "arrow": pa.__version__,
        "benchmark": BENCHMARK,
        "source": SOURCE,
        "changes": CHANGES,
    }
    write_json(folder / Path(TABLE.file).with_suffix(".json"), told)


def read_original(original: Path) -> dict[str, list[float]]:
    """The numbers of the archive as columns in rank order."""
    try:
        data = original.read_bytes()
    except OSError as error:
        raise TableError(f"{original} cannot be read ({reason(error)}).") from error
    found = hashlib.sha256(data).hexdigest()
    if found != SOURCE["sha256"]:
        raise TableError(
            f"{original} is not {SOURCE['path']} of {SOURCE['repository']} (SHA-256 expected"
            f" {str(SOURCE['sha256'])[:12]}, found {found[:12]})."
        )
    cells: dict[str, dict[int, float]] = {task: {} for task in TASKS}
    with zipfile.ZipFile(original) as archive:
        for task, record in _records(archive):
            cells[task][_rank(record["arch"])] = float(record["val_accuracy"])
    return {f"{task}{SUFFIX}": _column(task, numbers) for task, numbers in cells.items()}


def _records(archive: zipfile.ZipFile) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every record with its task."""
    for info in archive.infolist():
        if info.filename.startswith(_NAME) and info.file_size <= _LARGEST:
            task = info.filename.removeprefix(_NAME).partition("--")[0]
            yield from ((task, record) for record in json.loads(archive.read(info)))


def _rank(text: str) -> int:
    """The place of a cell that is written as six numbers in brackets, in our order of edges."""
    rank = 0
    for choice in ast.literal_eval(text):
        rank = rank * len(OPERATIONS) + choice
    return rank


def _column(task: str, numbers: Mapping[int, float]) -> list[float]:
    size = len(OPERATIONS) ** 6
    if set(numbers) != set(range(size)):
        raise TableError(f"The original has {len(numbers)} cells of {task} where {size} are.")
    return [numbers[rank] for rank in range(size)]


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
