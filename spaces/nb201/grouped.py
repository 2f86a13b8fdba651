"""Several NAS-Bench-201 supernets of one shape as one wide network, each with its own weights.

A pass of all dispatches hardly more operations than one of a single supernet: what a processor
that waits for its orders gains by. Every run has its own images, mixing weights and statistics.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from nasbench_harness.hardware import onto
from nasbench_harness.spaces.nb201.grouped_choices import (
    CellPaths,
    Statistics,
    chosen_options,
)
from nasbench_harness.spaces.nb201.grouped_mixing import GroupedMixing
from nasbench_harness.spaces.nb201.grouped_parts import (
    GroupedCell,
    GroupedConv,
    GroupedHead,
    GroupedModule,
    GroupedNorm,
    GroupedReduction,
)
from nasbench_harness.spaces.nb201.shared_weights import CellSupernet, MixedCell
from nasbench_harness.spaces.nb201.skeleton import Reduction
from nasbench_harness.spaces.shared.mixing import PlainSupernet


class GroupedSupernet(PlainSupernet):
    """R supernets stepped as one; see `nasbench_harness.contracts.Supernet` for a single one.

    Parameters have the R runs' one after another in their first dimension. The single supernets
    share their memory, and so have at every time their own weights and statistics.
    """

    def __init__(self, singles: Sequence[CellSupernet]) -> None:
        """ValueError where they are not of one shape, or some channels bypass the operations."""
        super().__init__()
        first = singles[0]
        if any(each.shape != first.shape for each in singles):
            raise ValueError("networks of different shapes cannot be one")
        if any(each.partial > 1 or each.skip_dropout for each in singles):
            raise ValueError(
                "networks with partial channels or dropped out skips cannot be one with others"
            )
        self.runs = len(singles)
        convs, norms = zip(*(each.stem.children() for each in singles), strict=True)
        self.stem = nn.Sequential(GroupedConv(convs), GroupedNorm(norms))
        self.blocks = nn.ModuleList(
            GroupedReduction(cast("list[Reduction]", blocks))
            if isinstance(blocks[0], Reduction)
            else GroupedCell(cast("list[MixedCell]", blocks))
            for blocks in zip(
                *([block for _, block in each.blocks()] for each in singles), strict=True
            )
        )
        self.head = GroupedHead([each.head for each in singles])
        counts = [
            module
            for each in singles
            for module in each.modules()
            if isinstance(module, nn.BatchNorm2d) and module.num_batches_tracked is not None
        ]
        self._counts = torch.stack([cast("Tensor", m.num_batches_tracked) for m in counts])
        for module, count in zip(counts, self._counts.unbind(), strict=True):
            module.num_batches_tracked = count
        self._cells = [block for block in self.blocks if isinstance(block, GroupedCell)]
        self._statistics = Statistics(
            [kept for cell in self._cells for branch in cell.all_branches() for kept in branch.kept]
        )
        self._shifts: Tensor | None = None

    def forward(self, images: Tensor, weights: Tensor, active: Tensor | None = None) -> Tensor:
        """Logits [R, B, classes] of images [R, B, channels, H, W] and weights [R, D, K].

        Of `active` [R, D, K] every run's choices are run by themselves. Where weights name their
        zeros all options are run, and what weighs 0 in a run is nothing to it: its statistics stay.
        So the same operations run on numbers of the same shapes at a place whatever others choose.
        """
        if active is None and self._shifts is not None:
            active = torch.ones(weights.shape, dtype=torch.bool)
        chosen = chosen_options(weights, active)
        if self.training:
            self._counts.add_(1)
        if chosen is not None and active is None:
            chosen = onto(chosen, weights.device)
            weights = weights.masked_fill(~chosen, 0.0)
        picks = None if active is None else active.tolist()
        mixed = GroupedMixing(weights, picks, self._shifts)
        apart = active is not None or not self.training
        with self._statistics.moved(None if apart else chosen):
            x: Tensor = self.stem(_side_by_side(images))
            for block in self.blocks:
                x = block(x, mixed) if isinstance(block, GroupedCell) else block(x)
            logits: Tensor = self.head(x)
        return logits

    def parts(self) -> list[Sequence[nn.Parameter]]:
        """See `nasbench_harness.contracts.WideSupernet`."""
        wide = (module for module in self.modules() if isinstance(module, GroupedModule))
        return [parameters for module in wide for parameters in module.parts.values()]

    def learners(self, weights: Tensor, active: Tensor | None = None) -> list[list[bool]] | None:
        """See `nasbench_harness.contracts.WideSupernet`."""
        chosen = chosen_options(weights, active)
        if chosen is None:
            return None
        paths = [CellPaths(rows) for rows in chosen.tolist()]
        found = {parameter: [own.through for own in paths] for parameter in self.parameters()}
        found |= {parameter: [True] * len(paths) for parameter in self.head.parameters()}
        for cell in self._cells:
            last = cell is self._cells[-1]
            for branch in cell.all_branches():
                found[branch.weight] = [
                    own.learns(branch.source, branch.option, last=last) for own in paths
                ]
        return [found[parameter] for parameter in self.parameters()]

    @contextlib.contextmanager
    def shifted(self, shifts: Tensor) -> Iterator[None]:
        """Within it numbers [R, D] are added to what the edges bring (`ShiftedMaps`)."""
        self._shifts = shifts
        try:
            yield
        finally:
            self._shifts = None

    @torch.no_grad()
    def clip_gradients(self, norm: float) -> None:
        """Of every run by itself, as `nn.utils.clip_grad_norm_` clips those of one network."""
        gradients = [
            parameter.grad.view(self.runs, -1, *parameter.shape[1:])
            for parameter in self.parameters()
            if parameter.grad is not None
        ]
        lengths = torch.stack(
            [torch.linalg.vector_norm(g, dim=list(range(1, g.dim()))) for g in gradients]
        )
        shares = (norm / (torch.linalg.vector_norm(lengths, dim=0) + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(shares.view(-1, *[1] * (gradient.dim() - 1)))


def _side_by_side(images: Tensor) -> Tensor:
    """[R, B, C, H, W] to [B, R * C, H, W], channels-last."""
    runs, batch, channels, height, width = images.shape
    apart = images.permute(1, 3, 4, 0, 2).reshape(batch, height, width, runs * channels)
    return apart.permute(0, 3, 1, 2)
