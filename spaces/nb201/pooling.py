"""Average pooling 3x3 that keeps height and width, where what is padded does not count.

It is a sum over neighbours, divided by how many there are. On a CPU such a sum is a depthwise
convolution with ones, which is three times as fast as torch's pooling and its way back.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

aten = torch.ops.aten

POOLING = [3, 3], [1, 1], [1, 1], False, False
"""Kernel, stride, padding; no ceiling, and what is padded does not count."""


def pool(x: Tensor) -> Tensor:
    """[B, C, H, W] to the same shape; outside the graph."""
    if not _sums(x):
        pooled: Tensor = aten.avg_pool2d(x, *POOLING)
        return pooled
    return _neighbours(x).mul_(_shares(*x.shape[2:], x.dtype))


def pool_back(grad: Tensor, x: Tensor) -> Tensor:
    """The gradient in `x` for one in what it pools to, a tensor that may be written to."""
    if not _sums(x):
        through: Tensor = aten.avg_pool2d_backward(grad, x, *POOLING, None)
        return through
    return _neighbours(grad.mul_(_shares(*x.shape[2:], x.dtype)))


def _sums(x: Tensor) -> bool:
    """Are there fast depthwise convolutions for it; a compiler writes its own pooling."""
    return (
        not torch.compiler.is_compiling()
        and x.device.type == "cpu"
        and x.dtype == torch.float32
        and bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
        and bool(torch.backends.mkldnn.enabled)
    )


def _neighbours(x: Tensor) -> Tensor:
    """The sum of every pixel and those around it."""
    channels = x.shape[1]
    ones = _ones(channels, x.dtype)
    summed: Tensor = aten.convolution(
        x, ones, None, [1, 1], [1, 1], [1, 1], False, [0, 0], channels
    )
    return summed


@lru_cache(maxsize=32)
def _ones(channels: int, dtype: torch.dtype) -> Tensor:
    return torch.ones(channels, 1, 3, 3, dtype=dtype)


@lru_cache(maxsize=32)
def _shares(height: int, width: int, dtype: torch.dtype) -> Tensor:
    """[H, W]: one over the number of pixels that count."""
    rows, columns = (_counts(size, dtype) for size in (height, width))
    return 1 / torch.outer(rows, columns)


def _counts(size: int, dtype: torch.dtype) -> Tensor:
    counts = torch.full((size,), 3, dtype=dtype)
    counts[0] -= 1
    counts[-1] -= 1
    return counts
