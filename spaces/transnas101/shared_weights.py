"""The supernet of TransNAS-Bench-101's cells: all of them in one network, with shared weights.

It differs from the stand-alone networks in its cells only: there the batch norms learn no affine
map, as in the search networks of NAS-Bench-201's authors, since a map's scale would undo what an
operation weighs. The authors' own search network is in no public code that we know of.
"""

from __future__ import annotations

from functools import partial as bind
from typing import cast

import torch
from torch import Tensor, nn

from nasbench_harness.contracts import NetworkShape, OperationParameter
from nasbench_harness.spaces.shared.cell import EDGES, NODES
from nasbench_harness.spaces.shared.mixing import (
    CellwiseSupernet,
    PlainSupernet,
    mixed,
    parameters_at,
)
from nasbench_harness.spaces.transnas101.encoding import OPERATIONS
from nasbench_harness.spaces.transnas101.network import (
    TransNASCell,
    TransNASNetwork,
    TransNASSkeleton,
    cell_operation,
)

_TRAINED = OPERATIONS[1:]
"""What brings something: all but `none`, which is number 0."""


class MixedEdges(nn.Module):
    """A cell whose edges are weighted sums of all operations."""

    def __init__(self, channels: int, wide: int, *, track: bool) -> None:
        super().__init__()
        make_norm = bind(nn.BatchNorm2d, affine=False, track_running_stats=track)
        self.edges = nn.ModuleList(
            nn.ModuleList(
                cell_operation(name, wide if source else channels, wide, make_norm)
                for name in _TRAINED
            )
            for _, source in EDGES
        )

    def forward(self, x: Tensor, weights: Tensor, active: Tensor | None = None) -> Tensor:
        """[B, C, H, W] to [B, wide, ...]; `weights` are [6, 4] or [B, 6, 4]."""
        nodes: list[Tensor] = [x]
        brought: list[list[Tensor]] = [[] for _ in range(NODES)]
        for edge, (target, source) in enumerate(EDGES):
            if source == len(nodes):
                nodes.append(torch.stack(brought[source]).sum(dim=0))
            row = weights[..., edge, 1:]
            chosen = None if active is None else active[edge, 1:]
            brought[target].append(mixed(self.operations(edge), nodes[source], row, chosen))
        return torch.stack(brought[-1]).sum(dim=0)

    def operations(self, edge: int) -> list[nn.Module]:
        """Of one edge: skip, 1x1 and 3x3 convolution."""
        return list(cast("nn.ModuleList", self.edges[edge]))


class TransNASSupernet(TransNASSkeleton, CellwiseSupernet, PlainSupernet):
    """See `nasbench_harness.contracts.Supernet`."""

    def __init__(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> None:
        """ValueError for partial channels: an edge that doubles them has none to pass by it."""
        if partial != 1:
            raise ValueError(
                "partial channels do not fit edges that double the channels, as those of"
                " transnas101 that halve the map; search all channels"
            )
        super().__init__(shape, bind(MixedEdges, track=track_running_stats))

    def forward(self, images: Tensor, weights: Tensor, active: Tensor | None = None) -> Tensor:
        """Logits [B, classes]."""
        x: Tensor = self.stem(images)
        for place, cell in enumerate(self.cells):
            x = cell(x, self.weights_in(place, weights), active)
        return self.classify(x)

    def cell_decisions(self) -> list[range]:
        """See `nasbench_harness.contracts.CellShifts`."""
        return [range(len(EDGES))] * len(self.cells)

    def operation_parameters(self) -> list[OperationParameter]:
        """See `nasbench_harness.contracts.OperationParameters`."""
        return [
            found
            for place, cell in enumerate(self.cells)
            for edge in range(len(EDGES))
            for option, operation in enumerate(cast("MixedEdges", cell).operations(edge), start=1)
            for found in parameters_at(operation, place, edge, option)
        ]


def inherit(choices: tuple[int, ...], supernet: TransNASSupernet) -> TransNASNetwork:
    """The stand-alone network of a cell with its weights and statistics in a supernet."""
    network = TransNASNetwork(choices, supernet.shape)
    for part in ("stem", "classifier"):
        getattr(network, part).load_state_dict(getattr(supernet, part).state_dict())
    for own, shared in zip(network.cells, supernet.cells, strict=True):
        _inherit_cell(cast("TransNASCell", own), cast("MixedEdges", shared), choices)
    network.train(supernet.training)
    return network.to(next(supernet.parameters()).device)


def _inherit_cell(cell: TransNASCell, shared: MixedEdges, choices: tuple[int, ...]) -> None:
    for edge, (choice, (target, source)) in enumerate(zip(choices, EDGES, strict=True)):
        if choice:
            operation = shared.operations(edge)[choice - 1]
            _inherit_operation(cell.edges[f"{target}<-{source}"], operation)


def _inherit_operation(own: nn.Module, shared: nn.Module) -> None:
    """Weights and statistics; a norm that keeps none there keeps none here."""
    own.load_state_dict(shared.state_dict(), strict=False)  # the shared norms have no affine map
    norm, kept = getattr(own, "norm", None), getattr(shared, "norm", None)
    if norm is not None and kept is not None and not kept.track_running_stats:
        norm.running_mean = norm.running_var = None
        norm.track_running_stats = False
