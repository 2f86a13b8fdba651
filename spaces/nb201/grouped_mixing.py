"""Mixed operations of several NAS-Bench-201 supernets as one; see `mixing` for those of one.

Runs lie side by side in the channels: a map is [B, R * C, H, W], channels-last, and a convolution
has one group a run. Batch norm is per channel, and so per run as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from nasbench_harness.spaces.nb201.encoding import EDGES, NODES
from nasbench_harness.spaces.nb201.grouped_picks import Picks
from nasbench_harness.spaces.nb201.leaving import (
    as_map,
    as_matrix,
    aten,
    convolve,
    convolve_back,
)
from nasbench_harness.spaces.nb201.mixing import CONV1, CONV3, LEAVING, POOL, SKIP
from nasbench_harness.spaces.nb201.norms import Norm
from nasbench_harness.spaces.nb201.pooling import pool as pool_map
from nasbench_harness.spaces.nb201.pooling import pool_back


@dataclass(frozen=True)
class GroupedScales:
    """The weights of the n edges that leave one node, of R runs at one width."""

    conv3: Tensor
    """[R * n * C], float32 or more: the affine weight of the wide batch norm."""
    conv1: Tensor
    skip: Tensor
    """[R, n, 1]."""
    pool: Tensor


class GroupedMixing:
    """The weights of one forward pass of R runs; what depends on them alone is computed once."""

    def __init__(
        self, weights: Tensor, picks: Picks | None = None, shifts: Tensor | None = None
    ) -> None:
        """`weights` [R, D, K]; `picks` are what every run has picked, None: all options are run.

        `shifts` [R, D] are added to what the edges bring, where there are picks; None for none.
        """
        weights = weights.to(torch.promote_types(weights.dtype, torch.float32))
        self.weights, self.picks = weights, picks
        self.shifts = None if shifts is None else _by_target(shifts)
        """By node the sum of those of the edges that enter it, [R, NODES]."""
        ordered = torch.stack([weights[:, edge] for edges in LEAVING for edge in edges], dim=1)
        self._nodes = [
            rows.unbind(-1) for rows in torch.split(ordered, [len(edges) for edges in LEAVING], 1)
        ]
        self._scales: dict[tuple[int, torch.dtype], list[GroupedScales]] = {}

    def scales(self, channels: int, dtype: torch.dtype) -> list[GroupedScales]:
        """One entry per node with leaving edges; `channels` are those of a run."""
        key = channels, dtype
        if key not in self._scales:
            self._scales[key] = [
                GroupedScales(
                    *(
                        rows[k].unsqueeze(-1).expand(-1, -1, channels).reshape(-1)
                        for k in (CONV3, CONV1)
                    ),
                    *(rows[k].unsqueeze(-1).to(dtype) for k in (SKIP, POOL)),
                )
                for rows in self._nodes
            ]
        return self._scales[key]


def _by_target(shifts: Tensor) -> Tensor:
    """Without indices, which would have to come to a device."""
    each = shifts.unbind(dim=-1)
    nothing = torch.zeros_like(each[0])
    entering = [
        [e for e, (target, _) in zip(each, EDGES, strict=True) if target == node]
        for node in range(NODES)
    ]
    return torch.stack([sum(edges, nothing) for edges in entering], dim=-1)


def leave_together(  # noqa: PLR0913, PLR0917
    x: Tensor, conv3: Tensor, conv1: Tensor, scales: GroupedScales, norm3: Norm, norm1: Norm
) -> Sequence[Tensor]:
    """What each of the n edges that leave a node brings to its target: n maps like `x`.

    `x` is [B, R * C, H, W], `conv3` [R * n * C, C, 3, 3] and `conv1` [R * n * C, C, 1, 1].
    """
    brought: Sequence[Tensor] = _LeaveTogether.apply(
        x, conv3, conv1, scales.conv3, scales.conv1, scales.skip, scales.pool, norm3, norm1
    )
    return brought


class _LeaveTogether(Function):
    """Written out by hand: a matrix [M, R, n, C] holds what every edge brings, M = B * H * W."""

    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917
        ctx: Any, x: Tensor, conv3: Tensor, conv1: Tensor, scale3: Tensor, scale1: Tensor,
        skip: Tensor, pool: Tensor, norm3: Norm, norm1: Norm,
    ) -> tuple[Tensor, ...]:  # fmt: skip
        runs, edges, _ = skip.shape
        rectified, pooled = torch.relu(x), pool_map(x)
        mixed, saved3 = convolve(rectified, conv3, scale3, norm3, runs)
        mixed1, saved1 = convolve(rectified, conv1, scale1, norm1, runs)
        mixed.add_(mixed1)
        apart = (-1, runs, 1, x.shape[1] // runs)
        total = mixed.permute(0, 2, 3, 1).view(-1, runs, edges, apart[3])  # a view, or an error
        total.addcmul_(as_matrix(x).view(apart), skip)
        total.addcmul_(as_matrix(pooled).view(apart), pool)
        ctx.norms = norm3, norm1
        ctx.save_for_backward(
            x, rectified, pooled if ctx.needs_input_grad[6] else None,
            conv3, conv1, scale3, scale1, skip, pool, *saved3, *saved1,
        )  # fmt: skip
        return tuple(
            as_map(brought, x) for brought in total.transpose(1, 2).transpose(0, 1).contiguous()
        )

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, rectified, pooled, conv3, conv1, scale3, scale1, skip, pool, *saved = ctx.saved_tensors
        needs, runs = ctx.needs_input_grad, len(skip)
        apart = (-1, runs, 1, x.shape[1] // runs)
        flat = torch.cat([as_matrix(grad).view(apart) for grad in grads], 2)
        wide = as_map(flat, x)
        through3 = convolve_back(
            wide, rectified, conv3, scale3, ctx.norms[0], saved[:3], needs[1::2], runs
        )
        through1 = convolve_back(
            wide, rectified, conv1, scale1, ctx.norms[1], saved[3:], needs[2::2], runs
        )
        grad_skip, grad_pool = (
            (flat * as_matrix(values).view(apart)).sum((0, 3)).unsqueeze(-1) if needed else None
            for values, needed in ((x, needs[5]), (pooled, needs[6]))
        )
        grad_x = None
        if needs[0]:
            grad_x = as_map((flat * skip).sum(2), x)
            rectified_grad = through3.into.add_(through1.into)
            grad_x.add_(aten.threshold_backward(rectified_grad, rectified, 0))
            through_pool = as_map((flat * pool).sum(2), x)
            grad_x.add_(pool_back(through_pool, x))
        return (
            grad_x, through3.kernel, through1.kernel, through3.scale, through1.scale,
            grad_skip, grad_pool, None, None,
        )  # fmt: skip
