"""The stand-alone network of one NAS-Bench-201 cell, as the benchmark trained it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.nb201.encoding import EDGES, NODES, OPERATIONS
from nasbench_harness.spaces.nb201.skeleton import Skeleton

KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}


class ReLUConvNorm(nn.Module):
    """ReLU, convolution that keeps height and width, batch norm."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to the same shape."""
        normed: Tensor = self.norm(self.conv(relu(x)))
        return normed


def operation(name: str, channels: int) -> nn.Module | None:
    """One of the five operations; None for `none`, which brings nothing."""
    if name == "none":
        return None
    if name == "skip_connect":
        return nn.Identity()
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return ReLUConvNorm(channels, KERNELS[name])


class Cell(nn.Module):
    """A node is the sum of what its edges bring; edges named `target<-source`."""

    def __init__(self, choices: Sequence[int], channels: int) -> None:
        super().__init__()
        self.edges = nn.ModuleDict()
        for choice, (target, source) in zip(choices, EDGES, strict=True):
            built = operation(OPERATIONS[choice], channels)
            if built is not None:
                self.edges[f"{target}<-{source}"] = built

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to the same shape."""
        nodes = [x]
        for target in range(1, NODES):
            brought = [
                self.edges[f"{target}<-{source}"](nodes[source])
                for source in range(target)
                if f"{target}<-{source}" in self.edges
            ]
            nodes.append(sum(brought[1:], brought[0]) if brought else torch.zeros_like(x))
        return nodes[-1]


class Network(Skeleton):
    """A cell's network: images [B, channels, H, W] to logits [B, classes]."""

    def __init__(self, choices: Sequence[int], shape: NetworkShape) -> None:
        super().__init__(shape, lambda width: Cell(choices, width))

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        x: Tensor = self.stem(images)
        for _, block in self.blocks():
            x = block(x)
        logits: Tensor = self.head(x)
        return logits
