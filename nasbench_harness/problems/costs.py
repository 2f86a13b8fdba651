"""What a stand-alone network costs: counted, looked up, or measured on this device."""

from __future__ import annotations

import time
from typing import cast

import torch

from nasbench_harness.contracts import (
    Architecture,
    Benchmark,
    NetworkShape,
    NetworkSpace,
    SearchSpace,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.hardware import wait_for
from nasbench_harness.study.heldcost import LATENCY, MEASURED
from nasbench_harness.tables.metrics import latency_metric

LATENCY_BATCH, LATENCY_PASSES = 24, 10
"""As UNAS measures: the median of ten forward passes of 24 images."""


def table_cost(
    space: SearchSpace, table: Benchmark | None, arch: Architecture, what: str, dataset: str
) -> float:
    """The space's exact cost on a data set, or `latency:DEVICE` (ms) of the table."""
    if not what.startswith(LATENCY):
        return space.cost(arch, what, dataset)
    if table is None:
        raise HarnessError(f"`{what}` needs a table that has it.")
    return table.value(latency_metric(what.removeprefix(LATENCY)), arch)


class Costs:
    """Costs of the networks of one study; what is measured is measured once."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        space: SearchSpace,
        table: Benchmark | None,
        dataset: str,
        shape: NetworkShape,
        image_size: tuple[int, int],
        device: torch.device,
    ) -> None:
        self._space, self._table, self._dataset = space, table, dataset
        self._shape, self._image_size, self._device = shape, image_size, device
        self.measured: dict[str, float] = {}
        """Milliseconds by architecture."""

    def cost(self, arch: Architecture, what: str) -> float:
        """`params`, `flops`, `latency:DEVICE` of the table, `latency:measured` (ms) here."""
        if what != LATENCY + MEASURED:
            return table_cost(self._space, self._table, arch, what, self._dataset)
        if arch.text not in self.measured:
            self.measured[arch.text] = self._measure(arch)
        return self.measured[arch.text]

    @torch.no_grad()
    def _measure(self, arch: Architecture) -> float:
        with torch.random.fork_rng(devices=[]):
            network = cast("NetworkSpace", self._space).network(arch, self._shape)
        network = network.to(self._device).eval()
        shape = (LATENCY_BATCH, self._shape.in_channels, *self._image_size)
        images = torch.zeros(shape, device=self._device)
        taken = []
        for _ in range(LATENCY_PASSES):
            wait_for(self._device)
            started = time.perf_counter()
            network(images)
            wait_for(self._device)
            taken.append(time.perf_counter() - started)
        return 1000 * sorted(taken)[LATENCY_PASSES // 2]
