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
from nasbench_harness.spaces.nb201.pooling import pool, pool_back

FOLDED_ROWS = 4096
"""Pixels of a batch from which on folding is faster on a CPU."""

NARROW = 16
"""Channels up to which a CPU adds a map to several others faster by a product of matrices."""

aten = torch.ops.aten


def leave(  # noqa: PLR0913, PLR0917
    x: Tensor, conv3: Tensor, conv1: Tensor, scales: Scales, norm3: Norm, norm1: Norm
) -> Sequence[Tensor]:
    """What each of the n edges that leave a node brings to its target: n maps like `x`.

    `x` is [B, C, H, W], `conv3` [n * C, C, 3, 3] and `conv1` [n * C, C, 1, 1].
    """
    brought: Sequence[Tensor] = _Leave.apply(
        x, conv3, conv1, scales.conv3, scales.conv1, scales.linear, norm3, norm1
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
        linear: Tensor, norm3: Norm, norm1: Norm,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        rectified, pooled = torch.relu(x), pool(x)
        ctx.norms, ctx.folds = (norm3, norm1), _folds(x)
        saved1: tuple[Tensor | None, ...]
        if ctx.folds:
            rows = as_matrix(rectified)
            saved1 = folded = fold(rows, conv1.flatten(1), scale1, norm1)
            mixed, saved3 = convolve(rectified, conv3, scale3, norm3, shift=folded.shift)
            _as_rows(mixed).addmm_(rows, folded.matrix.T)
        else:
            mixed, saved3 = convolve(rectified, conv3, scale3, norm3)
            mixed1, saved1 = convolve(rectified, conv1, scale1, norm1)
            mixed.add_(mixed1)
        _add_to_each(mixed, (x, pooled), linear)
        ctx.save_for_backward(
            rectified, *((x, pooled) if ctx.needs_input_grad[5] else (None, None)),
            conv3, conv1, scale3, scale1, linear, *saved3, *saved1,
        )  # fmt: skip
        return torch.split(mixed, x.shape[1], dim=1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        rectified, x, pooled, conv3, conv1, scale3, scale1, linear, *saved = ctx.saved_tensors
        needs = ctx.needs_input_grad
        grads = tuple(grad.contiguous(memory_format=torch.channels_last) for grad in grads)
        wide = torch.cat(grads, 1) if len(grads) > 1 else grads[0]
        grad_linear = _products((x, pooled), grads, wide) if needs[5] else None
        if not any(needs[:3]):
            by_scales = _scales_back(wide, rectified, conv1, (scale3, scale1), ctx, saved)
            return None, None, None, *by_scales, grad_linear, None, None
        through3 = convolve_back(
            wide, rectified, conv3, scale3, ctx.norms[0], saved[:3], needs[1::2], shifted=ctx.folds
        )
        if ctx.folds:
            through1 = _unfold(as_matrix(wide), rectified, conv1, saved[3:], through3, needs[2])
        else:
            through1 = convolve_back(
                wide, rectified, conv1, scale1, ctx.norms[1], saved[3:], needs[2::2]
            )
            through3.into.add_(through1.into)
        grad_x = None
        if needs[0]:
            grad_x = through3.into
            aten.threshold_backward.grad_input(grad_x, rectified, 0, grad_input=grad_x)
            skipped, averaged = linear.unbind()
            _add_weighed(grad_x, grads, skipped)
            grad_x.add_(pool_back(_add_weighed(None, grads, averaged), rectified))
        return (
            grad_x, through3.kernel, through1.kernel, through3.scale, through1.scale,
            grad_linear, None, None,
        )  # fmt: skip


def _add_to_each(wide: Tensor, maps: Sequence[Tensor], scales: Tensor) -> None:
    """Add maps like `x`, as weighed by `scales` [maps, n], to the n that lie side by side."""
    channels = maps[0].shape[1]
    last = wide.permute(0, 2, 3, 1)
    if wide.device.type == "cpu" and channels <= NARROW:
        identity = torch.eye(channels, dtype=wide.dtype)
        spread = scales.unsqueeze(1).unsqueeze(3) * identity.unsqueeze(1)  # [maps, C, n, C]
        total = last.view(-1, wide.shape[1])
        for values, matrix in zip(maps, spread.flatten(2).unbind(), strict=True):
            total.addmm_(as_matrix(values), matrix)
        return
    each = last.view(*last.shape[:3], -1, channels)
    for values, scale in zip(maps, scales.unsqueeze(-1).unbind(), strict=True):
        each.addcmul_(values.permute(0, 2, 3, 1).unsqueeze(3), scale)


def _add_weighed(total: Tensor | None, maps: Sequence[Tensor], scales: Tensor) -> Tensor:
    """Add n maps, as weighed, to `total`, in place; None begins with zero."""
    for values, scale in zip(maps, scales.unbind(), strict=True):
        total = values * scale if total is None else total.addcmul_(values, scale)
    assert total is not None
    return total


def _products(maps: Sequence[Tensor], grads: Sequence[Tensor], wide: Tensor) -> Tensor:
    """[maps, n]: of each map with each of n gradients, which lie side by side in `wide`."""
    if _exact_on_cpu(wide):
        flat = [grad.permute(0, 2, 3, 1).reshape(-1) for grad in grads]
        ours = [values.permute(0, 2, 3, 1).reshape(-1) for values in maps]
        return torch.stack([a.dot(b) for a in ours for b in flat]).view(len(maps), -1)
    channels = maps[0].shape[1]
    matrix = as_matrix(wide)
    blocks = [(as_matrix(values).T @ matrix).view(channels, -1, channels) for values in maps]
    return torch.stack(blocks).diagonal(dim1=1, dim2=3).sum(dim=-1)


def _folds(x: Tensor) -> bool:
    """Is the map large enough, and exact enough, for the moments to be the cheaper way."""
    return _exact_on_cpu(x) and x.numel() // x.shape[1] >= FOLDED_ROWS


def _exact_on_cpu(x: Tensor) -> bool:
    return x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)


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
    flat: Tensor, x: Tensor, conv: Tensor, saved: Sequence[Tensor], beside: Gradients,
    needs_kernel: bool,
) -> Gradients:  # fmt: skip
    """Gradients of a folded convolution; that in its input is added to the one `beside` it."""
    assert beside.shift is not None
    kernel, scale = unfold(
        flat, beside.shift, as_matrix(x), conv.flatten(1), Folded(*saved),
        into=_as_rows(beside.into), needs_kernel=needs_kernel,
    )  # fmt: skip
    return Gradients(beside.into, None if kernel is None else kernel.view_as(conv), scale, None)


def _scales_back(  # noqa: PLR0913, PLR0917
    grad: Tensor, x: Tensor, conv1: Tensor, scales: Sequence[Tensor], ctx: Any,
    saved: Sequence[Tensor],
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Gradients in the scales of both convolutions where nothing else has one: two sums."""

    def sums(scale: Tensor, norm: Norm, saved: Sequence[Tensor]) -> Sequence[Tensor]:
        convolved, mean, inverse = saved
        _, by_scale, by_shift = aten.native_batch_norm_backward(
            grad, convolved, scale, norm.mean, norm.var, mean, inverse, norm.training, EPS,
            [False, True, True],
        )  # fmt: skip
        return by_scale, by_shift

    by_scale3, by_shift = sums(scales[0], ctx.norms[0], saved[:3])
    if not ctx.folds:
        return by_scale3, sums(scales[1], ctx.norms[1], saved[3:])[0]
    by_scale1 = unfold(
        as_matrix(grad), by_shift, as_matrix(x), conv1.flatten(1), Folded(*saved[3:]),
        into=None, needs_kernel=False,
    )[1]  # fmt: skip
    return by_scale3, by_scale1


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
