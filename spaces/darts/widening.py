"""More channels through the mixed operations: kernels grow by copies of random channels.

DrNAS, section 3.3: the widened network is another function than before, as in the authors' code,
which rescales nothing. Each convolution draws its own channels.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from nasbench_harness.contracts import Grown
from nasbench_harness.spaces.darts.branches import (
    Kernels,
    WideDilated,
    WideHalving,
    WideNorm,
    WideOperation,
    WideSeparable,
    channels_last,
)
from nasbench_harness.spaces.darts.leaving import Leaving


class ChannelGrowth:
    """Copies channels of the kernels of n edges, and of what has their shape or their outputs."""

    def __init__(self, outputs: Tensor, inputs: Tensor | None) -> None:
        """`outputs` [n, new] and `inputs` [n, new] are the old channels, the kept ones first."""
        self.output_rows, self.input_rows = outputs, inputs

    def __call__(self, kernel: Tensor) -> Tensor:
        """[n * old, ...] to [n * new, ...]; None as inputs: they stay as they are."""
        edges = len(self.output_rows)
        grown = []
        for edge, block in enumerate(kernel.chunk(edges)):
            rows = block[self.output_rows[edge]]
            grown.append(rows if self.input_rows is None else rows[:, self.input_rows[edge]])
        return channels_last(torch.cat(grown))

    def outputs(self, values: Tensor) -> Tensor:
        """[n * old] to [n * new]: one number of each output."""
        parts = values.chunk(len(self.output_rows))
        return torch.cat([v[rows] for v, rows in zip(parts, self.output_rows, strict=True)])


def widen(leaving: Leaving, channels: int, generator: torch.Generator) -> list[Grown]:
    """Let all operations that leave a node work on so many channels."""
    grown: list[Grown] = []
    for name, branch in leaving.each_branch():
        del name
        grown += _widen(branch, channels, generator)
        branch.channels = channels
    for norm in leaving.pool_norms.values():
        rows = _rows(1, leaving.channels, channels, generator)
        _grow_norm(cast("WideNorm", norm), ChannelGrowth(rows, None))
    leaving.channels = channels
    return grown


def _widen(branch: WideOperation, channels: int, generator: torch.Generator) -> list[Grown]:
    old = branch.channels
    if isinstance(branch, WideSeparable):
        grown = []
        for parts in zip(branch.depthwise, branch.pointwise, branch.norms, strict=True):
            grown += _widen_pair(parts, old, channels, generator)
        return grown
    if isinstance(branch, WideDilated):
        parts = (branch.depthwise, branch.pointwise, branch.norm)
        return _widen_pair(parts, old, channels, generator)
    if isinstance(branch, WideHalving):
        edges = len(branch.positions)
        both = []
        for kernels in (branch.even, branch.odd):
            inputs = _rows(edges, old, channels, generator)
            outputs = _rows(edges, old // 2, channels // 2, generator)
            both.append((kernels, ChannelGrowth(outputs, inputs)))
        # Of an edge the norm has the even outputs first, then the odd ones.
        even, odd = (growth.output_rows for _, growth in both)
        _grow_norm(branch.norm, ChannelGrowth(torch.cat([even, odd + old // 2], dim=1), None))
        return [_grow(kernels, growth) for kernels, growth in both]
    return []


def _widen_pair(
    parts: tuple[nn.Module, ...], old: int, new: int, generator: torch.Generator
) -> list[Grown]:
    """A depthwise convolution, a pointwise one and their norm."""
    deep, flat, norm = parts
    edges = cast("Kernels", deep).edges
    first = ChannelGrowth(_rows(edges, old, new, generator), None)
    outputs, inputs = (_rows(edges, old, new, generator) for _ in range(2))
    second = ChannelGrowth(outputs, inputs)
    _grow_norm(cast("WideNorm", norm), second)
    return [_grow(cast("Kernels", deep), first), _grow(cast("Kernels", flat), second)]


def _rows(edges: int, old: int, new: int, generator: torch.Generator) -> Tensor:
    """[edges, new]: the old channels, and random ones of them again."""
    kept = torch.arange(old).expand(edges, old)
    return torch.cat([kept, torch.randint(old, (edges, new - old), generator=generator)], dim=1)


def _grow(kernels: Kernels, growth: ChannelGrowth) -> Grown:
    old = kernels.weight
    kernels.weight = nn.Parameter(growth(old.detach()))
    return Grown(old, kernels.weight, growth)


def _grow_norm(norm: WideNorm, growth: ChannelGrowth) -> None:
    for name in ("running_mean", "running_var"):
        statistics = getattr(norm, name)
        if statistics is not None:
            setattr(norm, name, growth.outputs(statistics))
