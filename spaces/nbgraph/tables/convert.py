"""From the files of `nas-bench-graph` to columns, a row for each of the 59,049 architectures.

A file is a pickled dictionary from keys (see `encoding.key_of`) to `valid_perf` and `perf`, shares
of the nodes, `latency` in seconds and `para` in millions. Nothing but numbers is unpickled.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasbench_harness.errors import reason
from nasbench_harness.spaces.nbgraph.encoding import GRAPHS, NODES, OPERATIONS
from nasbench_harness.spaces.nbgraph.structure import canonical_keys
from nasbench_harness.spaces.nbgraph.tables.schema import (
    CAVEAT,
    DATASETS,
    LATENCY,
    PACKAGE,
    PARAMS,
    TABLE,
    VERSION,
    metrics,
)
from nasbench_harness.spaces.nbgraph.tables.upstream import WHEEL, Benches, of_package
from nasbench_harness.tables.columns import Provenance, TableError, write_columns
from nasbench_harness.tables.pickles import load_restricted

CONTENT_SHA256 = "9de8a7c4b27d0036249ef8c34c0663bc9df0ed245852952b024b206f0eb30d81"
"""Of the numbers, as the table has them."""
TRAINED = 26_206
"""Networks that a file has numbers of."""
FIELDS = ("valid_perf", "perf", "latency", "para")


def convert_package(folder: Path) -> None:
    """Write the table of the installed package; TableError where that cannot be."""
    try:
        convert(of_package, folder)
    except OSError as error:
        raise TableError(
            f"The converted table cannot be written to {folder} ({reason(error)}); set"
            " NASHARNESS_CACHE to a folder that can."
        ) from error


def convert(benches: Benches, folder: Path) -> None:
    """Write the table; TableError where a file is not what it should be."""
    keys = canonical_keys()
    columns: dict[str, list[float]] = {}
    for dataset in DATASETS:
        columns |= _columns(dataset, read_bench(benches(dataset), dataset), keys)
    provenance = Provenance(
        name=TABLE,
        space="nbgraph",
        version=VERSION,
        source=f"Python package {PACKAGE} {VERSION}, files light/*.bench",
        source_sha256=WHEEL.sha256,
        caveat=CAVEAT,
        shape=(len(GRAPHS), *(len(OPERATIONS),) * NODES),
    )
    write_columns(folder, provenance, list(metrics()), columns)


def read_bench(data: bytes, dataset: str) -> dict[int, dict[str, float]]:
    """The networks of a file by their key; TableError unless it has all of them."""
    found: Any = load_restricted(data, _NUMBERS)
    if not isinstance(found, dict) or len(found) != TRAINED:
        count = f"{len(found):,}" if isinstance(found, dict) else "no"
        raise TableError(
            f"The file of {dataset} has {count} networks where {TRAINED:,} were expected."
        )
    return found


def _columns(
    dataset: str, trained: Mapping[int, Mapping[str, float]], keys: Sequence[int | None]
) -> dict[str, list[float]]:
    """Percent, milliseconds and counts in rank order; NaN where nothing was trained."""
    lacking = dict.fromkeys(FIELDS, math.nan)
    rows = [lacking if key is None else trained[key] for key in keys]
    return {
        f"{dataset}_valid": [100 * row["valid_perf"] for row in rows],
        f"{dataset}_test": [100 * row["perf"] for row in rows],
        f"{dataset}_{LATENCY}": [1000 * row["latency"] for row in rows],
        f"{dataset}_{PARAMS}": [_count(row["para"]) for row in rows],
    }


def _count(millions: float) -> float:
    return millions if math.isnan(millions) else float(round(1e6 * millions))


class _Double:
    """Stands in for `numpy.dtype`: the files have numbers in double precision only."""

    def __init__(self, code: str, *_: object) -> None:
        if code != "f8":
            raise TableError(f"The file has numbers of type {code} where f8 was expected.")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] != "<":
            raise TableError("The file has numbers in another byte order than it should.")


def _number(_: _Double, raw: bytes) -> float:
    """Stands in for numpy's `scalar`."""
    value: float = struct.unpack("<d", raw)[0]
    return value


_NUMBERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "scalar"): _number,
    ("numpy", "dtype"): _Double,
}
