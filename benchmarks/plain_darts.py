"""The DARTS supernet written the plain way: a module for every operation of every edge.

What the harness's supernet is measured and tested against. It is as published code does it: every
operation applies its own ReLU, every edge computes all its operations, and each output is
multiplied by its weight. Maps are NCHW unless whoever runs it says `channels_last`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, pad, relu

DARTS = (
    "none", "max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
    "dil_conv_3x3", "dil_conv_5x5",
)  # fmt: skip


class Norm(nn.BatchNorm2d):
    def __init__(self, channels: int, track: bool) -> None:
        super().__init__(channels, affine=False, track_running_stats=track)


class Halving(nn.Module):
    """Factorised reduction."""

    def __init__(self, inputs: int, outputs: int, track: bool) -> None:
        super().__init__()
        self.even = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(inputs, outputs // 2, 1, stride=2, bias=False)
        self.norm = Norm(outputs, track)

    def forward(self, x: Tensor) -> Tensor:
        x = relu(x)
        shifted = pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        normed: Tensor = self.norm(torch.cat([self.even(x), self.odd(shifted)], dim=1))
        return normed


class Zero(nn.Module):
    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, :: self.stride, :: self.stride] * 0.0


class Noise(Zero):
    def forward(self, x: Tensor) -> Tensor:
        return torch.randn_like(x[:, :, :: self.stride, :: self.stride])


def convolution(channels: int, kernel: int, stride: int, dilation: int, track: bool) -> nn.Module:
    """ReLU, depthwise, pointwise, batch norm."""
    padding = dilation * (kernel // 2)
    depthwise = nn.Conv2d(
        channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False
    )
    pointwise = nn.Conv2d(channels, channels, 1, bias=False)
    return nn.Sequential(nn.ReLU(), depthwise, pointwise, Norm(channels, track))


def operation(name: str, channels: int, stride: int, track: bool, pool_norms: bool) -> nn.Module:
    if name in {"none", "noise"}:
        return Zero(stride) if name == "none" else Noise(stride)
    if name == "skip_connect":
        return nn.Identity() if stride == 1 else Halving(channels, channels, track)
    if name.endswith("pool_3x3"):
        pool: nn.Module = (
            nn.MaxPool2d(3, stride, padding=1)
            if name.startswith("max")
            else nn.AvgPool2d(3, stride, padding=1, count_include_pad=False)
        )
        return nn.Sequential(pool, Norm(channels, track)) if pool_norms else pool
    kernel = int(name[-1])
    if name.startswith("dil"):
        return convolution(channels, kernel, stride, 2, track)
    return nn.Sequential(
        convolution(channels, kernel, stride, 1, track),
        convolution(channels, kernel, 1, 1, track),
    )


class PlainCell(nn.Module):
    def __init__(  # noqa: PLR0913
        self, options: Sequence[Sequence[str]], places: tuple[int, int, int], *, reduces: bool,
        halved: bool, track: bool, pool_norms: bool, partial: int, auxiliary: bool,
    ) -> None:  # fmt: skip
        """`places` are the channels of both inputs and of the nodes."""
        super().__init__()
        first, second, channels = places
        self.partial = partial
        self.weighs_edges = False  # does what bypasses the operations weigh what they do together
        self.before_last = (
            Halving(first, channels, track) if halved else self.read(first, channels, track)
        )
        self.last = self.read(second, channels, track)
        self.edges, self.beside = nn.ModuleList(), nn.ModuleList()
        edges = ((target, source) for target in count(2) for source in range(target))
        self.ends = [end for end, _ in zip(edges, options, strict=False)]
        for (_, source), names in zip(self.ends, options, strict=True):
            stride, inner = 2 if reduces and source < 2 else 1, channels // partial
            self.edges.append(
                nn.ModuleList(operation(name, inner, stride, track, pool_norms) for name in names)
            )
            if auxiliary:
                self.beside.append(operation("skip_connect", inner, stride, track, pool_norms))
        self.reduces = reduces

    @staticmethod
    def read(inputs: int, outputs: int, track: bool) -> nn.Module:
        convolution = nn.Conv2d(inputs, outputs, 1, bias=False)
        return nn.Sequential(nn.ReLU(), convolution, Norm(outputs, track))

    def edge(self, number: int, x: Tensor, weights: Tensor) -> Tensor:
        """One mixed edge; `weights` [K] or [B, K]."""
        inner = x.shape[1] // self.partial
        outer, x = x[:, inner:], x[:, :inner]
        total: Tensor | None = None
        for k, module in enumerate(self.edges[number]):  # type: ignore[arg-type]
            weight = weights[..., k]
            term = (weight[:, None, None, None] if weight.dim() else weight) * module(x)
            total = term if total is None else total + term
        assert total is not None
        if len(self.beside):
            total = total + self.beside[number](x)
        if self.partial == 1:
            return total
        if self.reduces and self.ends[number][1] < 2:
            outer = max_pool2d(outer, 2, 2, ceil_mode=True)
        if self.weighs_edges:
            share = weights.sum(dim=-1)
            outer = outer * (share[:, None, None, None] if share.dim() else share)
        mixed = torch.cat([total, outer], dim=1)
        batch, channels, height, width = mixed.shape
        groups = mixed.view(batch, self.partial, channels // self.partial, height, width)
        return groups.transpose(1, 2).reshape(mixed.shape)

    def forward(self, before_last: Tensor, last: Tensor, weights: Tensor) -> Tensor:
        states = [self.before_last(before_last), self.last(last)]
        while len(states) <= self.ends[-1][0]:
            entering = [n for n, (target, _) in enumerate(self.ends) if target == len(states)]
            brought = [self.edge(n, states[self.ends[n][1]], weights[..., n, :]) for n in entering]
            states.append(sum(brought[1:], brought[0]))
        return torch.cat(states[2:], dim=1)


class PlainDARTS(nn.Module):
    """The search network for small images, of any variant of the space."""

    def __init__(  # noqa: PLR0913
        self, classes: int = 10, width: int = 16, cells: int = 8, *,
        options: Sequence[Sequence[str]] = (DARTS,) * 28, kinds: int = 2, track: bool = True,
        pool_norms: bool = True, partial: int = 1, auxiliary: bool = False,
        channels_last: bool = False,
    ) -> None:  # fmt: skip
        """`options` are the names of each decision, those of the normal cell first."""
        super().__init__()
        self.channels_last = channels_last
        self.stem = nn.Sequential(
            nn.Conv2d(3, 3 * width, 3, padding=1, bias=False), nn.BatchNorm2d(3 * width)
        )
        self.edges = len(options) // kinds
        nodes = next(n for n in count() if sum(range(2, n + 2)) == self.edges)
        first = second = 3 * width
        halved = False
        self.reducing = [
            kinds > 1 and place in {cells // 3, 2 * cells // 3} for place in range(cells)
        ]
        self.cells = nn.ModuleList()
        for reduces in self.reducing:
            width *= 2 if reduces else 1
            own = options[self.edges :] if reduces else options[: self.edges]
            self.cells.append(
                PlainCell(
                    own, (first, second, width), reduces=reduces, halved=halved, track=track,
                    pool_norms=pool_norms, partial=partial, auxiliary=auxiliary,
                )
            )  # fmt: skip
            first, second, halved = second, nodes * width, reduces
        self.classifier = nn.Linear(nodes * width, classes)
        if channels_last:
            self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images: Tensor, weights: Tensor) -> Tensor:
        """`weights` [D, K], or [B, D, K] with one sample per example."""
        if self.channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        before_last = last = self.stem(images)
        for cell, reduces in zip(self.cells, self.reducing, strict=True):
            own = weights[..., self.edges :, :] if reduces else weights[..., : self.edges, :]
            before_last, last = last, cell(before_last, last, own)
        logits: Tensor = self.classifier(last.mean(dim=(2, 3)))
        return logits
