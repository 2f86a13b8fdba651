"""The embedded table: AnalogNAS-Bench's CIFAR-10 results of all 15,625 NAS-Bench-201 cells.

The numbers come with the Python package `analog-nasbench` as a pickle. That package is never
imported (it needs `pkg_resources`, which current setuptools no longer has): its data file is
located, checked against a pinned hash, read with an unpickler that admits its two classes as plain
records, and kept as columns in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from nasbench_harness.contracts import Metric
from nasbench_harness.errors import reason
from nasbench_harness.tables.columns import (
    ColumnTable,
    Provenance,
    TableError,
    content_hash,
    write_columns,
)
from nasbench_harness.tables.library import cache_folder, verify_columns
from nasbench_harness.tables.pickles import Record, load_restricted

SHA256 = "85f3435b877aa2d36268d55ce07f6ff6d73643d17a840f1941745da5eb80db32"
"""Of `data.anb` in analog-nasbench 0.1.3."""
CONTENT_SHA256 = "a23ff023c49040a92bf13d45d65e7a49fcb1dac09d20976293a9b5cf0e7d0c5f"
"""Of the numbers in it, as the table has them."""

CAVEAT = (
    "The `analog` table is an independent CIFAR-10 retraining of the NAS-Bench-201 cells"
    " (AnalogNAS-Bench), not the official benchmark, and has one accuracy per cell: a search on"
    " the table itself looks, unless told otherwise, at the number it is judged by."
)
_LAYOUT = 2  # raised when the way columns are made from the pickle changes
_CLASSES = {
    ("analognasbench.data", "Architecture"): Record,
    ("analognasbench.data", "DriftMeasurement"): Record,
}

# The package documents neither list; together they are the only one of 240 assignments that agrees
# with the official table (Spearman 0.991, the next best 0.783).
_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))  # (source, target)
_OUR_OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
_OUR_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))

_ACCURACIES = {
    "baseline_accuracy": "float network as trained on CIFAR-10",
    "ptq_accuracy": "quantised after training",
    "qat_accuracy": "quantisation-aware training",
    "noisy_accuracy": "float network put on analog hardware as it is",
    "analog_accuracy": "after hardware-aware fine-tuning, on analog hardware",
}
_DRIFT_SECONDS = (60, 3600, 86400, 2592000)


def open_analog() -> ColumnTable:
    """Open the table, converting it on first use (about half a second)."""
    folder = cache_folder() / "tables" / f"analog-{SHA256[:12]}-v{_LAYOUT}"
    if not os.path.isdir(folder):  # also where nobody may look into a folder above it
        _convert(data_file(), folder)
    return ColumnTable(folder)


def verify_analog() -> list[tuple[str, bool]]:
    """The sums of the package's file and of the columns, each with whether it is the pinned one.

    TableError if the package is not installed, or a kept column is damaged.
    """
    path = data_file()
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    checks = [(f"SHA-256 of {path.name} is {SHA256}", found == SHA256)]
    if found == SHA256:
        table = open_analog()
        verify_columns(table)
        checks += [
            ("every column matches its SHA-256", True),
            (f"SHA-256 of all numbers is {CONTENT_SHA256}", content_hash(table) == CONTENT_SHA256),
        ]
    return checks


def data_file() -> Path:
    """The installed `data.anb`, located without importing its package."""
    spec = importlib.util.find_spec("analognasbench")
    path = Path(spec.origin).with_name("data.anb") if spec and spec.origin else None
    if path is None or not path.is_file():
        raise TableError(
            "The package `analog-nasbench`, which carries the `analog` table, is not installed;"
            " `pip install analog-nasbench` brings it."
        )
    return path


def _convert(path: Path, folder: Path) -> None:
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise TableError(
            f"{path} is not the file of analog-nasbench 0.1.3 (SHA-256 expected {SHA256[:12]},"
            f" found {found[:12]}); reinstall it with `pip install --force-reinstall"
            " analog-nasbench==0.1.3`."
        )
    columns = read_columns(data)
    provenance = Provenance(
        name="analog",
        space="nb201",
        version="0.1.3",
        source="Python package analog-nasbench 0.1.3, file data.anb",
        source_sha256=SHA256,
        caveat=CAVEAT,
        shape=(len(_OUR_OPERATIONS),) * len(_OUR_EDGES),
    )
    try:
        write_columns(folder, provenance, list(metrics()), columns)
    except OSError as error:
        raise TableError(
            f"The converted table cannot be written to {folder} ({reason(error)}); set"
            " NASHARNESS_CACHE to a folder that can."
        ) from error


def read_columns(data: bytes) -> dict[str, list[float]]:
    """The pickle's numbers as columns in rank order (percent)."""
    records: dict[tuple[int, ...], Record] = load_restricted(data, _CLASSES)
    size = len(_OUR_OPERATIONS) ** len(_OUR_EDGES)
    ranks = {_rank(key): record.fields for key, record in records.items()}
    if set(ranks) != set(range(size)):
        raise TableError(f"The data file holds {len(ranks)} cells where {size} were expected.")
    rows = [dict(_numbers(ranks[rank])) for rank in range(size)]
    return {metric.name: [row[metric.name] for row in rows] for metric in metrics()}


def metrics() -> Iterator[Metric]:
    """The table's columns."""
    for upstream, meaning in _ACCURACIES.items():
        yield _metric(upstream, meaning, search=upstream == "baseline_accuracy", report=True)
    for kind in ("baseline", "analog"):
        for seconds in _DRIFT_SECONDS:
            name = f"{kind}_drift_{seconds}"
            meaning = f"{kind} network after {seconds} s of conductance drift"
            yield _metric(name, f"{meaning}, mean", search=False, report=False)
            yield _metric(f"{name}_std", f"{meaning}, spread", search=False, report=False)


def _metric(upstream: str, meaning: str, *, search: bool, report: bool) -> Metric:
    return Metric(
        name=f"cifar10_{upstream}",
        meaning=f"CIFAR-10 accuracy, {meaning}",
        unit="%",
        dataset="cifar10",
        split="undocumented",
        epochs=None,
        search=search,
        report=report,
    )


def _rank(key: tuple[int, ...]) -> int:
    operations = {
        edge: _OUR_OPERATIONS.index(_OPERATIONS[choice])
        for edge, choice in zip(_EDGES, key, strict=True)
    }
    rank = 0
    for edge in _OUR_EDGES:
        rank = rank * len(_OUR_OPERATIONS) + operations[edge]
    return rank


def _numbers(fields: dict[str, float | Record]) -> Iterator[tuple[str, float]]:
    for name, value in fields.items():
        if isinstance(value, Record):
            yield f"cifar10_{name}", value.fields["value"]
            yield f"cifar10_{name}_std", value.fields["uncertainty"]
        elif name in _ACCURACIES:
            yield f"cifar10_{name}", value
