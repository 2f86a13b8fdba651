"""The DARTS supernet as its formula says: a module for every operation of every edge, summed."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from nasbench_harness.spaces.darts.encoding import INPUTS
from nasbench_harness.spaces.darts.inheritance import take_over
from nasbench_harness.spaces.darts.leaving import Leaving
from nasbench_harness.spaces.darts.mixed_cell import MixedDARTSCell
from nasbench_harness.spaces.darts.operations import Norms, make_operation
from nasbench_harness.spaces.darts.shared_weights import DARTSSupernet


class PlainCell(nn.Module):
    """A copy of a mixed cell with all its channels."""

    def __init__(self, mixed: MixedDARTSCell) -> None:
        super().__init__()
        self.before_last, self.last = mixed.before_last, mixed.last
        self.first, self.variant = mixed.first, mixed.variant
        self.edges = nn.ModuleList()
        for place, (target, source) in enumerate(mixed.variant.edges):
            leaving = cast("Leaving", mixed.leaving[source])
            norms = Norms(False, leaving.norms.track, leaving.norms.after_pools)
            operations = nn.ModuleList()
            for name in mixed.variant.options[mixed.first + place]:
                made = make_operation(name, leaving.channels, leaving.stride, norms)
                take_over(made, leaving, list(mixed.targets(source)).index(target), name)
                operations.append(made)
            self.edges.append(operations)

    def forward(self, before_last: Tensor, last: Tensor, weights: Tensor) -> Tensor:
        states = [self.before_last(before_last), self.last(last)]
        for target in range(INPUTS, INPUTS + self.variant.nodes):
            total: Tensor | float = 0.0
            for place, (to, source) in enumerate(self.variant.edges):
                if to == target:
                    operations = cast("nn.ModuleList", self.edges[place])
                    for k, operation in enumerate(operations):
                        weight = weights[..., self.first + place, k]
                        weight = weight if weight.dim() == 0 else weight[:, None, None, None]
                        total = total + weight * operation(states[source])
            states.append(cast("Tensor", total))
        return torch.cat(states[INPUTS:], dim=1)


class PlainSupernetOf(nn.Module):
    """A copy of a supernet, operation by operation."""

    def __init__(self, supernet: DARTSSupernet) -> None:
        super().__init__()
        self.supernet = supernet
        self.cells = nn.ModuleList(PlainCell(cast("MixedDARTSCell", c)) for c in supernet.cells)

    def forward(self, images: Tensor, weights: Tensor) -> Tensor:
        before_last, last = self.supernet.inputs(images)
        for cell in self.cells:
            before_last, last = last, cell(before_last, last, weights)
        return self.supernet.head(last)
