"""What is drawn on the host and run on a device."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from nasbench_harness.hardware import onto


class _Placed(Function):
    """Copies on a device, whose gradients come back in one piece."""

    @staticmethod
    def forward(ctx: Any, device: torch.device, *tensors: Tensor) -> tuple[Tensor, ...]:
        ctx.shapes = [tensor.shape for tensor in tensors]
        return tuple(onto(tensor, device) for tensor in tensors)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        together = torch.cat([gradient.flatten() for gradient in gradients]).cpu()
        parts = torch.split(together, [shape.numel() for shape in ctx.shapes])
        pairs = zip(parts, ctx.shapes, strict=True)
        return (None, *(part.view(shape) for part, shape in pairs))


def placed(device: torch.device, *tensors: Tensor) -> tuple[Tensor, ...]:
    """Tensors of one dtype on a device, without the host waiting for it; those there stay as they
    are.

    A few numbers are meant, which need no pinned memory. The gradients of all come back together:
    then the host waits, once.
    """
    if all(tensor.device == device for tensor in tensors):
        return tensors
    if not any(tensor.requires_grad for tensor in tensors):
        return tuple(onto(tensor, device) for tensor in tensors)
    moved: tuple[Tensor, ...] = _Placed.apply(device, *tensors)
    return moved
