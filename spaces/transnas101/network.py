"""The stand-alone network of one cell, as TransNAS-Bench-101 trained it for classification.

Read in the authors' code, and checked by the parameters of the benchmark's models: stem, five
modules of cells, global average pool, linear classifier; every batch norm learns an affine map. In
the first cell of a module that halves the map, the edges that leave node 0 have stride 2 and twice
the channels; there a skip is a factorised reduction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.shared.cell import EDGES, NODES
from nasbench_harness.spaces.shared.halving import both_halves, every_other
from nasbench_harness.spaces.transnas101.encoding import OPERATIONS

MODULES = (True, False, True, False, True)
"""Does a module halve the map and double the channels: the 4, 1, 4, 1, 4 of the notation."""
KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
LEAST_SIZE = 64
"""Pixels of the smallest images whose map the stem quarters: tiles of the benchmark's puzzles.

Smaller ones keep their size in the stem, our own decision: a map of 32 pixels would have one left
after the second module, where all convolutions are the same. It changes no parameter.
"""


class StridedConvolution(nn.Module):
    """ReLU, convolution, batch norm."""

    def __init__(self, channels: int, kernel: int, stride: int, norm: nn.BatchNorm2d) -> None:
        """To as many channels as the norm has."""
        super().__init__()
        wide = norm.num_features
        self.picks = kernel == 1 and stride == 2
        self.conv = nn.Conv2d(
            channels, wide, kernel, stride=1 if self.picks else stride, padding=kernel // 2,
            bias=False,
        )  # fmt: skip
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, wide, H / stride, W / stride], rounded up."""
        x = relu(x)
        normed: Tensor = self.norm(self.conv(every_other(x) if self.picks else x))
        return normed


class FactorisedReduction(nn.Module):
    """ReLU, two 1x1 convolutions of every other pixel, the second a pixel on, batch norm."""

    def __init__(self, channels: int, norm: nn.BatchNorm2d) -> None:
        """To as many channels as the norm has."""
        super().__init__()
        wide = norm.num_features
        self.even = nn.Conv2d(channels, wide // 2, 1, bias=False)
        self.odd = nn.Conv2d(channels, wide - wide // 2, 1, bias=False)
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, wide, H / 2, W / 2], rounded up."""
        even, odd = both_halves(relu(x))
        normed: Tensor = self.norm(torch.cat([self.even(even), self.odd(odd)], dim=1))
        return normed


def cell_operation(
    name: str,
    channels: int,
    wide: int,
    make_norm: Callable[[int], nn.BatchNorm2d] = nn.BatchNorm2d,
) -> nn.Module:
    """One of the operations but `none`; at stride 2 where the channels grow."""
    stride = 1 if wide == channels else 2
    if name != "skip_connect":
        return StridedConvolution(channels, KERNELS[name], stride, make_norm(wide))
    return nn.Identity() if stride == 1 else FactorisedReduction(channels, make_norm(wide))


def no_signal(x: Tensor, wide: int) -> Tensor:
    """The zeros of a node that nothing reaches, where x is the cell's input."""
    stride = 1 if wide == x.shape[1] else 2
    return x.new_zeros(len(x), wide, *(-(-size // stride) for size in x.shape[2:]))


class TransNASCell(nn.Module):
    """A node is the sum of what its edges bring; edges named `target<-source`."""

    def __init__(self, choices: Sequence[int], channels: int, wide: int) -> None:
        super().__init__()
        self.wide = wide
        self.edges = nn.ModuleDict(
            {
                f"{target}<-{source}": cell_operation(
                    OPERATIONS[choice], wide if source else channels, wide
                )
                for choice, (target, source) in zip(choices, EDGES, strict=True)
                if OPERATIONS[choice] != "none"
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, wide, ...], of half the size where that is more channels."""
        nodes = [x]
        for target in range(1, NODES):
            names = [f"{target}<-{source}" for source in range(target)]
            brought = [
                self.edges[name](nodes[source])
                for source, name in enumerate(names)
                if name in self.edges
            ]
            nodes.append(sum(brought[1:], brought[0]) if brought else no_signal(x, self.wide))
        return nodes[-1]


class TransNASStem(nn.Module):
    """Two convolutions 3x3, each with its norm and a ReLU between; quarters the map."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        stride = 2 if min(shape.image_size) >= LEAST_SIZE else 1
        half = max(1, shape.width // 2)
        self.conv = nn.Conv2d(shape.in_channels, half, 3, stride=stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(half)
        self.second = StridedConvolution(half, 3, stride, nn.BatchNorm2d(shape.width))

    def forward(self, images: Tensor) -> Tensor:
        """[B, channels, H, W] to [B, width, H / 4, W / 4], of small images to [B, width, H, W]."""
        x: Tensor = self.second(self.norm(self.conv(images)))
        return x


class TransNASSkeleton(nn.Module):
    """Stem, modules and classifier around whatever stands for a cell."""

    def __init__(self, shape: NetworkShape, make_cell: Callable[[int, int], nn.Module]) -> None:
        """`make_cell` builds a cell from channels to channels, for each of its places."""
        super().__init__()
        self.shape = shape
        self.stem = TransNASStem(shape)
        self.cells = nn.ModuleList(make_cell(*widths) for widths in cell_widths(shape))
        wide = cell_widths(shape)[-1][1]
        self.classifier = nn.Linear(wide, shape.classes)
        for module in self.modules():  # as the authors begin
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def classify(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to logits [B, classes]."""
        logits: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return logits


def cell_widths(shape: NetworkShape) -> list[tuple[int, int]]:
    """Channels that go into each cell and come out of it, in the order data passes."""
    return list(_widths(shape.width, shape.cells))


def _widths(channels: int, cells: int) -> Iterator[tuple[int, int]]:
    for halves in MODULES:
        wide = 2 * channels if halves else channels
        yield channels, wide
        yield from [(wide, wide)] * (cells - 1)
        channels = wide


class TransNASNetwork(TransNASSkeleton):
    """A cell's network: images [B, channels, H, W] to logits [B, classes]."""

    def __init__(self, choices: Sequence[int], shape: NetworkShape) -> None:
        super().__init__(shape, lambda channels, wide: TransNASCell(choices, channels, wide))

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        x: Tensor = self.stem(images)
        for cell in self.cells:
            x = cell(x)
        return self.classify(x)
