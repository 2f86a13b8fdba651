"""Depthwise convolutions whose kernels' gradients are quick on a CPU.

oneDNN finds the gradient of a depthwise kernel quickly where this is at most three wide; one five
or seven wide takes ten times as long. Such a gradient is put together from parts three wide here.
A part of the kernel that begins s pixels from its left reads the maps s pixels further on: all
parts read one buffer, each from its own beginning, in which what lies outside of a line's ends is
the same few zeros that stand between one line and the next.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import conv2d, pad

FAST = 3
"""Widest kernel whose gradient is quick."""
PARTS = {(5, 1): (0, 2), (5, 2): (0, 2), (7, 1): (0, 3, 4)}
"""By width and stride, where parts begin; others are not quicker for it."""

aten = torch.ops.aten


def depthwise(x: Tensor, kernel: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
    """[B, c, H, W], channels-last, by a kernel [c, 1, k, k] a channel; sides become H / stride."""
    kernel = kernel.to(x.dtype)
    learns = kernel.requires_grad and torch.is_grad_enabled()
    in_parts = (kernel.shape[-1], stride) in PARTS and dilation == 1 and x.dtype == torch.float32
    if learns and in_parts and x.device.type == "cpu":
        convolved: Tensor = _InParts.apply(x, kernel, stride)
        return convolved
    padding = dilation * (kernel.shape[-1] // 2)
    return conv2d(x, kernel, None, stride, padding, dilation, len(kernel))


class _InParts(Function):
    """Convolution with a gradient of the kernel in parts."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(x, kernel)
        ctx.stride = stride
        sides = [kernel.shape[-1] // 2] * 2
        convolved: Tensor = aten.convolution(
            x, kernel, None, [stride] * 2, sides, [1, 1], False, [0, 0], len(kernel)
        )
        return convolved

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor, None]:
        x, kernel = ctx.saved_tensors
        grad_x = None
        if ctx.needs_input_grad[0]:
            sides = [kernel.shape[-1] // 2] * 2
            grad_x = _back(grad, x, kernel, ctx.stride, sides)[0]
        return grad_x, kernel_gradient(grad, x, kernel, ctx.stride), None


def kernel_gradient(grad: Tensor, x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """[c, 1, k, k], of the gradient [B, c, H / stride, W / stride] behind the convolution."""
    width = kernel.shape[-1]
    starts, side = PARTS[width, stride], width // 2
    batch, channels, height, _ = x.shape
    buffer, line = _with_zeros(x, side, starts[-1])
    strides = (height * line * channels, 1, line * channels, channels)
    excess = (line - FAST) // stride + 1 - grad.shape[3]
    if excess:
        grad = pad(grad, (0, excess)).contiguous(memory_format=torch.channels_last)
    found, known, part = [], 0, kernel[..., :FAST]
    for start in starts:
        moved = buffer.as_strided((batch, channels, height, line), strides, start * channels)
        own = _back(grad, moved, part, stride, [side, 0])[1]
        found.append(own[..., known - start :] if known > start else own)
        known = start + FAST
    return torch.cat(found, dim=-1)


def _with_zeros(x: Tensor, zeros: int, further: int) -> tuple[Tensor, int]:
    """All pixels in order, each line behind so many zero ones, and the length of such a line.

    There are as many zero pixels at the end as a view that begins `further` on needs.
    """
    batch, channels, height, width = x.shape
    line, lines = zeros + width, batch * height
    pitch = line * channels
    buffer = x.new_empty(lines * pitch + max(zeros, further) * channels)
    buffer.as_strided((lines + 1, zeros * channels), (pitch, 1)).zero_()
    if further > zeros:
        buffer[lines * pitch :].zero_()
    strides = (height * pitch, 1, pitch, channels)
    buffer.as_strided(x.shape, strides, zeros * channels).copy_(x)
    return buffer, line


def _back(
    grad: Tensor, x: Tensor, kernel: Tensor, stride: int, sides: list[int]
) -> tuple[Tensor | None, Tensor]:
    """The gradient of the maps where they are padded alike, else that of the kernel."""
    alike = sides[0] == sides[1]
    found: tuple[Tensor | None, Tensor, None] = aten.convolution_backward(
        grad, x, kernel, None, [stride] * 2, sides, [1, 1], False, [0, 0], len(kernel),
        [alike, not alike, False],
    )  # fmt: skip
    return found[0], found[1]
