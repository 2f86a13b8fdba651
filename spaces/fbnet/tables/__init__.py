"""Published latencies of the FBNet space on four devices, where they are sums over the layers.

The numbers are those of HW-NAS-Bench as HELP publishes them for 5,000 networks on 27 devices and
batches. On four of them these are exactly a constant and a number for every layer and block, so
that the latency of all networks is known, and the mean of any distribution over them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from nasbench_harness.contracts import Architecture, Cost, Metric
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.process.names import NoHomeError
from nasbench_harness.spaces.fbnet.space import LAYERS, OPTIONS
from nasbench_harness.spaces.shared.citations import HELP_BIBTEX
from nasbench_harness.store.files import read_json
from nasbench_harness.tables import library
from nasbench_harness.tables.additive import AdditiveCost
from nasbench_harness.tables.columns import TableError

NAME = "fbnet"
DATASET = "imagenet"
DEVICES = {
    "eyeriss": "the accelerator Eyeriss (simulated)",
    "fpga": "an FPGA (estimated)",
    "pixel3": "the phone Pixel 3",
    "raspi4": "the board Raspberry Pi 4",
}


def fbnet_file() -> Path:
    """Where the latencies are, once they are imported."""
    return library.data_folder() / "tables" / f"{NAME}.json"


def is_installed() -> bool:
    """Are they there; where there is no home folder to look in, they are not."""
    try:
        return os.path.isfile(fbnet_file())
    except NoHomeError:
        return False


def column_of(device: str) -> str:
    """The table's name of a device's latencies."""
    return f"latency_ms_{device}"


class FBNetLatencies:
    """A benchmark of latencies: every network's on four devices, and no accuracy of any."""

    name = NAME
    space = "fbnet"
    version = "HELP"
    citation = HELP_BIBTEX
    caveat = (
        "These are latencies and nothing else: no network of this space has an accuracy here, and"
        " none can be trained. Each is a constant and a sum over the layers, which differs from the"
        " 5,000 published ones by less than 0.0001 ms."
    )

    def __init__(self, file: Path) -> None:
        try:
            kept: dict[str, Any] = read_json(file)
            self._sums = {name: AdditiveCost.from_json(one) for name, one in kept.items()}
            _check(self._sums)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise TableError(
                f"{file} is damaged; `nasharness data import {NAME} FILE` writes it anew."
            ) from error

    @cached_property
    def content_hash(self) -> str:
        """Over all numbers."""
        told = {name: one.to_json() for name, one in sorted(self._sums.items())}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @cached_property
    def metrics(self) -> Mapping[str, Metric]:
        """A latency for each device."""
        return {
            column_of(device): Metric(
                column_of(device), f"inference latency on {DEVICES[device]}", "ms",
                dataset=DATASET, split="", epochs=None, search=False, report=False,
                source="HW-NAS-Bench, as HELP publishes it", quantity="latency",
            )
            for device in self._sums
        }  # fmt: skip

    @cached_property
    def costs(self) -> tuple[Cost, ...]:
        """The same as what can be held, each with its exact mean."""
        return tuple(
            Cost(
                f"latency:{device}", f"latency on {DEVICES[device]}", "ms", f"Latency on {device}",
                metric=column_of(device), sum_of=lambda device=device: self._sums[device],  # type: ignore[misc]
            )
            for device in self._sums
        )  # fmt: skip

    def additive(self, device: str) -> AdditiveCost:
        """The latency on a device as the sum that it is; UnknownNameError for another device."""
        if device not in self._sums:
            raise UnknownNameError(f"device in table `{self.name}`", device, self._sums)
        return self._sums[device]

    def value(self, metric: str, arch: Architecture) -> float:
        """One latency of one architecture, ms; UnknownNameError for a metric it has not."""
        if metric not in self.metrics:
            raise UnknownNameError(f"metric of table `{self.name}`", metric, self.metrics)
        if arch.space != self.space:
            raise HarnessError(f"Table `{self.name}` knows architectures of `{self.space}`.")
        return self._sums[metric.removeprefix(column_of(""))].of(arch.choices)

    def lookup(self, arch: Architecture) -> dict[str, float]:
        """All latencies of one architecture."""
        return {name: self.value(name, arch) for name in self.metrics}

    def search_metric(self, dataset: str, *, queries: bool = False) -> str:
        """None: there is no accuracy."""
        raise HarnessError(_no_accuracy("searched"))

    def report_metric(self, dataset: str) -> str:
        """None: there is no accuracy."""
        raise HarnessError(_no_accuracy("judged"))

    def training_seconds(self, metric: str, arch: Architecture) -> float | None:
        """Nothing was trained."""
        return None


def _check(sums: Mapping[str, AdditiveCost]) -> None:
    """ValueError for devices that are none, and for other layers or blocks than the space's."""
    shapes = [((layer,), (len(OPTIONS),)) for layer in range(LAYERS)]
    for device, one in sums.items():
        if device not in DEVICES:
            raise ValueError(f"there is no device {device}")
        if [(decisions, table.shape) for decisions, table in one.parts] != shapes:
            raise ValueError(f"the latencies on {device} are of other layers or blocks")


def _no_accuracy(done: str) -> str:
    return (
        f"Table `{NAME}` holds latencies and no accuracy, so that nothing can be {done} by it;"
        f" `nasharness query ARCH --space {NAME}` tells the latencies of an architecture."
    )


def open_fbnet() -> FBNetLatencies:
    """The latencies that were imported; TableError says how."""
    if not is_installed():
        raise TableError(
            f"The latencies of the FBNet space are not installed; `nasharness data import {NAME}"
            " FILE` takes them from a table of networks with a column of each device."
        )
    return FBNetLatencies(fbnet_file())
