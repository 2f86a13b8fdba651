"""The official table from its small public sources: fetch, check, merge, install."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nasbench_harness import registry
from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.spaces.nb201.tables import (
    BENCHMARK,
    OFFICIAL,
    is_installed,
    official_folder,
    open_official,
    sources,
)
from nasbench_harness.spaces.nb201.tables.schema import DATASETS, key, official_columns
from nasbench_harness.tables import library, pinned
from nasbench_harness.tables.columns import (
    ColumnTable,
    Provenance,
    TableError,
    TrainingTime,
    write_columns,
)

CAVEAT = (
    "The `official` table holds the published NAS-Bench-201 results. Its validation and test"
    " accuracies come from differently trained networks on CIFAR-10, and from the same ones on"
    " CIFAR-100 and ImageNet16-120."
)
VERSION = "public sources, 1"


TRAINING_TIME = TrainingTime(
    column="train_time_cifar10valid_200ep_s",
    epochs=200,
    factors={"cifar10": 1.0, "cifar100": 2.0, "imagenet16-120": 6.068},
)
"""The upstream times of the other data sets are scaled by these factors, not measured."""


def downloads_folder() -> Path:
    """Where pulled source files are kept."""
    return library.data_folder() / "downloads" / BENCHMARK


def pull(
    *,
    origin: Path | None = None,
    mirror: str | None = None,
    progress: ProgressCallback | None = None,
) -> ColumnTable:
    """Install the official table and its companion; the old ones stay until the new are whole.

    `origin` is a folder that has the files already; otherwise they are downloaded, from `mirror`
    where one is given. A folder without any file of the companion gives the table alone. A table
    that was imported has more than the public sources: it stays, and gets the companion.
    """
    gained = origin is None or _has_gains(origin)
    if origin is None:
        origin = downloads_folder()
        with library.installing(origin):
            wanted = (*sources.source_files(), *sources.GAINS_FILES)
            pinned.fetch(origin, wanted, mirror=mirror, progress=progress)
    pinned.check(origin, sources.source_files())
    if not gained:
        return library.install(official_folder(), lambda folder: _build(origin, folder))
    from nasbench_harness.spaces.nb201.tables import gaining

    pinned.check(origin, sources.GAINS_FILES)
    found = gaining.read(origin)
    if not _imported():
        library.install(official_folder(), lambda folder: _build(origin, folder))
    gaining.install(found)
    return open_official()


def _has_gains(folder: Path) -> bool:
    """Is a file of the companion there; then all must be."""
    return any((folder / gains.file).exists() for gains in sources.GAINS_FILES)


def _imported() -> bool:
    """Is the official table there, made of the benchmark's own file."""
    try:
        return is_installed() and bool(ColumnTable(official_folder()).provenance.source_sha256)
    except TableError:  # a damaged one is replaced
        return False


def _build(origin: Path, folder: Path) -> None:
    import numpy as np

    from nasbench_harness.spaces.nb201.tables.merge import CELLS, merge

    space: Any = registry.open_space("nb201")
    cells = [space.at_index(index) for index in range(CELLS)]
    columns = merge(origin, cells, space.cost)
    for dataset in DATASETS:
        flops = [space.cost(cell, "flops", dataset) / 1e6 for cell in cells]
        columns[f"flops_{key(dataset)}_m"] = np.array(flops)
    order = sorted(range(CELLS), key=lambda index: space.rank(cells[index]))
    provenance = Provenance(
        name=OFFICIAL,
        space="nb201",
        version=VERSION,
        source=", ".join(f"{s.name} {s.repository}" for s in sources.SOURCES.values()),
        source_sha256="",
        caveat=CAVEAT,
        shape=tuple(len(decision.options) for decision in space.decisions),
        training_time=TRAINING_TIME,
    )
    ranked = {name: column[order].tolist() for name, column in columns.items()}
    write_columns(folder, provenance, list(official_columns()), ranked)
