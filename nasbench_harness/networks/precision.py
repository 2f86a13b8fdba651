"""Arithmetic of a network in less than 32 bits, with its weights kept in 32."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd import Function

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
FP16_SCALE = 1024.0
"""fp16 gradients are this much larger on their way back, so that small ones do not vanish."""


class Precision:
    """fp32, bf16 or fp16; nothing of it waits for the device."""

    def __init__(self, name: Literal["fp32", "bf16", "fp16"], device: torch.device) -> None:
        self.device = device
        self.dtype = DTYPES.get(name)
        self.scale = FP16_SCALE if name == "fp16" else 1.0

    def __call__(self) -> AbstractContextManager[Any]:
        """Within it convolutions and products run in this precision."""
        if self.dtype is None:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def enlarge(self, loss: Tensor) -> Tensor:
        """The loss, with gradients enlarged from here on."""
        return loss if self.scale == 1.0 else _scale_gradient(loss, self.scale)

    def reduce(self, weights: Tensor) -> Tensor:
        """What the network is given, with gradients back to their true size."""
        return weights if self.scale == 1.0 else _scale_gradient(weights, 1 / self.scale)

    @torch.no_grad()
    def reduce_gradients(self, parameters: Iterable[Tensor]) -> None:
        """The same for parameters; what overflowed counts as no gradient."""
        if self.scale == 1.0:
            return
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.mul_(1 / self.scale).nan_to_num_(0.0, 0.0, 0.0)


class _ScaleGradient(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: float) -> Tensor:
        ctx.factor = factor
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return grad * ctx.factor, None


def _scale_gradient(x: Tensor, factor: float) -> Tensor:
    scaled: Tensor = _ScaleGradient.apply(x, factor)
    return scaled
