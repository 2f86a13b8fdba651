"""Everything that leaves a node of a mixed cell, towards all its later nodes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d

from nasbench_harness.contracts import Grown
from nasbench_harness.spaces.darts.branches import (
    Scale,
    WideDilated,
    WideHalving,
    WideNoise,
    WideNorm,
    WideOperation,
    WideSeparable,
    repeated,
    to_blocks,
)
from nasbench_harness.spaces.darts.encoding import DILATED, SEPARABLE, SKIP
from nasbench_harness.spaces.darts.operations import POOLS
from nasbench_harness.spaces.darts.widening import CopiedChannels, copies


@dataclass
class Brought:
    """What has reached a node so far."""

    maps: list[Tensor] = field(default_factory=list)
    blocks: list[Tensor] = field(default_factory=list)
    """Maps of `to_blocks`."""


@dataclass(frozen=True)
class MixedNorms:
    """How the batch norms of a supernet's operations are; none learns a map."""

    track: bool = True
    """Do they keep running statistics."""
    after_pools: bool = True
    """Is there one after a pooling."""


class Leaving(nn.Module):
    """The edges that leave one node of a cell, with all their operations."""

    def __init__(
        self, options: Sequence[Sequence[str]], channels: int, stride: int, norms: MixedNorms
    ) -> None:
        """`options` are the operations of each edge, the nearest target first."""
        super().__init__()
        self.options, self.channels, self.stride, self.norms = options, channels, stride, norms
        names = dict.fromkeys(name for edge in options for name in edge)
        made = {name: self._make(name, self._having(name)) for name in names}
        self.branches = nn.ModuleDict({name: b for name, b in made.items() if b is not None})
        self.plain = [name for name in names if name in POOLS or (name == SKIP and stride == 1)]
        """Operations without kernels: each is computed once for all edges."""
        pools = [name for name in self.plain if name in POOLS and norms.after_pools]
        self.pool_norms = nn.ModuleDict({name: WideNorm(channels, norms.track) for name in pools})

    def _having(self, name: str) -> list[int]:
        """The edges that have an operation."""
        return [place for place, names in enumerate(self.options) if name in names]

    def _make(self, name: str, positions: list[int]) -> WideOperation | None:
        track, channels, stride = self.norms.track, self.channels, self.stride
        if name in SEPARABLE:
            return WideSeparable(positions, channels, SEPARABLE[name], stride, track)
        if name in DILATED:
            return WideDilated(positions, channels, DILATED[name], track)
        if name == SKIP and stride > 1:
            return WideHalving(positions, channels, track)
        return WideNoise(positions, channels, stride) if name == "noise" else None

    def wide(self, x: Tensor, scales: dict[str, Tensor], targets: Sequence[Brought]) -> None:
        """All operations of all edges; `scales` has a tensor for each branch and for `plain`."""
        inputs = Inputs(self, x)
        if self.plain:
            weights = scales["plain"]
            for target, value in zip(targets, self._plain(inputs, weights), strict=True):
                target.maps.append(value)
        totals: dict[tuple[bool, tuple[int, ...]], Tensor] = {}
        for name, branch in self.each_branch():
            value = branch.every(inputs.wide(name, branch), scales[name], inputs.dilation)
            place = inputs.in_blocks(name), tuple(branch.positions)
            totals[place] = totals[place] + value if place in totals else value
        for (blocks, positions), total in totals.items():
            for position, value in zip(
                positions, torch.split(total, self.channels, dim=1), strict=True
            ):
                (targets[position].blocks if blocks else targets[position].maps).append(value)

    def one(self, inputs: Inputs, edge: int, name: str, scale: Tensor, target: Brought) -> None:
        """One operation of one edge; `scale` is [] or [B, 1, 1, 1]."""
        if name in self.plain:
            target.maps.append(inputs.plain(name) * scale.to(inputs.x.dtype))
        elif name in self.branches:
            branch = self.branches[name]
            assert isinstance(branch, WideOperation)
            affine = scale.expand(self.channels).contiguous() if scale.dim() == 0 else scale
            place = branch.positions.index(edge)
            value = branch.one(inputs.of(name), affine, place, inputs.dilation)
            (target.blocks if inputs.in_blocks(name) else target.maps).append(value)

    def widen(self, channels: int, generator: torch.Generator) -> list[Grown]:
        """All operations to so many channels."""
        for norm in self.pool_norms.values():
            rows = copies(1, self.channels, channels, generator).to(self._device)
            cast("WideNorm", norm).widen(CopiedChannels(rows))
        self.channels = channels
        return [g for _, branch in self.each_branch() for g in branch.widen(channels, generator)]

    @property
    def _device(self) -> torch.device | None:
        """Where statistics of norms are, if there are some."""
        return next((buffer.device for buffer in self.buffers()), None)

    def each_branch(self) -> Iterator[tuple[str, WideOperation]]:
        """Operations with kernels, by name."""
        for name, branch in self.branches.items():
            assert isinstance(branch, WideOperation)
            yield name, branch

    def _plain(self, inputs: Inputs, weights: Tensor) -> Sequence[Tensor]:
        """What operations without kernels bring to each edge; weights [E, q] or [B, E, q]."""
        maps = [inputs.plain(name).permute(0, 2, 3, 1) for name in self.plain]
        batch, height, width, channels = maps[0].shape
        stacked = torch.stack(maps)
        weights = weights.to(stacked.dtype)
        if weights.dim() == 2:
            mixed = weights @ stacked.flatten(1)
        else:
            mixed = (weights @ stacked.flatten(2).transpose(0, 1)).transpose(0, 1)
        shaped = mixed.reshape(-1, batch, height, width, channels).permute(0, 1, 4, 2, 3)
        return shaped.unbind()


class Inputs:
    """What a node's operations read, each computed when it is first asked for."""

    def __init__(self, leaving: Leaving, x: Tensor) -> None:
        self.leaving, self.x = leaving, x
        self._made: dict[str, Tensor] = {}
        even = x.shape[2] % 2 == 0 and x.shape[3] % 2 == 0
        self._blocks = even and leaving.stride == 1
        self.dilation = 1 if self._blocks or leaving.stride > 1 else 2
        """Of dilated operations, in the maps that they read."""

    def in_blocks(self, name: str) -> bool:
        """Does an operation work on maps of `to_blocks`."""
        return self._blocks and name in DILATED

    def of(self, name: str) -> Tensor:
        """What an operation with kernels reads."""
        if name not in DILATED:
            return self._once("rectified", lambda: torch.relu(self.x))
        rectified = self.of("")
        if self._blocks:
            return self._once("blocks", lambda: to_blocks(rectified))
        if self.leaving.stride > 1:
            return self._once("coarse", lambda: _every_other(rectified))
        return rectified

    def wide(self, name: str, branch: WideOperation) -> Tensor:
        """What an operation with kernels reads for all of its edges."""
        x, edges = self.of(name), len(branch.positions)
        if not branch.repeats:
            return x
        return self._once(f"{edges} of {id(x)}", lambda: repeated(x, edges))

    def plain(self, name: str) -> Tensor:
        """What an operation without kernels gives."""
        if name == SKIP:
            return self.x
        return self._once(name, lambda: self._pooled(name))

    def _pooled(self, name: str) -> Tensor:
        stride = self.leaving.stride
        if name == "max_pool_3x3":
            pooled = max_pool2d(self.x, 3, stride, 1)
        else:
            pooled = avg_pool2d(self.x, 3, stride, 1, count_include_pad=False)
        norms = self.leaving.pool_norms
        return norms[name](pooled) if name in norms else pooled

    def _once(self, name: str, make: Callable[[], Tensor]) -> Tensor:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


def _every_other(x: Tensor) -> Tensor:
    """Every other pixel of every other line."""
    return x[:, :, ::2, ::2].contiguous(memory_format=torch.channels_last)


__all__ = ["Brought", "Inputs", "Leaving", "MixedNorms", "Scale"]
