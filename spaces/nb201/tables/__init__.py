"""NAS-Bench-201 (Dong & Yang, ICLR 2020): the official table, from any source people have."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from nasbench_harness.contracts import Cost, Metric
from nasbench_harness.process.names import NoHomeError
from nasbench_harness.tables import library
from nasbench_harness.tables.columns import ColumnTable, TableError

LATENCY = "latency_ms_"
"""How columns with the latency on a device begin."""
OFFICIAL = "official"
BENCHMARK = "nb201"
"""What `nasharness data` calls the benchmark the official table is of."""


def official_folder() -> Path:
    """Where the official table is, once it is installed."""
    return library.data_folder() / "tables" / f"{BENCHMARK}-{OFFICIAL}"


def is_installed() -> bool:
    """Is the official table there; where there is no home folder to look in, it is not."""
    try:
        return os.path.isfile(official_folder() / "table.json")
    except NoHomeError:
        return False


def open_official() -> ColumnTable:
    """The official NAS-Bench-201 table; TableError says how to install it."""
    if not is_installed():
        raise TableError(
            "The official NAS-Bench-201 table is not installed; `nasharness data pull nb201`"
            " downloads it (19 MB), `nasharness data import nb201 FILE` converts the official file."
        )
    return ColumnTable(official_folder(), costs=latencies)


def latencies(metrics: Iterable[Metric]) -> list[Cost]:
    """The latencies among the columns, as costs: `latency:pixel3` of `latency_ms_pixel3`."""
    devices = {m: m.name.removeprefix(LATENCY) for m in metrics if m.name.startswith(LATENCY)}
    return [
        Cost(f"latency:{device}", m.meaning, m.unit, f"Latency on {device}", metric=m.name)
        for m, device in devices.items()
    ]
