"""What leaves a node of a NAS-Bench-201 supernet, all operations of all its edges at once.

Maps are channels-last; a map [B, C, H, W] seen as a matrix is [B * H * W, C].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from nasbench_harness.spaces.nb201.folding import Folded, fold, unfold
from nasbench_harness.spaces.nb201.mixing import Scales
from nasbench_harness.spaces.nb201.norms import EPS, MOMENTUM, Norm

FOLDED_ROWS = 4096
"""Pixels of a batch from which on folding is faster on a CPU."""

POOLING = [3, 3], [1, 1], [1, 1], False, False
"""Kernel, stride, padding; no ceiling, and what is padded does not count."""

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
    """Written out by hand: no operation for what nobody needs, and a third of the memory.

    On a host the 1x1 convolutions are folded, which takes fewer passes over maps. On a GPU, where
    launches count, they are convolved and normed like the others.
    """

    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917
        ctx: Any, x: Tensor, conv3: Tensor, conv1: Tensor, scale3: Tensor, scale1: Tensor,
        skip: Tensor, pool: Tensor, norm3: Norm, norm1: Norm,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        rectified = torch.relu(x)
        pooled = aten.avg_pool2d(x, *POOLING)
        ctx.norms, ctx.folds = (norm3, norm1), _folds(x)
        saved1: tuple[Tensor | None, ...]
        if ctx.folds:
            rows = as_matrix(rectified)
            saved1 = folded = fold(rows, conv1.flatten(1), scale1, norm1)
            mixed, saved3 = convolve(rectified, conv3, scale3, norm3, shift=folded.shift)
            total = _as_rows(mixed).addmm_(rows, folded.matrix.T)
        else:
            mixed, saved3 = convolve(rectified, conv3, scale3, norm3)
            mixed1, saved1 = convolve(rectified, conv1, scale1, norm1)
            total = _as_rows(mixed.add_(mixed1))
        total.addmm_(as_matrix(x), skip).addmm_(as_matrix(pooled), pool)
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
        flat = torch.cat([as_matrix(grad) for grad in grads], 1)
        wide = as_map(flat, x)
        through3 = convolve_back(
            wide, rectified, conv3, scale3, ctx.norms[0], saved[:3], needs[1::2], shifted=ctx.folds
        )
        if ctx.folds:
            through1 = _unfold(flat, rectified, conv1, scale1, saved[3:], through3, needs[2])
        else:
            through1 = convolve_back(
                wide, rectified, conv1, scale1, ctx.norms[1], saved[3:], needs[2::2]
            )
            through3.into.add_(through1.into)
        grad_skip = as_matrix(x).T @ flat if needs[5] else None
        grad_pool = as_matrix(pooled).T @ flat if needs[6] else None
        grad_x = None
        if needs[0]:
            grad_x = as_map(flat @ skip.T, x)
            grad_x.add_(aten.threshold_backward(through3.into, rectified, 0))
            through_pool = as_map(flat @ pool.T, x)
            grad_x.add_(aten.avg_pool2d_backward(through_pool, x, *POOLING, None))
        return (
            grad_x, through3.kernel, through1.kernel, through3.scale, through1.scale,
            grad_skip, grad_pool, None, None,
        )  # fmt: skip


def _folds(x: Tensor) -> bool:
    """Is the map large enough, and exact enough, for the moments to be the cheaper way."""
    rows = x.numel() // x.shape[1]
    exact = x.dtype in (torch.float32, torch.float64)
    return x.device.type == "cpu" and exact and rows >= FOLDED_ROWS


class Gradients(NamedTuple):
    """Gradients of a convolution with its norm."""

    into: Tensor
    """In its input."""
    kernel: Tensor | None
    scale: Tensor | None
    shift: Tensor | None


def convolve(  # noqa: PLR0913, PLR0917
    x: Tensor, conv: Tensor, scale: Tensor, norm: Norm, groups: int = 1,
    shift: Tensor | None = None,
) -> tuple[Tensor, tuple[Tensor, ...]]:  # fmt: skip
    """Convolution and scaled batch norm; with what the way back needs."""
    pad = [conv.shape[-1] // 2] * 2
    convolved = aten.convolution(x, conv, None, [1, 1], pad, [1, 1], False, [0, 0], groups)
    normed, mean, inverse = aten.native_batch_norm(
        convolved, scale, shift, norm.mean, norm.var, norm.training, MOMENTUM, EPS
    )
    return normed, (convolved, mean, inverse)


def convolve_back(  # noqa: PLR0913, PLR0917
    grad: Tensor, x: Tensor, conv: Tensor, scale: Tensor, norm: Norm,
    saved: Sequence[Tensor], needs: Sequence[bool], groups: int = 1, *, shifted: bool = False,
) -> Gradients:  # fmt: skip
    """Gradients of a `convolve` in its input, its kernel (`needs[0]`) and scale (`needs[1]`)."""
    convolved, mean, inverse = saved
    through, grad_scale, grad_shift = aten.native_batch_norm_backward(
        grad, convolved, scale, norm.mean, norm.var, mean, inverse, norm.training, EPS,
        [True, needs[1] or shifted, shifted],
    )  # fmt: skip
    pad = [conv.shape[-1] // 2] * 2
    grad_x, grad_conv, _ = aten.convolution_backward(
        through, x, conv, None, [1, 1], pad, [1, 1], False, [0, 0], groups, [True, needs[0], False]
    )
    return Gradients(grad_x, grad_conv, grad_scale if needs[1] else None, grad_shift)


def _unfold(  # noqa: PLR0913, PLR0917
    flat: Tensor, x: Tensor, conv: Tensor, scale: Tensor, saved: Sequence[Tensor],
    beside: Gradients, needs_kernel: bool,
) -> Gradients:  # fmt: skip
    """Gradients of a folded convolution; that in its input is added to the one `beside` it."""
    assert beside.shift is not None
    kernel, scale = unfold(
        flat, beside.shift, as_matrix(x), conv.flatten(1), scale, Folded(*saved),
        into=_as_rows(beside.into), needs_kernel=needs_kernel,
    )  # fmt: skip
    return Gradients(beside.into, None if kernel is None else kernel.view_as(conv), scale, None)


def as_matrix(x: Tensor) -> Tensor:
    """[B, C, H, W], channels-last, to [B * H * W, C]."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def _as_rows(x: Tensor) -> Tensor:
    """As `as_matrix`, to be written to: a view, or an error."""
    return x.permute(0, 2, 3, 1).view(-1, x.shape[1])


def as_map(matrix: Tensor, like: Tensor) -> Tensor:
    """The inverse of `as_matrix`, for maps of the size of `like`."""
    batch, _, height, width = like.shape
    return matrix.view(batch, height, width, -1).permute(0, 3, 1, 2)
