"""The operations of DARTS cells, as modules: images [B, C, H, W] to maps of the same channels.

Liu, Simonyan & Yang, ICLR 2019, and the authors' code; `sep_conv_7x7` as in UNAS' code, `noise` as
in RobustDARTS'. No convolution has a bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nasbench_harness.spaces.darts.encoding import DILATED, NONE, SEPARABLE, SKIP
from nasbench_harness.spaces.shared.halving import both_halves

POOLS = ("max_pool_3x3", "avg_pool_3x3")


@dataclass(frozen=True)
class Norms:
    """How the batch norms of a network are."""

    affine: bool = True
    """Do they learn a map; in evaluated networks, not in searched ones."""
    track: bool = True
    """Do they keep running statistics."""
    after_pools: bool = False
    """Is there one after a pooling; in DARTS' search network, nowhere else."""

    def make(self, channels: int) -> nn.BatchNorm2d:
        """One of so many channels."""
        return nn.BatchNorm2d(channels, affine=self.affine, track_running_stats=self.track)


class Preprocess(nn.Sequential):
    """ReLU, convolution 1x1, batch norm: an input of a cell brought to its channels."""

    def __init__(self, inputs: int, outputs: int, norms: Norms) -> None:
        convolution = nn.Conv2d(inputs, outputs, 1, bias=False)
        super().__init__(nn.ReLU(), convolution, norms.make(outputs))


class HalvingSkip(nn.Module):
    """Halves the maps: two convolutions 1x1 of stride 2, one of them a pixel further on.

    Maps of odd sides become (side + 1) / 2; what lies outside counts as 0.
    """

    def __init__(self, inputs: int, outputs: int, norms: Norms) -> None:
        """ValueError for an odd number of outputs."""
        if outputs % 2:
            raise ValueError(f"a width of {outputs} channels cannot be halved; take an even one")
        super().__init__()
        self.even = nn.Conv2d(inputs, outputs // 2, 1, bias=False)
        self.odd = nn.Conv2d(inputs, outputs // 2, 1, bias=False)
        self.norm = norms.make(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] to [B, outputs, H / 2, W / 2]."""
        even, odd = both_halves(torch.relu(x))
        normed: Tensor = self.norm(torch.cat([self.even(even), self.odd(odd)], dim=1))
        return normed


class SeparableConv(nn.Sequential):
    """Twice: ReLU, depthwise k x k, pointwise, batch norm; the first depthwise has the stride."""

    def __init__(self, channels: int, kernel: int, stride: int, norms: Norms) -> None:
        parts: list[nn.Module] = []
        for step in (stride, 1):
            parts += [
                nn.ReLU(),
                nn.Conv2d(
                    channels, channels, kernel, step, kernel // 2, groups=channels, bias=False
                ),
                nn.Conv2d(channels, channels, 1, bias=False),
                norms.make(channels),
            ]
        super().__init__(*parts)


class DilatedConv(nn.Sequential):
    """ReLU, depthwise k x k of dilation 2, pointwise, batch norm."""

    def __init__(self, channels: int, kernel: int, stride: int, norms: Norms) -> None:
        depthwise = nn.Conv2d(
            channels, channels, kernel, stride, kernel - 1, dilation=2, groups=channels, bias=False
        )
        super().__init__(
            nn.ReLU(), depthwise, nn.Conv2d(channels, channels, 1, bias=False), norms.make(channels)
        )


class Noise(nn.Module):
    """Standard normal numbers in the place of maps, whatever these are (RobustDARTS' S4)."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H / stride, W / stride]."""
        return torch.randn_like(x[:, :, :: self.stride, :: self.stride])


class Nothing(nn.Module):
    """`none`: zeros."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to [B, C, H / stride, W / stride]."""
        return x[:, :, :: self.stride, :: self.stride] * 0.0


def make_operation(name: str, channels: int, stride: int, norms: Norms) -> nn.Module:
    """The operation of that name; ValueError where the channels do not allow it."""
    if name in SEPARABLE:
        return SeparableConv(channels, SEPARABLE[name], stride, norms)
    if name in DILATED:
        return DilatedConv(channels, DILATED[name], stride, norms)
    if name in POOLS:
        pool = _pool(name, stride)
        return nn.Sequential(pool, norms.make(channels)) if norms.after_pools else pool
    if name == SKIP:
        return nn.Identity() if stride == 1 else HalvingSkip(channels, channels, norms)
    return Nothing(stride) if name == NONE else Noise(stride)


def _pool(name: str, stride: int) -> nn.Module:
    if name == "max_pool_3x3":
        return nn.MaxPool2d(3, stride=stride, padding=1)
    return nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)
