"""Cells of several NAS-Bench-201 supernets that are one, where each runs what it has picked.

Within a cell every run is by itself, in the shapes that it has alone: it costs what was picked, and
nothing of it depends on what others pick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from nasbench_harness.spaces.nb201.encoding import EDGES, NODES
from nasbench_harness.spaces.nb201.leaving import aten, convolve, convolve_back
from nasbench_harness.spaces.nb201.mixing import COMPUTED, CONV1, CONV3, LEAVING, SKIP
from nasbench_harness.spaces.nb201.norms import Norm
from nasbench_harness.spaces.nb201.pooling import pool, pool_back

Picks = Sequence[Sequence[Sequence[bool]]]
"""[R][D][K]: what every run has picked."""
KERNELS = [(source, option) for source in range(NODES - 1) for option in (CONV3, CONV1)]
"""The convolutions of a cell by the node they leave, and by option."""


def run_picked(  # noqa: PLR0913, PLR0917
    x: Tensor,
    weights: Tensor,
    shifts: Tensor | None,
    convs: Sequence[Tensor],
    norms: Sequence[Norm],
    picks: Picks,
) -> Tensor:
    """A cell of all runs, [B, R * C, H, W] to the same shape.

    `weights` are [R, D, K], `shifts` [R, NODES] what is added to nodes; `convs` and `norms` are by
    `KERNELS`, [R * n * C, C, k, k].
    """
    mixed: Tensor = _Picked.apply(x, weights, shifts, norms, picks, *convs)
    return mixed


class _Picked(Function):
    """Written out by hand: fewer operations than recorded ones, and none for what is in vain."""

    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917
        ctx: Any, x: Tensor, weights: Tensor, shifts: Tensor | None, norms: Sequence[Norm],
        picks: Picks, *convs: Tensor,
    ) -> Tensor:  # fmt: skip
        runs, options = len(weights), weights.shape[-1]
        maps = _apart(x, runs)
        channels = maps[0].shape[1]
        scalars = weights.to(x.dtype).flatten().unbind()
        scales = weights.flatten().unsqueeze(-1).expand(-1, channels).contiguous().unbind()
        added = None if shifts is None else shifts.to(x.dtype).flatten().unbind()
        kernels = {
            key: _pieces(conv, norm, channels)
            for key, conv, norm in zip(KERNELS, convs, norms, strict=True)
        }
        size = len(EDGES) * options
        ctx.runs = [
            _Run(
                picks[run], run, options, kernels, scalars[start : start + size],
                scales[start : start + size], None if added is None else added[run * NODES :],
            )
            for run, start in enumerate(range(0, runs * size, size))
        ]  # fmt: skip
        ctx.shape, ctx.convs, ctx.shifted = weights.shape, convs, shifts is not None
        brought = [own.forward(values) for own, values in zip(ctx.runs, maps, strict=True)]
        return torch.cat(brought, 1).contiguous(memory_format=torch.channels_last)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        needs_x, needs_weights, needs_shifts, _, _, *needs_convs = ctx.needs_input_grad
        found = _Found(needs_weights=needs_weights, needs_kernels=any(needs_convs))
        grads = _apart(grad, len(ctx.runs))
        into = [own.backward(each, found) for own, each in zip(ctx.runs, grads, strict=True)]
        grad_x = None
        if needs_x:
            each = [torch.zeros_like(grads[0]) if values is None else values for values in into]
            grad_x = torch.cat(each, 1).contiguous(memory_format=torch.channels_last)
        grad_shifts = grad_weights = None
        if needs_weights:
            grad_weights = found.of_weights(ctx.shape, grad)
        if needs_shifts:
            nothing = grad.new_zeros(())
            each = [own.sums.get(node, nothing) for own in ctx.runs for node in range(NODES)]
            grad_shifts = torch.stack(each).view(-1, NODES)
        by_conv = (
            found.of_kernel(key, conv) if found.needs_kernels else None
            for key, conv in zip(KERNELS, ctx.convs, strict=True)
        )
        return grad_x, grad_weights, grad_shifts, None, None, *by_conv


class _Piece(NamedTuple):
    """The convolution of an edge in a run."""

    conv: Tensor
    norm: Norm


class _Step(NamedTuple):
    """An option of an edge that was run."""

    source: int
    target: int
    edge: int
    option: int
    place: int
    """Of the piece, if it is a convolution."""
    kept: tuple[Tensor, ...]
    """What a convolution needs on the way back."""


@dataclass
class _Found:
    """Gradients that all runs of a cell have."""

    needs_weights: bool
    needs_kernels: bool
    kernels: dict[tuple[int, int], dict[int, Tensor]] = field(default_factory=dict)
    """By node and option those of the pieces."""
    scales: dict[int, Tensor] = field(default_factory=dict)
    """By place in [R, D, K] those of a norm's affine weight, [C]."""
    scalars: dict[int, Tensor] = field(default_factory=dict)

    def of_kernel(self, key: tuple[int, int], conv: Tensor) -> Tensor:
        """Of all pieces, 0 of those that were not run."""
        whole = torch.zeros_like(conv)
        if pieces := self.kernels.get(key):
            parts = whole.chunk(len(conv) // conv.shape[1])
            torch._foreach_copy_([parts[place] for place in pieces], list(pieces.values()))
        return whole

    def of_weights(self, shape: Sequence[int], like: Tensor) -> Tensor:
        """[R, D, K], 0 of what was not run."""
        found = dict(self.scalars)
        if self.scales:
            sums = torch.stack(list(self.scales.values())).sum(-1).unbind()
            found |= dict(zip(self.scales, sums, strict=True))
        nothing = like.new_zeros(())
        count = shape[0] * shape[1] * shape[2]
        return torch.stack([found.get(place, nothing) for place in range(count)]).view(*shape)


class _Run:
    """One run's pass of a cell, and the way back."""

    def __init__(  # noqa: PLR0913, PLR0917
        self, picks: Sequence[Sequence[bool]], run: int, options: int,
        kernels: Mapping[tuple[int, int], Sequence[_Piece]], scalars: Sequence[Tensor],
        scales: Sequence[Tensor], shifts: Sequence[Tensor] | None,
    ) -> None:  # fmt: skip
        self._picks, self._run, self._options = picks, run, options
        self._kernels, self._shifts = kernels, shifts
        self._scalars, self._scales = scalars, scales
        self._held: list[Tensor] = []
        self._made: dict[tuple[str, int], Tensor] = {}
        self._steps: list[_Step] = []
        self.sums: dict[int, Tensor] = {}
        """By node, of the gradient of what it holds."""

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W], channels-last, to the same shape."""
        nodes: list[Tensor | None] = [x, *[None] * (NODES - 1)]
        for source, edges in enumerate(LEAVING):
            self._held.append(self._hold(nodes[source], source))
            for position, edge in enumerate(edges):
                place = self._run * len(edges) + position
                for option in COMPUTED:
                    if self._picks[edge][option]:
                        step = _Step(source, EDGES[edge][0], edge, option, place, ())
                        nodes[step.target] = self._bring(nodes[step.target], step)
        return self._hold(nodes[-1], NODES - 1)

    def _hold(self, total: Tensor | None, node: int) -> Tensor:
        """What a node holds of what edges brought, which is written to."""
        if not node:
            return cast("Tensor", total)
        total = torch.zeros_like(self._held[0]) if total is None else total
        return total if self._shifts is None else total.add_(self._shifts[node])

    def _bring(self, total: Tensor | None, step: _Step) -> Tensor:
        """Run an option, and add what it brings."""
        at = step.edge * self._options + step.option
        if step.option in (CONV3, CONV1):
            piece = self._kernels[step.source, step.option][step.place]
            rectified = self._rectified(step.source)
            normed, kept = convolve(rectified, piece.conv, self._scales[at], piece.norm)
            self._steps.append(step._replace(kept=kept))
            return _plus(total, normed)
        self._steps.append(step)
        return _plus_product(total, self._passed(step), self._scalars[at])

    def _passed(self, step: _Step) -> Tensor:
        held = self._held[step.source]
        return held if step.option == SKIP else self._once("pooled", step.source, pool)

    def _rectified(self, source: int) -> Tensor:
        return self._once("rectified", source, torch.relu)

    def _once(self, name: str, source: int, make: Any) -> Tensor:
        if (name, source) not in self._made:
            self._made[name, source] = make(self._held[source])
        return self._made[name, source]

    def backward(self, grad: Tensor, found: _Found) -> Tensor | None:
        """The gradient in x for that in what came out; None where nothing leads there."""
        at: list[Tensor | None] = [*[None] * (NODES - 1), grad]
        for source in reversed(range(NODES - 1)):
            at[source] = self._back(source, at, found)
        if self._shifts is not None:
            self.sums = {node: g.sum() for node, g in enumerate(at) if node and g is not None}
        return at[0]

    def _back(self, source: int, at: Sequence[Tensor | None], found: _Found) -> Tensor | None:
        """The gradient in what a node holds, for those in its targets."""
        into: dict[int, Tensor | None] = {}
        for step in self._steps:
            grad = at[step.target]
            if step.source != source or grad is None:
                continue
            own = step.edge * self._options + step.option
            place = self._run * len(EDGES) * self._options + own
            if step.kept:
                into[CONV3] = _plus(into.get(CONV3), self._convolve_back(step, grad, place, found))
                continue
            if found.needs_weights:
                found.scalars[place] = (grad * self._passed(step)).sum()
            into[step.option] = _plus_product(into.get(step.option), grad, self._scalars[own])
        total = into.pop(SKIP, None)
        if (through := into.pop(CONV3, None)) is not None:
            rectified = self._rectified(source)
            total = _plus(total, aten.threshold_backward(through, rectified, 0))
        for pooled in into.values():
            total = _plus(total, pool_back(cast("Tensor", pooled), self._held[source]))
        return total

    def _convolve_back(self, step: _Step, grad: Tensor, place: int, found: _Found) -> Tensor:
        piece = self._kernels[step.source, step.option][step.place]
        scale = self._scales[step.edge * self._options + step.option]
        back = convolve_back(
            grad, self._rectified(step.source), piece.conv, scale, piece.norm, step.kept,
            (found.needs_kernels, found.needs_weights),
        )  # fmt: skip
        if back.kernel is not None:
            found.kernels.setdefault((step.source, step.option), {})[step.place] = back.kernel
        if back.scale is not None:
            found.scales[place] = back.scale
        return back.into


def _pieces(conv: Tensor, norm: Norm, channels: int) -> list[_Piece]:
    """The convolutions of all runs and edges; views, so that updates reach the whole."""
    count = len(conv) // channels
    norms = [norm] * count
    if norm.mean is not None and norm.var is not None:
        statistics = zip(norm.mean.chunk(count), norm.var.chunk(count), strict=True)
        norms = [Norm(mean, var, norm.training) for mean, var in statistics]
    return [_Piece(*of_one) for of_one in zip(conv.chunk(count), norms, strict=True)]


def _apart(x: Tensor, runs: int) -> Sequence[Tensor]:
    """Of [B, R * C, H, W] the runs' [B, C, H, W], channels-last, each in one piece."""
    apart: Tensor = torch.unflatten(x, 1, (runs, -1))
    in_pieces = apart.permute(1, 0, 3, 4, 2).contiguous()
    return in_pieces.permute(0, 1, 4, 2, 3).unbind()


def _plus(total: Tensor | None, values: Tensor) -> Tensor:
    """Added in place; nothing yet is 0."""
    return values if total is None else total.add_(values)


def _plus_product(total: Tensor | None, values: Tensor, scalar: Tensor) -> Tensor:
    return values * scalar if total is None else total.addcmul_(values, scalar)
