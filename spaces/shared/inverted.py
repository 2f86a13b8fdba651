"""Inverted residual blocks, and the convolutions that they and their networks are made of."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn


class SteadyNorm(nn.BatchNorm2d):
    """Batch norm that survives a single image whose map is a single pixel.

    Eight pixels a side are one behind three strides, and the last batch of an epoch may be one
    image: a channel then has one value, and no variance. It is normalised as in evaluation; without
    running statistics it is 0 before the affine map, which is what the formula gives.
    """

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to the same shape."""
        if x.numel() > x.shape[1] or not (self.training or self.running_mean is None):
            return super().forward(x)
        if self.running_mean is None or self.running_var is None:
            normed = x - x
        else:
            centred = x - self.running_mean.view(1, -1, 1, 1)
            normed = centred * (self.running_var + self.eps).rsqrt().view(1, -1, 1, 1)
        return normed * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)


class BlockStyle(NamedTuple):
    """What all convolutions of a network have alike."""

    activation: type[nn.Module] = nn.ReLU
    eps: float = 1e-5
    """Of the batch norms."""
    track: bool = True
    """Do these keep running statistics."""


PLAIN = BlockStyle()


class ConvNorm(nn.Sequential):
    """Convolution without bias, batch norm, and an activation unless it is linear."""

    def __init__(  # noqa: PLR0913 - what a convolution is
        self, inputs: int, outputs: int, kernel: int = 1, *, stride: int = 1, groups: int = 1,
        linear: bool = False, style: BlockStyle = PLAIN,
    ) -> None:  # fmt: skip
        convolution = nn.Conv2d(
            inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False
        )
        norm = SteadyNorm(outputs, eps=style.eps, track_running_stats=style.track)
        super().__init__(convolution, norm, *([] if linear else [style.activation()]))


class MBConv(nn.Module):
    """Inverted residual: expand, depthwise, project, and the input may be added.

    One that expands by 1 has no convolution for it.
    """

    def __init__(  # noqa: PLR0913 - what a block is
        self, inputs: int, outputs: int, stride: int, block: tuple[int, int], *,
        residual: bool, style: BlockStyle = PLAIN,
    ) -> None:  # fmt: skip
        """`block` is kernel size and expansion ratio; `residual`: is the input added."""
        super().__init__()
        kernel, expansion = block
        hidden = expansion * inputs
        self.block = nn.Sequential(
            *([ConvNorm(inputs, hidden, style=style)] if expansion > 1 else []),
            ConvNorm(hidden, hidden, kernel, stride=stride, groups=hidden, style=style),
            ConvNorm(hidden, outputs, linear=True, style=style),
        )
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        """[B, inputs, H, W] to [B, outputs, H / stride, W / stride]."""
        made: Tensor = self.block(x)
        return made + x if self.residual else made
