"""A stand-alone network with the weights that its operations have in a supernet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from nasbench_harness.spaces.darts.branches import (
    Kernels,
    WideDilated,
    WideHalving,
    WideNorm,
    WideOperation,
    WideSeparable,
)
from nasbench_harness.spaces.darts.encoding import INPUTS, KEPT, SKIP, CellEdges, edges_of
from nasbench_harness.spaces.darts.leaving import Leaving
from nasbench_harness.spaces.darts.mixed_cell import MixedDARTSCell
from nasbench_harness.spaces.darts.network import DiscreteCell, EvaluationNetwork
from nasbench_harness.spaces.darts.operations import (
    DilatedConv,
    HalvingSkip,
    Norms,
    SeparableConv,
    make_operation,
)
from nasbench_harness.spaces.darts.places import CellPlace
from nasbench_harness.spaces.darts.shared_weights import DARTSSupernet


class SkippedCell(DiscreteCell):
    """A cell with a skip beside every edge, the kept ones and all others.

    It is what an architecture is inside a supernet that has such skips; trained alone it has none.
    """

    def __init__(self, cell: CellEdges, place: CellPlace, norms: Norms) -> None:
        super().__init__(cell, place, norms)
        self.beside = nn.ModuleList(
            make_operation(SKIP, place.channels, place.stride if source < INPUTS else 1, norms)
            for _, source in edges_of(len(cell))
        )

    def node(self, states: Sequence[Tensor], brought: Tensor) -> Tensor:
        """With what all nodes before it are."""
        edges = edges_of(len(self.sources) // KEPT)
        for (target, source), skip in zip(edges, self.beside, strict=True):
            if target == len(states):
                brought = brought + skip(states[source])
        return brought


def inherit(cells: Mapping[str, CellEdges], supernet: DARTSSupernet) -> EvaluationNetwork:
    """The network of these cells; ValueError while only a part of the channels passes.

    Where skips stand beside the edges of the supernet, they do so in the network as well.
    """
    if supernet.partial != 1:
        raise ValueError("networks with partial channels do not stand alone")
    norms = Norms(after_pools=supernet.norms.after_pools)
    make = SkippedCell if supernet.variant.auxiliary_skip else DiscreteCell
    network = EvaluationNetwork(cells, supernet.shape, lambda cell, place: make(cell, place, norms))
    outside = {n: v for n, v in supernet.state_dict().items() if not n.startswith("cells.")}
    network.load_state_dict(outside, strict=False)
    for own, mixed in zip(network.cells, supernet.cells, strict=True):
        _inherit_cell(cast("DiscreteCell", own), cast("MixedDARTSCell", mixed), cells)
    network.train(supernet.training)
    return network.to(next(supernet.parameters()).device)


def _inherit_cell(own: DiscreteCell, mixed: MixedDARTSCell, cells: Mapping[str, CellEdges]) -> None:
    for name in ("before_last", "last"):
        module, source = getattr(own, name), getattr(mixed, name)
        module.load_state_dict(source.state_dict(), strict=False)
        for norm, of in zip(_norms(module), _norms(source), strict=True):
            _statistics(norm, of.running_mean, of.running_var)
    operations = iter(own.operations)
    for node, edges in enumerate(cells[mixed.place.kind], INPUTS):
        for edge in edges:
            leaving = cast("Leaving", mixed.leaving[edge.source])
            position = list(mixed.targets(edge.source)).index(node)
            take_over(next(operations), leaving, position, edge.operation)
    if isinstance(own, SkippedCell):
        for (target, source), skip in zip(mixed.variant.edges, own.beside, strict=True):
            beside = cast("Leaving", mixed.auxiliary[source])
            take_over(skip, beside, list(mixed.targets(source)).index(target), SKIP)


def _norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    return [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]


@torch.no_grad()
def take_over(module: nn.Module, leaving: Leaving, position: int, name: str) -> None:
    """Give a stand-alone operation the weights and statistics of an edge's in a supernet."""
    if name in leaving.pool_norms:
        _take_norm(module, cast("WideNorm", leaving.pool_norms[name]), slice(None))
    if name not in leaving.branches:
        return
    branch = cast("WideOperation", leaving.branches[name])
    edge = branch.positions.index(position)
    channels = slice(edge * leaving.channels, (edge + 1) * leaving.channels)
    if isinstance(branch, WideSeparable) and isinstance(module, SeparableConv):
        for half in range(2):
            convolutions = [m for m in module if isinstance(m, nn.Conv2d)][2 * half :]
            kernels = branch.depthwise[half], branch.pointwise[half]
            for convolution, kernel in zip(convolutions, kernels, strict=False):
                convolution.weight.copy_(cast("Kernels", kernel).weight[channels])
            _statistics(
                _norms(module)[half], *_part(cast("WideNorm", branch.norms[half]), channels)
            )
    elif isinstance(branch, WideDilated) and isinstance(module, DilatedConv):
        for place, kernel in ((1, branch.depthwise), (2, branch.pointwise)):
            cast("nn.Conv2d", module[place]).weight.copy_(kernel.weight[channels])
        _take_norm(module, branch.norm, channels)
    elif isinstance(branch, WideHalving) and isinstance(module, HalvingSkip):
        half = leaving.channels // 2
        rows = slice(edge * half, (edge + 1) * half)
        module.even.weight.copy_(branch.even.weight[rows])
        module.odd.weight.copy_(branch.odd.weight[rows])
        _take_norm(module, branch.norm, channels)


def _take_norm(module: nn.Module, norm: WideNorm, channels: slice) -> None:
    """To the only batch norm of a module."""
    (own,) = _norms(module)
    _statistics(own, *_part(norm, channels))


def _part(norm: WideNorm, channels: slice) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    mean, var = norm.running_mean, norm.running_var
    return (None, None) if mean is None or var is None else (mean[channels], var[channels])


@torch.no_grad()
def _statistics(own: nn.BatchNorm2d, mean: torch.Tensor | None, var: torch.Tensor | None) -> None:
    if mean is None or var is None:
        own.running_mean = own.running_var = own.num_batches_tracked = None
        own.track_running_stats = False
        return
    assert own.running_mean is not None
    assert own.running_var is not None
    own.running_mean.copy_(mean)
    own.running_var.copy_(var)
