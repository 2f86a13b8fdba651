"""The NAS-Bench-201 supernet written the plain way: one module per operation per edge.

What the harness's supernet is measured and tested against. It is as published code does it: every
operation applies its own ReLU, every edge computes all its operations, and each output is
multiplied by its weight.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, relu

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.nb201.encoding import EDGES, NODES
from nasbench_harness.spaces.nb201.skeleton import Reduction


class _PerEdgeZero(nn.Module):
    """`none`, computed all the same."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 0.0


class _PerEdgeConv(nn.Module):
    """ReLU, convolution and batch norm."""

    def __init__(self, channels: int, kernel: int, track: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(channels, affine=False, track_running_stats=track)

    def forward(self, x: Tensor) -> Tensor:
        normed: Tensor = self.norm(self.conv(relu(x)))
        return normed


class _PerEdgePool(nn.Module):
    """Average pooling 3x3."""

    def forward(self, x: Tensor) -> Tensor:
        return avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


class _PerEdgeCell(nn.Module):
    """A cell with all operations of all edges."""

    def __init__(self, channels: int, track: bool) -> None:
        super().__init__()
        self.edges = nn.ModuleList(
            nn.ModuleList(
                [
                    _PerEdgeZero(), nn.Identity(), _PerEdgeConv(channels, 1, track),
                    _PerEdgeConv(channels, 3, track), _PerEdgePool(),
                ]
            )
            for _ in EDGES
        )  # fmt: skip

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        """`weights` [6, 5], or [B, 6, 5] with one sample per example."""
        nodes = [x]
        for node in range(1, NODES):
            total: Tensor | None = None
            for edge, (target, source) in enumerate(EDGES):
                if target != node:
                    continue
                for k, operation in enumerate(_in(self.edges[edge])):
                    weight = weights[..., edge, k]
                    weight = weight[:, None, None, None] if weight.dim() else weight
                    term = weight * operation(nodes[source])
                    total = term if total is None else total + term
            assert total is not None
            nodes.append(total)
        return nodes[-1]


class PerEdgeSupernet(nn.Module):
    """Images [B, C, H, W] and weights [6, 5] (or [B, 6, 5]) to logits [B, classes]."""

    def __init__(self, shape: NetworkShape, *, track_running_stats: bool = True) -> None:
        super().__init__()
        width, track = shape.width, track_running_stats
        self.stem = nn.Sequential(
            nn.Conv2d(shape.in_channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )
        widths = [width, 2 * width, 4 * width]
        self.stages = nn.ModuleList(
            nn.ModuleList(_PerEdgeCell(channels, track) for _ in range(shape.cells))
            for channels in widths
        )
        self.reductions = nn.ModuleList(map(Reduction, widths[:-1]))
        self.norm = nn.BatchNorm2d(widths[-1])
        self.classifier = nn.Linear(widths[-1], shape.classes)

    def forward(self, images: Tensor, weights: Tensor) -> Tensor:
        """Logits [B, classes]."""
        x = self.stem(images)
        for stage, cells in enumerate(self.stages):
            if stage:
                x = self.reductions[stage - 1](x)
            for cell in _in(cells):
                x = cell(x, weights)
        logits: Tensor = self.classifier(relu(self.norm(x)).mean(dim=(2, 3)))
        return logits


def _in(modules: nn.Module) -> Iterable[nn.Module]:
    return cast("nn.ModuleList", modules)


@torch.no_grad()
def copy_weights(plain: PerEdgeSupernet, supernet: nn.Module) -> None:
    """Give the plain supernet the weights of the harness's."""
    state = supernet.state_dict()
    own = {name: value for name, value in state.items() if name.startswith(("stem", "reductions"))}
    own |= {name.removeprefix("head."): v for name, v in state.items() if name.startswith("head.")}
    plain.load_state_dict(own, strict=False)
    for stage, cells in enumerate(plain.stages):
        for place, _ in enumerate(_in(cells)):
            for edge, (target, source) in enumerate(EDGES):
                for k, kernel in ((2, 1), (3, 3)):
                    wide = state[f"stages.{stage}.{place}.conv{kernel}.{source}.weight"]
                    channels = wide.shape[1]
                    first = (target - source - 1) * channels
                    conv = plain.get_parameter(
                        f"stages.{stage}.{place}.edges.{edge}.{k}.conv.weight"
                    )
                    conv.copy_(wide[first : first + channels])
