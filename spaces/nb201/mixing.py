"""Mixing weights of a NAS-Bench-201 supernet, made cheap by what its edges share.

Every edge that leaves a node sees the same input, so ReLU and pooling are computed once per node
and the convolutions of its edges run as one wide convolution. Batch norm is per channel, so the
mixing weight of a convolution is the norm's affine weight. Nothing here asks the device for a
number.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from nasbench_harness.hardware import onto
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


@dataclass(frozen=True)
class Scales:
    """The weights of the edges that leave one node, at one width."""

    conv3: Tensor
    """[edges * C], float32: the affine weight of the wide batch norm."""
    conv1: Tensor
    linear: Tensor
    """[2, edges], of the maps' type: of what is skipped and of what is pooled."""


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
        # No cached properties: in Python 3.11 they take a lock, which a compiler cannot trace.
        self._edges: list[Tensor] | None = None
        self._scalars: list[list[Tensor]] | None = None
        self._scales: dict[tuple[int, torch.dtype], list[Scales]] = {}
        self.shifts = None if shifts is None else _by_target(shifts)
        """By node, the sum of those of the edges that enter it."""

    @property
    def wide(self) -> bool:
        """Is every operation of every edge needed, with one weight for all examples."""
        complete = all(len(chosen) == len(COMPUTED) for chosen in self.chosen)
        return complete and self.weights.dim() == 2

    @property
    def edges(self) -> list[Tensor]:
        """[D]: what each edge weighs altogether, a tensor of its own, [] or [B, 1, 1, 1]."""
        if self._edges is None:
            self._edges = self._sums()
        return self._edges

    def _sums(self) -> list[Tensor]:
        weights = self.weights
        if self._active is not None:
            weights = weights.masked_fill(~onto(self._active, weights.device), 0.0)
        sums = weights.sum(dim=-1)
        return list(sums.unbind() if sums.dim() == 1 else sums.T[..., None, None, None].unbind())

    @property
    def scalars(self) -> list[list[Tensor]]:
        """[D][K]: each weight as a tensor of its own, [] or [B, 1, 1, 1]."""
        if self._scalars is None:
            weights = self.weights
            if weights.dim() == 3:
                weights = weights.permute(1, 2, 0)[..., None, None, None]
            self._scalars = [list(row.unbind()) for row in weights.unbind()]
        return self._scalars

    def scales(self, channels: int, dtype: torch.dtype) -> list[Scales]:
        """One entry per node with leaving edges."""
        key = channels, dtype
        if key not in self._scales:
            self._scales[key] = _expand(self.weights, channels, dtype)
        return self._scales[key]


def _expand(weights: Tensor, channels: int, dtype: torch.dtype) -> list[Scales]:
    ordered = torch.stack([weights[edge] for edges in LEAVING for edge in edges])
    wide = ordered.unsqueeze(-1).expand(-1, -1, channels)
    edges = [len(edges) for edges in LEAVING]
    sizes = [count * channels for count in edges]
    parts = [torch.split(wide[:, k].reshape(-1), sizes) for k in (CONV3, CONV1)]
    linear = torch.stack([ordered[:, k] for k in (SKIP, POOL)]).to(dtype)
    parts.append(torch.split(linear, edges, dim=1))
    return [Scales(*of_node) for of_node in zip(*parts, strict=True)]


def _by_target(shifts: Tensor) -> list[Tensor]:
    each = shifts.unbind()
    entering = [
        [e for e, (target, _) in zip(each, EDGES, strict=True) if target == node]
        for node in range(NODES)
    ]
    return [torch.stack(edges).sum() if edges else shifts.new_zeros(()) for edges in entering]
