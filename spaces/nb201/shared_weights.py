"""The NAS-Bench-201 supernet: every cell of the space in one network, with shared weights.

Search networks differ from stand-alone ones in their cells only: the batch norms there learn no
affine map. Whether they keep running statistics differs between publications and is an option.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial as bind
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, batch_norm, conv2d, dropout

from nasbench_harness.contracts import (
    Grown,
    NetworkShape,
    OperationParameter,
    OperationPlace,
)
from nasbench_harness.spaces.nb201.encoding import EDGES, NODES
from nasbench_harness.spaces.nb201.leaving import leave
from nasbench_harness.spaces.nb201.mixing import CONV1, CONV3, LEAVING, SKIP, Mixing
from nasbench_harness.spaces.nb201.network import Cell, Network, ReLUConvNorm
from nasbench_harness.spaces.nb201.norms import EPS, MOMENTUM, Norm
from nasbench_harness.spaces.nb201.skeleton import Reduction, Skeleton
from nasbench_harness.spaces.nb201.training import check_width
from nasbench_harness.spaces.shared.mixing import CellwiseSupernet

__all__ = ["CellSupernet", "inherit"]


class Branch(nn.Module):
    """One convolution for every edge that leaves a node, as one wide convolution with its norm."""

    def __init__(self, channels: int, edges: int, kernel: int, track: bool) -> None:
        super().__init__()
        self.channels, self.edges = channels, edges
        wide = channels * edges
        fresh = [nn.Conv2d(channels, channels, kernel, bias=False).weight for _ in range(edges)]
        self.weight = nn.Parameter(_channels_last(torch.cat(fresh).detach()))
        self.register_buffer("running_mean", torch.zeros(wide) if track else None)
        self.register_buffer("running_var", torch.ones(wide) if track else None)

    running_mean: Tensor | None
    running_var: Tensor | None

    @property
    def norm(self) -> Norm:
        """The norm's statistics and mode."""
        return Norm(self.running_mean, self.running_var, self.training or self.running_mean is None)

    def kernel(self, edge: int) -> Tensor:
        """[C, C, k, k]: the convolution of one edge."""
        return self.weight.narrow(0, edge * self.channels, self.channels)

    def one(self, x: Tensor, edge: int, scale: Tensor) -> Tensor:
        """A single edge: convolution, norm, weight ([] or [B, 1, 1, 1])."""
        kernel = self.kernel(edge).to(x.dtype)
        convolved = conv2d(x, kernel, padding=kernel.shape[-1] // 2)
        norm = self.norm.part(edge * self.channels, self.channels)
        affine = scale.expand(self.channels).contiguous() if scale.dim() == 0 else None
        normed = batch_norm(
            convolved, norm.mean, norm.var, affine, None, norm.training, MOMENTUM, EPS
        )
        return normed if affine is not None else normed * scale.to(x.dtype)

    def widen(self, channels: int, generator: torch.Generator) -> Grown:
        """Grow to `channels` by copies of randomly chosen input and output channels."""
        old = self.weight
        grow = _grower(self.channels, channels, self.edges, generator, old.device)
        self.weight = nn.Parameter(grow(old.detach()))
        for name in ("running_mean", "running_var"):
            statistics = getattr(self, name)
            if statistics is not None:
                setattr(self, name, grow.outputs(statistics))
        self.channels = channels
        return Grown(old, self.weight, grow)


class _Grower:
    """Copies channels of a wide kernel, and of what has its shape or its output channels."""

    def __init__(self, old: int, edges: int, outputs: Tensor, inputs: Tensor) -> None:
        self.old, self.edges = old, edges
        self.output_rows, self.input_rows = outputs, inputs  # [edges, new] each

    def __call__(self, kernel: Tensor) -> Tensor:
        """[edges * old, old, k, k] to [edges * new, new, k, k]."""
        blocks = kernel.view(self.edges, self.old, *kernel.shape[1:])
        grown = [
            block[rows][:, columns]
            for block, rows, columns in zip(blocks, self.output_rows, self.input_rows, strict=True)
        ]
        return _channels_last(torch.cat(grown))

    def outputs(self, values: Tensor) -> Tensor:
        """[edges * old] to [edges * new]."""
        blocks = values.view(self.edges, self.old)
        return torch.cat([b[rows] for b, rows in zip(blocks, self.output_rows, strict=True)])


def _grower(
    old: int, new: int, edges: int, generator: torch.Generator, device: torch.device
) -> _Grower:
    kept = torch.arange(old).expand(edges, old)

    def rows() -> Tensor:
        copied = torch.randint(old, (edges, new - old), generator=generator)
        return torch.cat([kept, copied], dim=1).to(device)

    return _Grower(old, edges, rows(), rows())


class MixedCell(nn.Module):
    """A cell whose edges are weighted sums of all operations.

    With partial channels only the first 1/partial of a node's channels passes through the
    operations; the others bypass them, and a channel shuffle follows (PC-DARTS, DrNAS).
    """

    def __init__(self, channels: int, *, partial: int, track: bool) -> None:
        super().__init__()
        self.partial, self.weighs_edges = partial, False
        inner = channels // partial
        self.conv3 = nn.ModuleList(Branch(inner, len(e), 3, track) for e in LEAVING)
        self.conv1 = nn.ModuleList(Branch(inner, len(e), 1, track) for e in LEAVING)

    def branches(self, source: int) -> tuple[Branch, Branch]:
        """The 3x3 and the 1x1 convolutions that leave a node."""
        return cast("Branch", self.conv3[source]), cast("Branch", self.conv1[source])

    def operation_parameters(self, cell: int) -> list[OperationParameter]:
        """Of its convolutions, of which those of a node's edges share one parameter."""
        return [
            OperationParameter(
                branch.weight, tuple(OperationPlace(cell, edge, option) for edge in edges)
            )
            for source, edges in enumerate(LEAVING)
            for branch, option in zip(self.branches(source), (CONV3, CONV1), strict=True)
        ]

    def forward(self, x: Tensor, mixed: Mixing) -> Tensor:
        """[B, C, H, W] to the same shape."""
        inner = x.shape[1] // self.partial
        brought: list[list[Tensor]] = [[] for _ in range(NODES)]
        bypassed: list[Tensor] = []
        for source in range(NODES - 1):
            node = x
            if source:
                past = self._bypassing(source, bypassed, mixed)
                node = self._node(brought, source, past, x, mixed)
            if self.partial > 1:
                bypassed.append(node[:, inner:])
                node = _channels_last(node[:, :inner])
            for target, values in self._leave(source, node, mixed):
                brought[target].append(values)
        past = self._bypassing(NODES - 1, bypassed, mixed)
        return self._node(brought, NODES - 1, past, x, mixed)

    def _bypassing(self, target: int, bypassed: list[Tensor], mixed: Mixing) -> list[Tensor]:
        """What reaches a node past the operations, edge by edge."""
        if not self.weighs_edges:
            return bypassed
        entering = [edge for edge, (of, _) in enumerate(EDGES) if of == target]
        return [
            values * mixed.edges[edge].to(values.dtype)
            for edge, values in zip(entering, bypassed, strict=False)
        ]

    def _node(
        self, brought: list[list[Tensor]], node: int, bypassed: list[Tensor], x: Tensor,
        mixed: Mixing,
    ) -> Tensor:  # fmt: skip
        """The sum of what reaches a node."""
        inner = x.shape[1] // self.partial
        total = _sum(brought[node]) if brought[node] else torch.zeros_like(x[:, :inner])
        if mixed.shifts is not None:
            total = total + mixed.shifts[node].to(x.dtype)
        if self.partial == 1:
            return _channels_last(total)
        return _shuffle(torch.cat([total, _sum(bypassed)], dim=1), self.partial)

    def _leave(self, source: int, x: Tensor, mixed: Mixing) -> list[tuple[int, Tensor]]:
        """What leaves a node, by target."""
        conv3, conv1 = self.branches(source)
        targets = range(source + 1, NODES)
        if mixed.wide:
            scales = mixed.scales(x.shape[1], x.dtype)[source]
            kernel3, kernel1 = conv3.weight.to(x.dtype), conv1.weight.to(x.dtype)
            brought = leave(x, kernel3, kernel1, scales, conv3.norm, conv1.norm)
            found = list(zip(targets, brought, strict=True))
            return [*found, *self._dropped(source, x, mixed)] if mixed.skip_dropout else found
        shared = _Shared(x)
        each = []
        for position, edge in enumerate(LEAVING[source]):
            for k in mixed.chosen[edge]:
                scale = mixed.scalars[edge][k]
                if k in (CONV1, CONV3):
                    branch = conv3 if k == CONV3 else conv1
                    values = branch.one(shared.rectified, position, scale)
                else:
                    values = (x if k == SKIP else shared.pooled) * scale.to(x.dtype)
                each.append((targets[position], values))
        return [*each, *self._dropped(source, x, mixed)] if mixed.skip_dropout else each

    @staticmethod
    def _dropped(source: int, x: Tensor, mixed: Mixing) -> Iterator[tuple[int, Tensor]]:
        """What dropping out changes of the skips that leave a node, each by itself."""
        for target, edge in enumerate(LEAVING[source], start=source + 1):
            if SKIP in mixed.chosen[edge]:
                change = dropout(x, mixed.skip_dropout) - x
                yield target, change * mixed.scalars[edge][SKIP].to(x.dtype)


class _Shared:
    """What all edges that leave a node have in common, computed when first asked for."""

    def __init__(self, x: Tensor) -> None:
        self.x = x
        self._made: dict[str, Tensor] = {}

    @property
    def rectified(self) -> Tensor:
        return self._once("rectified", torch.relu)

    @property
    def pooled(self) -> Tensor:
        pool = bind(avg_pool2d, kernel_size=3, stride=1, padding=1, count_include_pad=False)
        return self._once("pooled", pool)

    def _once(self, name: str, make: Callable[[Tensor], Tensor]) -> Tensor:
        if name not in self._made:
            self._made[name] = make(self.x)
        return self._made[name]


class CellSupernet(Skeleton, CellwiseSupernet):
    """See `nasbench_harness.contracts.Supernet`."""

    def __init__(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> None:
        """ValueError if the width cannot be divided by `partial`."""
        check_width(shape, partial)
        self.partial = partial
        self._weighs_edges = False
        make_cell = bind(MixedCell, partial=partial, track=track_running_stats)
        super().__init__(shape, make_cell)
        self.shifts: Tensor | None = None
        self.skip_dropout = 0.0
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor, weights: Tensor, active: Tensor | None = None) -> Tensor:
        """Logits [B, classes]."""
        mixed = self._mixing(weights, active)
        x: Tensor = self.stem(_channels_last(images))
        cell = 0
        for _, block in self.blocks():
            if isinstance(block, Reduction):
                x = block(x)
                continue
            if self.cell_shifts is not None:
                mixed = self._mixing(self.weights_in(cell, weights), active)
            x = block(x, mixed)
            cell += 1
        logits: Tensor = self.head(x)
        return logits

    def _mixing(self, weights: Tensor, active: Tensor | None) -> Mixing:
        skip_dropout = self.skip_dropout if self.training else 0.0
        return Mixing(weights, active, self.shifts, skip_dropout)

    def cells(self) -> list[MixedCell]:
        """In the order that data pass."""
        return [block for _, block in self.blocks() if isinstance(block, MixedCell)]

    def cell_decisions(self) -> list[range]:
        """See `nasbench_harness.contracts.CellShifts`."""
        return [range(len(EDGES))] * len(self.cells())

    def operation_parameters(self) -> list[OperationParameter]:
        """See `nasbench_harness.contracts.OperationParameters`."""
        return [
            found
            for place, cell in enumerate(self.cells())
            for found in cell.operation_parameters(place)
        ]

    @property
    def weighs_edges(self) -> bool:
        """See `EdgeWeighing`."""
        return self._weighs_edges

    @weighs_edges.setter
    def weighs_edges(self, weighs: bool) -> None:
        self._weighs_edges = weighs
        for cell in self.cells():
            cell.weighs_edges = weighs

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Within it a forward pass leaves the parameters out of the graph."""
        parameters = list(self.parameters())
        for parameter in parameters:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in parameters:
                parameter.requires_grad_(True)

    @contextlib.contextmanager
    def shifted(self, shifts: Tensor) -> Iterator[None]:
        """Within it numbers [D] are added to what the edges bring (`ShiftedMaps`)."""
        self.shifts = shifts
        try:
            yield
        finally:
            self.shifts = None

    def use_channels(self, factor: int, generator: torch.Generator) -> list[Grown]:
        """Widen every mixed operation to 1/factor of the channels.

        What computes the cells changes: the widened network is another function than before, as
        in the authors' code (DrNAS, section 3.3). ValueError if it would have to shrink.
        """
        if factor > self.partial or self.shape.width % factor:
            raise ValueError(f"1/{self.partial} of the channels cannot become 1/{factor}")
        grown = []
        for width, block in self.blocks():
            if isinstance(block, MixedCell):
                branches = [b for source in range(NODES - 1) for b in block.branches(source)]
                grown += [branch.widen(width // factor, generator) for branch in branches]
                block.partial = factor
        self.partial = factor
        return grown


def inherit(choices: tuple[int, ...], supernet: CellSupernet) -> Network:
    """The stand-alone network of a cell with its weights and statistics in a supernet.

    ValueError while only a part of the channels passes through the operations, for the
    stand-alone network has no such bypass.
    """
    if supernet.partial != 1:
        raise ValueError("networks with partial channels do not stand alone")
    network = Network(choices, supernet.shape)
    own = {n: v for n, v in supernet.state_dict().items() if not n.startswith("stages.")}
    network.load_state_dict(own, strict=False)
    for (_, block), (_, mixed) in zip(network.blocks(), supernet.blocks(), strict=True):
        if isinstance(block, Cell) and isinstance(mixed, MixedCell):
            _inherit_cell(block, mixed, choices)
    network.train(supernet.training)
    return network.to(next(supernet.parameters()).device)


def _inherit_cell(cell: Cell, mixed: MixedCell, choices: tuple[int, ...]) -> None:
    for edge, (choice, (target, source)) in enumerate(zip(choices, EDGES, strict=True)):
        if choice in (CONV1, CONV3):
            branch = mixed.branches(source)[0 if choice == CONV3 else 1]
            own = cast("ReLUConvNorm", cell.edges[f"{target}<-{source}"])
            _inherit_operation(own, branch, LEAVING[source].index(edge))


@torch.no_grad()
def _inherit_operation(own: ReLUConvNorm, branch: Branch, position: int) -> None:
    own.conv.weight.copy_(branch.kernel(position))
    part = branch.norm.part(position * branch.channels, branch.channels)
    if part.mean is None or part.var is None:
        own.norm.running_mean = own.norm.running_var = None
        own.norm.track_running_stats = False
        return
    for kept, values in ((own.norm.running_mean, part.mean), (own.norm.running_var, part.var)):
        assert kept is not None
        kept.copy_(values)


def _sum(terms: list[Tensor]) -> Tensor:
    if len(terms) == 1:
        return terms[0]
    total = terms[0] + terms[1]
    for term in terms[2:]:
        total += term
    return total


def _shuffle(x: Tensor, groups: int) -> Tensor:
    """Channel i of group g becomes channel g of group i."""
    batch, channels, height, width = x.shape
    grouped = x.view(batch, groups, channels // groups, height, width)
    return _channels_last(grouped.transpose(1, 2).reshape(batch, channels, height, width))


def _channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)
