"""Where trials of one machine run: for each that runs at a time a device, and cores of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nasbench_harness.hardware import DeviceError, Hardware, find_device


@dataclass(frozen=True)
class Slot:
    """Room for one trial, or one cohort, at a time."""

    hardware: Hardware
    cores: frozenset[int] = frozenset()
    """The only ones it uses; none: all that this process may use."""

    def enter(self) -> None:
        """Bind this process to the cores, where the system can."""
        if self.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self.cores)


def slots_on(
    devices: Sequence[str], per_device: int | Sequence[int], hardware: Hardware
) -> list[Slot]:
    """`per_device` on each device, the devices in turn; cores are shared out evenly.

    Several numbers are those of each device.

    DeviceError for a device that is not there, or that is named twice. Where there are more slots
    than cores, nobody is bound to any.
    """
    named = [str(find_device(name)) for name in devices]
    for place, name in enumerate(named):
        if name in named[:place]:
            raise DeviceError(
                f"Device `{name}` is named twice; --per-device 2 runs two trials on each."
            )
    counts = [per_device] * len(named) if isinstance(per_device, int) else per_device
    most = max(counts, default=0)
    placed = [
        name
        for turn in range(most)
        for name, count in zip(named, counts, strict=True)
        if turn < count
    ]
    return [
        Slot(replace(hardware, device=name), cores)
        for name, cores in zip(placed, _shares(len(placed)), strict=True)
    ]


def _shares(count: int) -> list[frozenset[int]]:
    """Disjoint parts of the cores, as equal as can be; empty ones where there are too few."""
    try:
        cores = sorted(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        cores = []
    if len(cores) < count:
        return [frozenset()] * count
    return [frozenset(cores[place::count]) for place in range(count)]
