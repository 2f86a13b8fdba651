"""One operation on several edges that leave a node, as one wide operation.

All edges that leave a node read the same maps, so what they do alike runs once over n * C channels:
the i-th C of them are those of the i-th edge. Batch norm is per channel, so the weight of an
operation in the mixture is the affine weight of its last norm. Maps are channels-last.

Two things make depthwise convolutions of dilation 2 plain ones, at which a CPU is much faster: of
stride 1 they see each pixel of a 2 x 2 block in a map of its own (`to_blocks`), of stride 2 every
other pixel only.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm, conv2d

from nasbench_harness.contracts import Grown
from nasbench_harness.spaces.darts.depthwise import depthwise
from nasbench_harness.spaces.darts.widening import CopiedChannels, copies
from nasbench_harness.spaces.shared.halving import both_halves

EPS, MOMENTUM = 1e-5, 0.1
ALL = slice(None)
Scale = Tensor | None
"""Weight of each channel: [n * C] of all examples, [B, n * C, 1, 1] of each; None: 1."""


class WideNorm(nn.Module):
    """Batch norm without a map of its own over the channels of several edges."""

    running_mean: Tensor | None
    running_var: Tensor | None

    def __init__(self, channels: int, track: bool) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(channels) if track else None)
        self.register_buffer("running_var", torch.ones(channels) if track else None)

    def forward(self, x: Tensor, scale: Scale = None, chosen: slice = ALL) -> Tensor:
        """[B, c, H, W] of the chosen channels, normalised and times their weights."""
        mean, var = self.running_mean, self.running_var
        if mean is not None and var is not None:
            mean, var = _part(mean, chosen), _part(var, chosen)  # views, which updates go through
        affine = scale if scale is not None and scale.dim() == 1 else None
        batch = self.training or mean is None
        normed = batch_norm(x, mean, var, affine, None, batch, MOMENTUM, EPS)
        if scale is None or affine is not None:
            return normed
        blocks = len(x) // len(scale)  # of maps of `to_blocks` an example has four
        return normed * (scale.repeat(blocks, 1, 1, 1) if blocks > 1 else scale).to(x.dtype)

    def widen(self, grow: CopiedChannels) -> None:
        """Statistics go with the channels they are of."""
        if self.running_mean is not None and self.running_var is not None:
            self.running_mean, self.running_var = map(
                grow.of, (self.running_mean, self.running_var)
            )


class Kernels(nn.Module):
    """The kernels of one convolution on several edges, [n * outputs, ...], and how they grow."""

    def __init__(self, edges: int, outputs: int, *shape: int) -> None:
        super().__init__()
        self.edges = edges
        weight = torch.empty(edges * outputs, *shape)
        bound = prod(shape) ** -0.5  # as `nn.Conv2d` begins, whose fan in this is
        self.weight = nn.Parameter(channels_last(weight.uniform_(-bound, bound)))

    def widen(self, outputs: int, inputs: int, generator: torch.Generator) -> Grown:
        """To so many channels; kernels of one input, which are depthwise, keep that."""
        old = self.weight
        rows = copies(self.edges, len(old) // self.edges, outputs, generator)
        pointwise, columns = old.shape[2:] == (1, 1), None
        if pointwise:
            columns = copies(self.edges, old.shape[1], inputs, generator).to(old.device)
        grow = CopiedChannels(rows.to(old.device), columns)
        self.weight = nn.Parameter(grow(old.detach()))
        return Grown(old, self.weight, grow)


def channels_last(x: Tensor) -> Tensor:
    """The same with the channels of a pixel side by side."""
    return x.contiguous(memory_format=torch.channels_last)


def _part(values: Tensor, chosen: slice) -> Tensor:
    """The chosen ones of the first dimension; all as they are, so that nothing runs for it."""
    return values if chosen == ALL else values[chosen]


def repeated(x: Tensor, times: int) -> Tensor:
    """[B, times * C, H, W]: the same channels for every edge."""
    return torch.cat([x] * times, dim=1) if times > 1 else x


class WideOperation(nn.Module):
    """An operation on some of the edges that leave a node."""

    repeats = True
    """Does it read maps that are repeated for every edge."""

    def __init__(self, positions: Sequence[int], channels: int) -> None:
        """`positions` are those of its edges among all that leave the node."""
        super().__init__()
        self.positions, self.channels = list(positions), channels

    def every(self, x: Tensor, scale: Scale, dilation: int = 1) -> Tensor:
        """What it brings to all its edges, [B, n * C, H', W'].

        It reads rectified maps [B, C, H, W], or where it is one that `repeats` the same for each
        edge, [B, n * C, H, W]; `dilation` is that of dilated kernels in these maps.
        """
        raise NotImplementedError

    def one(self, x: Tensor, scale: Scale, edge: int, dilation: int = 1) -> Tensor:
        """What it brings to one of its edges, the `edge`-th: [B, C, H', W']."""
        raise NotImplementedError

    def widen(self, channels: int, generator: torch.Generator) -> list[Grown]:
        """To so many channels."""
        del generator  # what has no kernels draws none
        self.channels = channels
        return []


class WideSeparable(WideOperation):
    """Twice: ReLU, depthwise k x k, pointwise, batch norm."""

    def __init__(
        self, positions: Sequence[int], channels: int, kernel: int, stride: int, track: bool
    ) -> None:
        super().__init__(positions, channels)
        edges = len(self.positions)
        self.stride = stride
        self.depthwise = nn.ModuleList(
            Kernels(edges, channels, 1, kernel, kernel) for _ in range(2)
        )
        self.pointwise = nn.ModuleList(Kernels(edges, channels, channels, 1, 1) for _ in range(2))
        self.norms = nn.ModuleList(WideNorm(edges * channels, track) for _ in range(2))

    def every(self, x: Tensor, scale: Scale, dilation: int = 1) -> Tensor:
        """See `WideOperation`."""
        del dilation
        return self._run(x, scale, ALL, len(self.positions))

    def one(self, x: Tensor, scale: Scale, edge: int, dilation: int = 1) -> Tensor:
        """See `WideOperation`."""
        del dilation
        return self._run(x, scale, slice(edge * self.channels, (edge + 1) * self.channels), 1)

    def _run(self, x: Tensor, scale: Scale, chosen: slice, edges: int) -> Tensor:
        for half, stride in enumerate((self.stride, 1)):
            if half:
                x = torch.relu_(x)
            kernels = (cast("Kernels", of[half]).weight for of in (self.depthwise, self.pointwise))
            deep, flat = (_part(kernel, chosen) for kernel in kernels)
            x = pointwise(depthwise(x, deep, stride), flat, edges)
            x = self.norms[half](x, scale if half else None, chosen)
        return x

    def widen(self, channels: int, generator: torch.Generator) -> list[Grown]:
        """See `WideOperation`."""
        grown = super().widen(channels, generator)
        for parts in zip(self.depthwise, self.pointwise, self.norms, strict=True):
            grown += _widen(*parts, channels, generator)
        return grown


class WideDilated(WideOperation):
    """ReLU, depthwise k x k of dilation 2, pointwise, batch norm.

    It reads maps of `to_blocks`, or every other pixel where the stride is 2, with a `dilation` of 1
    in these; it is 2 where maps are read as they are.
    """

    def __init__(self, positions: Sequence[int], channels: int, kernel: int, track: bool) -> None:
        super().__init__(positions, channels)
        edges = len(self.positions)
        self.depthwise = Kernels(edges, channels, 1, kernel, kernel)
        self.pointwise = Kernels(edges, channels, channels, 1, 1)
        self.norm = WideNorm(edges * channels, track)

    def every(self, x: Tensor, scale: Scale, dilation: int = 1) -> Tensor:
        """See `WideOperation`."""
        return self._run(x, scale, ALL, len(self.positions), dilation)

    def one(self, x: Tensor, scale: Scale, edge: int, dilation: int = 1) -> Tensor:
        """See `WideOperation`."""
        chosen = slice(edge * self.channels, (edge + 1) * self.channels)
        return self._run(x, scale, chosen, 1, dilation)

    def _run(self, x: Tensor, scale: Scale, chosen: slice, edges: int, dilation: int) -> Tensor:
        x = depthwise(x, _part(self.depthwise.weight, chosen), 1, dilation)
        x = pointwise(x, _part(self.pointwise.weight, chosen), edges)
        normed: Tensor = self.norm(x, scale, chosen)
        return normed

    def widen(self, channels: int, generator: torch.Generator) -> list[Grown]:
        """See `WideOperation`."""
        grown = super().widen(channels, generator)
        return grown + _widen(self.depthwise, self.pointwise, self.norm, channels, generator)


def _widen(
    deep: nn.Module, flat: nn.Module, norm: nn.Module, channels: int, generator: torch.Generator
) -> list[Grown]:
    """A depthwise and a pointwise convolution with the norm behind them."""
    both = [cast("Kernels", part).widen(channels, channels, generator) for part in (deep, flat)]
    cast("WideNorm", norm).widen(cast("CopiedChannels", both[1].grow))
    return both


class WideHalving(WideOperation):
    """Skip connections of stride 2: two convolutions 1x1, one of them a pixel further on."""

    repeats = False

    def __init__(self, positions: Sequence[int], channels: int, track: bool) -> None:
        """ValueError for an odd number of channels."""
        super().__init__(positions, channels)
        if channels % 2:
            raise ValueError(f"{channels} channels cannot be halved; take an even number")
        edges = len(self.positions)
        self.even = Kernels(edges, channels // 2, channels, 1, 1)
        self.odd = Kernels(edges, channels // 2, channels, 1, 1)
        self.norm = WideNorm(edges * channels, track)

    def every(self, x: Tensor, scale: Scale, dilation: int = 1) -> Tensor:
        """See `WideOperation`."""
        del dilation
        even, odd = self._halves(x, ALL)
        batch, _, height, width = even.shape
        shape = (batch, len(self.positions), self.channels // 2, height, width)
        both = torch.cat([even.view(shape), odd.view(shape)], dim=2)
        normed: Tensor = self.norm(channels_last(both.flatten(1, 2)), scale)
        return normed

    def one(self, x: Tensor, scale: Scale, edge: int, dilation: int = 1) -> Tensor:
        """See `WideOperation`."""
        del dilation
        half = self.channels // 2
        both = torch.cat(self._halves(x, slice(edge * half, (edge + 1) * half)), dim=1)
        chosen = slice(edge * self.channels, (edge + 1) * self.channels)
        normed: Tensor = self.norm(both, scale, chosen)
        return normed

    def _halves(self, x: Tensor, chosen: slice) -> tuple[Tensor, Tensor]:
        even, odd = both_halves(x)
        kernels = (_part(half.weight, chosen).to(x.dtype) for half in (self.even, self.odd))
        return conv2d(channels_last(even), next(kernels)), conv2d(channels_last(odd), next(kernels))

    def widen(self, channels: int, generator: torch.Generator) -> list[Grown]:
        """See `WideOperation`."""
        old = self.channels // 2
        grown = super().widen(channels, generator)
        grown += [k.widen(channels // 2, channels, generator) for k in (self.even, self.odd)]
        even, odd = (cast("CopiedChannels", one.grow) for one in grown)
        self.norm.widen(even.beside(odd, old))
        return grown


class WideNoise(WideOperation):
    """Standard normal numbers, of its own for every edge."""

    def __init__(self, positions: Sequence[int], channels: int, stride: int) -> None:
        super().__init__(positions, channels)
        self.stride = stride

    def every(self, x: Tensor, scale: Scale, dilation: int = 1) -> Tensor:
        """See `WideOperation`."""
        del dilation
        return self._run(x, scale)

    def one(self, x: Tensor, scale: Scale, edge: int, dilation: int = 1) -> Tensor:
        """See `WideOperation`."""
        del edge, dilation  # all are alike
        return self._run(x, scale)

    def _run(self, x: Tensor, scale: Scale) -> Tensor:
        drawn = torch.randn_like(x[:, :, :: self.stride, :: self.stride])
        if scale is None:
            return drawn
        return drawn * (scale.view(1, -1, 1, 1) if scale.dim() == 1 else scale).to(x.dtype)


def pointwise(x: Tensor, kernel: Tensor, groups: int) -> Tensor:
    """[B, n * C, H, W] by a matrix [C, C, 1, 1] for each of n groups."""
    return conv2d(x, kernel.to(x.dtype), groups=groups)


def to_blocks(x: Tensor) -> Tensor:
    """[B, C, H, W] of even sides to [4 * B, C, H / 2, W / 2]: each pixel of a 2 x 2 block apart."""
    batch, channels, height, width = x.shape
    blocks = x.permute(0, 2, 3, 1).reshape(batch, height // 2, 2, width // 2, 2, channels)
    each = blocks.permute(2, 4, 0, 1, 3, 5).reshape(4 * batch, height // 2, width // 2, channels)
    return each.permute(0, 3, 1, 2)


def from_blocks(x: Tensor) -> Tensor:
    """The inverse of `to_blocks`."""
    batch, channels, height, width = x.shape
    blocks = x.permute(0, 2, 3, 1).reshape(2, 2, batch // 4, height, width, channels)
    whole = blocks.permute(2, 3, 0, 4, 1, 5).reshape(batch // 4, 2 * height, 2 * width, channels)
    return whole.permute(0, 3, 1, 2)
