"""What leaves a node of a NAS-Bench-201 supernet, all operations of all its edges at once.

Maps are channels-last; a map [B, C, H, W] seen as a matrix is [B * H * W, C].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from nasbench_harness.spaces.nb201.mixing import Scales
from nasbench_harness.spaces.nb201.norms import EPS, MOMENTUM, Norm

aten = torch.ops.aten


def leave(  # noqa: PLR0913, PLR0917
    x: Tensor, conv3: Tensor, conv1: Tensor, scales: Scales, norm3: Norm, norm1: Norm
) -> Sequence[Tensor]:
    """What each of the n edges that leave a node brings to its target: n maps like `x`.

    `x` is [B, C, H, W], `conv3` [n * C, C, 3, 3] and `conv1` [n * C, C, 1, 1].
    """
    brought: Sequence[Tensor] = _Leave.apply(
        x, conv3, conv1, scales.conv3, scales.conv1, scales.skip, scales.pool, norm3, norm1
    )
    return brought


class _Leave(Function):
    """Written out by hand: no operation for what nobody needs, and a third of the memory."""

    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917
        ctx: Any, x: Tensor, conv3: Tensor, conv1: Tensor, scale3: Tensor, scale1: Tensor,
        skip: Tensor, pool: Tensor, norm3: Norm, norm1: Norm,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        rectified = torch.relu(x)
        pooled = aten.avg_pool2d(x, [3, 3], [1, 1], [1, 1], False, False)
        mixed, saved3 = _convolve(rectified, conv3, scale3, norm3)
        mixed1, saved1 = _convolve(rectified, conv1, scale1, norm1)
        mixed.add_(mixed1)
        total = mixed.permute(0, 2, 3, 1).view(-1, mixed.shape[1])  # a view, or an error
        total.addmm_(_as_matrix(x), skip).addmm_(_as_matrix(pooled), pool)
        ctx.norms = norm3, norm1
        needs_pooled = ctx.needs_input_grad[6]
        ctx.save_for_backward(
            x, rectified, pooled if needs_pooled else None,
            conv3, conv1, scale3, scale1, skip, pool, *saved3, *saved1,
        )  # fmt: skip
        return torch.split(mixed, x.shape[1], dim=1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, rectified, pooled, conv3, conv1, scale3, scale1, skip, pool, *saved = ctx.saved_tensors
        needs = ctx.needs_input_grad
        flat = torch.cat([_as_matrix(grad) for grad in grads], 1)
        wide = _as_map(flat, x)
        through3 = _back(wide, rectified, conv3, scale3, ctx.norms[0], saved[:3], needs[1::2])
        through1 = _back(wide, rectified, conv1, scale1, ctx.norms[1], saved[3:], needs[2::2])
        grad_skip = _as_matrix(x).T @ flat if needs[5] else None
        grad_pool = _as_matrix(pooled).T @ flat if needs[6] else None
        grad_x = None
        if needs[0]:
            grad_x = _as_map(flat @ skip.T, x)
            rectified_grad = through3[0].add_(through1[0])
            grad_x.add_(aten.threshold_backward(rectified_grad, rectified, 0))
            through_pool = _as_map(flat @ pool.T, x)
            grad_x.add_(
                aten.avg_pool2d_backward(
                    through_pool, x, [3, 3], [1, 1], [1, 1], False, False, None
                )
            )
        return (
            grad_x, through3[1], through1[1], through3[2], through1[2], grad_skip, grad_pool,
            None, None,
        )  # fmt: skip


def _convolve(
    x: Tensor, conv: Tensor, scale: Tensor, norm: Norm
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Convolution and scaled batch norm; with what the way back needs."""
    pad = [conv.shape[-1] // 2] * 2
    convolved = aten.convolution(x, conv, None, [1, 1], pad, [1, 1], False, [0, 0], 1)
    normed, mean, inverse = aten.native_batch_norm(
        convolved, scale, None, norm.mean, norm.var, norm.training, MOMENTUM, EPS
    )
    return normed, (convolved, mean, inverse)


def _back(  # noqa: PLR0913, PLR0917
    grad: Tensor, x: Tensor, conv: Tensor, scale: Tensor, norm: Norm,
    saved: Sequence[Tensor], needs: Sequence[bool],
) -> tuple[Tensor, Tensor | None, Tensor | None]:  # fmt: skip
    """Gradients of a `_convolve` in its input, its kernel (`needs[0]`) and scale (`needs[1]`)."""
    convolved, mean, inverse = saved
    through, grad_scale, _ = aten.native_batch_norm_backward(
        grad, convolved, scale, norm.mean, norm.var, mean, inverse, norm.training, EPS,
        [True, needs[1], False],
    )  # fmt: skip
    pad = [conv.shape[-1] // 2] * 2
    grad_x, grad_conv, _ = aten.convolution_backward(
        through, x, conv, None, [1, 1], pad, [1, 1], False, [0, 0], 1, [True, needs[0], False]
    )
    return grad_x, grad_conv, grad_scale


def _as_matrix(x: Tensor) -> Tensor:
    """[B, C, H, W], channels-last, to [B * H * W, C]."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def _as_map(matrix: Tensor, like: Tensor) -> Tensor:
    """The inverse of `_as_matrix`, for maps of the size of `like`."""
    batch, _, height, width = like.shape
    return matrix.view(batch, height, width, -1).permute(0, 3, 1, 2)
