"""What a stand-alone network costs: counted, looked up, or measured on this device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch

from nasbench_harness.contracts import (
    Architecture,
    Benchmark,
    Cost,
    NetworkShape,
    NetworkSpace,
    SearchSpace,
)
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.networks.timing import network_ms
from nasbench_harness.study.costs import LATENCY, MEASURED, cost_of, named_costs
from nasbench_harness.tables.latency_counts import LATENCY_BATCH, LATENCY_PASSES

NOT_HERE = "A latency table from elsewhere is kept here by `nasharness latency keep FILE`."


def known_cost(costs: Mapping[str, Cost], what: str, space: SearchSpace) -> Cost:
    """The cost of that name; UnknownNameError if there is none."""
    if what not in costs:
        advice = NOT_HERE if what.startswith(LATENCY) else ""
        raise UnknownNameError(f"cost of {space.name}", what, costs, advice)
    return costs[what]


class Costs:
    """Costs of the networks of one study; what is measured is measured once."""

    def __init__(
        self,
        space: SearchSpace,
        table: Benchmark | None,
        dataset: str,
        shape: NetworkShape,
        device: torch.device,
    ) -> None:
        self._space, self._table, self._dataset = space, table, dataset
        self._shape, self._device = shape, device
        self.measured: dict[str, float] = {}
        """Milliseconds by architecture."""
        self.named = named_costs(space, table, measured=True)

    def cost(self, arch: Architecture, what: str) -> float:
        """Of the space, of the benchmark, or measured here; in the cost's `unit`."""
        cost = known_cost(self.named, what, self._space)
        if cost != MEASURED:
            return cost_of(cost, self._space, self._table, arch, self._dataset)
        if arch.text not in self.measured:
            self.measured[arch.text] = self._measure(arch)
        return self.measured[arch.text]

    def _measure(self, arch: Architecture) -> float:
        with torch.random.fork_rng(devices=[]):
            network = cast("NetworkSpace", self._space).network(arch, self._shape)
        return network_ms(network, self._shape, self._device, LATENCY_BATCH, LATENCY_PASSES)
