"""Mixed operations of a NAS-Bench-201 supernet, made cheap by what its edges share.

Every edge that leaves a node sees the same input, so ReLU and pooling are computed once per node
and the convolutions of its edges run as one wide convolution. Batch norm is per channel, so the
mixing weight of a convolution is the norm's affine weight; skip and pooling reach all edges by one
matrix product each. Nothing here asks the device for a number.

Maps are channels-last; a map [B, C, H, W] seen as a matrix is [B * H * W, C].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from nasbench_harness.spaces.nb201.encoding import EDGES, NODES, OPERATIONS

SKIP, CONV1, CONV3, POOL = (
    OPERATIONS.index(name)
    for name in ("skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
)
COMPUTED = (SKIP, CONV1, CONV3, POOL)
"""The operations that bring something; `none` brings nothing."""
LEAVING = tuple(
    tuple(edge for edge, (_, source) in enumerate(EDGES) if source == node)
    for node in range(NODES - 1)
)
"""The edges that leave each node, by ascending target."""
EPS, MOMENTUM = 1e-5, 0.1

aten = torch.ops.aten


@dataclass(frozen=True)
class Norm:
    """Running statistics of a batch norm (None: always the batch's own) and its mode."""

    mean: Tensor | None
    var: Tensor | None
    training: bool

    def part(self, start: int, channels: int) -> Norm:
        """Those of some of the channels; views, so that updates reach the whole."""
        if self.mean is None or self.var is None:
            return self
        mean, var = (values.narrow(0, start, channels) for values in (self.mean, self.var))
        return Norm(mean, var, self.training)


@dataclass(frozen=True)
class Scales:
    """The weights of the edges that leave one node, at one width."""

    conv3: Tensor
    """[edges * C], float32: the affine weight of the wide batch norm."""
    conv1: Tensor
    skip: Tensor
    """[C, edges * C]: one scaled identity per edge."""
    pool: Tensor


class Mixing:
    """The weights of one forward pass; what depends on them alone is computed once per width."""

    def __init__(
        self,
        weights: Tensor,
        active: Tensor | None,
        shifts: Tensor | None = None,
        skip_dropout: float = 0.0,
    ) -> None:
        """`weights` [D, K] or [B, D, K]; `active` bool [D, K] on the host, None for all.

        `shifts` [D] are numbers to add to what the edges bring, None for none; `skip_dropout` is
        the share of what skips pass on that is dropped out.

        Weights on the host that carry no gradient name their zeros themselves. Weights per example
        take the way that can be differentiated twice.
        """
        if active is None and weights.device.type == "cpu" and not weights.requires_grad:
            active = (weights != 0).reshape(-1, *weights.shape[-2:]).any(dim=0)
        self._active, self.skip_dropout = active, skip_dropout
        rows = [[True] * len(OPERATIONS)] * len(EDGES) if active is None else active.tolist()
        self.chosen = [[k for k in COMPUTED if row[k]] for row in rows]
        """Per edge the operations to compute."""
        self.weights = weights.to(torch.promote_types(weights.dtype, torch.float32))
        self._scales: dict[tuple[int, torch.dtype], list[Scales]] = {}
        self.shifts = None if shifts is None else _by_target(shifts)
        """By node, the sum of those of the edges that enter it."""

    @property
    def wide(self) -> bool:
        """Is every operation of every edge needed, with one weight for all examples."""
        complete = all(len(chosen) == len(COMPUTED) for chosen in self.chosen)
        return complete and self.weights.dim() == 2

    @cached_property
    def edges(self) -> list[Tensor]:
        """[D]: what each edge weighs altogether, a tensor of its own, [] or [B, 1, 1, 1]."""
        weights = self.weights
        if self._active is not None:
            weights = weights.masked_fill(~self._active.to(weights.device), 0.0)
        sums = weights.sum(dim=-1)
        return list(sums.unbind() if sums.dim() == 1 else sums.T[..., None, None, None].unbind())

    @cached_property
    def scalars(self) -> list[list[Tensor]]:
        """[D][K]: each weight as a tensor of its own, [] or [B, 1, 1, 1]."""
        weights = self.weights
        if weights.dim() == 3:
            weights = weights.permute(1, 2, 0)[..., None, None, None]
        return [list(row.unbind()) for row in weights.unbind()]

    def scales(self, channels: int, dtype: torch.dtype) -> list[Scales]:
        """One entry per node with leaving edges."""
        key = channels, dtype
        if key not in self._scales:
            self._scales[key] = _expand(self.weights, channels, dtype)
        return self._scales[key]


def _expand(weights: Tensor, channels: int, dtype: torch.dtype) -> list[Scales]:
    ordered = torch.stack([weights[edge] for edges in LEAVING for edge in edges])
    norms = ordered.unsqueeze(-1).expand(-1, -1, channels)
    identity = torch.eye(channels, dtype=dtype, device=weights.device).unsqueeze(1)
    matrices = ordered.to(dtype).unsqueeze(-1)
    sizes = [len(edges) * channels for edges in LEAVING]
    parts = [torch.split(norms[:, k].reshape(-1), sizes) for k in (CONV3, CONV1)]
    parts += [
        torch.split((identity * matrices[:, k]).reshape(channels, -1), sizes, dim=1)
        for k in (SKIP, POOL)
    ]
    return [Scales(*of_node) for of_node in zip(*parts, strict=True)]


def _by_target(shifts: Tensor) -> list[Tensor]:
    each = shifts.unbind()
    entering = [
        [e for e, (target, _) in zip(each, EDGES, strict=True) if target == node]
        for node in range(NODES)
    ]
    return [torch.stack(edges).sum() if edges else shifts.new_zeros(()) for edges in entering]


# --- everything that leaves a node -------------------------------------------------------------


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
        mixed, saved3 = convolve(rectified, conv3, scale3, norm3)
        mixed1, saved1 = convolve(rectified, conv1, scale1, norm1)
        mixed.add_(mixed1)
        total = mixed.permute(0, 2, 3, 1).view(-1, mixed.shape[1])  # a view, or an error
        total.addmm_(as_matrix(x), skip).addmm_(as_matrix(pooled), pool)
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
        flat = torch.cat([as_matrix(grad) for grad in grads], 1)
        wide = as_map(flat, x)
        through3 = convolve_back(
            wide, rectified, conv3, scale3, ctx.norms[0], saved[:3], needs[1::2]
        )
        through1 = convolve_back(
            wide, rectified, conv1, scale1, ctx.norms[1], saved[3:], needs[2::2]
        )
        grad_skip = as_matrix(x).T @ flat if needs[5] else None
        grad_pool = as_matrix(pooled).T @ flat if needs[6] else None
        grad_x = None
        if needs[0]:
            grad_x = as_map(flat @ skip.T, x)
            rectified_grad = through3[0].add_(through1[0])
            grad_x.add_(aten.threshold_backward(rectified_grad, rectified, 0))
            through_pool = as_map(flat @ pool.T, x)
            grad_x.add_(
                aten.avg_pool2d_backward(
                    through_pool, x, [3, 3], [1, 1], [1, 1], False, False, None
                )
            )
        return (
            grad_x, through3[1], through1[1], through3[2], through1[2], grad_skip, grad_pool,
            None, None,
        )  # fmt: skip


def convolve(
    x: Tensor, conv: Tensor, scale: Tensor, norm: Norm, groups: int = 1
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Convolution and scaled batch norm; with what the way back needs."""
    pad = [conv.shape[-1] // 2] * 2
    convolved = aten.convolution(x, conv, None, [1, 1], pad, [1, 1], False, [0, 0], groups)
    normed, mean, inverse = aten.native_batch_norm(
        convolved, scale, None, norm.mean, norm.var, norm.training, MOMENTUM, EPS
    )
    return normed, (convolved, mean, inverse)


def convolve_back(  # noqa: PLR0913, PLR0917
    grad: Tensor, x: Tensor, conv: Tensor, scale: Tensor, norm: Norm,
    saved: Sequence[Tensor], needs: Sequence[bool], groups: int = 1,
) -> tuple[Tensor, Tensor | None, Tensor | None]:  # fmt: skip
    """Gradients of a `convolve` in its input, its kernel (`needs[0]`) and scale (`needs[1]`)."""
    convolved, mean, inverse = saved
    through, grad_scale, _ = aten.native_batch_norm_backward(
        grad, convolved, scale, norm.mean, norm.var, mean, inverse, norm.training, EPS,
        [True, needs[1], False],
    )  # fmt: skip
    pad = [conv.shape[-1] // 2] * 2
    grad_x, grad_conv, _ = aten.convolution_backward(
        through, x, conv, None, [1, 1], pad, [1, 1], False, [0, 0], groups,
        [True, needs[0], False],
    )  # fmt: skip
    return grad_x, grad_conv, grad_scale


def as_matrix(x: Tensor) -> Tensor:
    """[B, C, H, W], channels-last, to [B * H * W, C]."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def as_map(matrix: Tensor, like: Tensor) -> Tensor:
    """The inverse of `as_matrix`, for maps of the size of `like`."""
    batch, _, height, width = like.shape
    return matrix.view(batch, height, width, -1).permute(0, 3, 1, 2)
