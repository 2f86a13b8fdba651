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
from torch.nn.functional import avg_pool2d, batch_norm, conv2d, relu

from nasbench_harness.hardware import onto
from nasbench_harness.spaces.nb201.encoding import NODES
from nasbench_harness.spaces.nb201.grouped_choices import Kept, Paths, Statistics, chosen_options
from nasbench_harness.spaces.nb201.grouped_mixing import GroupedMixing, leave_together
from nasbench_harness.spaces.nb201.mixing import CONV1, CONV3
from nasbench_harness.spaces.nb201.norms import Norm
from nasbench_harness.spaces.nb201.shared_weights import Branch, CellSupernet, MixedCell
from nasbench_harness.spaces.nb201.skeleton import Head, Reduction
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
        self.stem = nn.Sequential(_Conv(convs), _Norm(norms))
        self.blocks = nn.ModuleList(
            _Reduction(cast("list[Reduction]", blocks))
            if isinstance(blocks[0], Reduction)
            else _Cell(cast("list[MixedCell]", blocks))
            for blocks in zip(
                *([block for _, block in each.blocks()] for each in singles), strict=True
            )
        )
        self.head = _Head([each.head for each in singles])
        counts = [
            module
            for each in singles
            for module in each.modules()
            if isinstance(module, nn.BatchNorm2d) and module.num_batches_tracked is not None
        ]
        self._counts = torch.stack([cast("Tensor", m.num_batches_tracked) for m in counts])
        for module, count in zip(counts, self._counts.unbind(), strict=True):
            module.num_batches_tracked = count
        self._cells = [block for block in self.blocks if isinstance(block, _Cell)]
        self._statistics = Statistics(
            [kept for cell in self._cells for branch in cell.all_branches() for kept in branch.kept]
        )
        self._shifts: Tensor | None = None

    def forward(self, images: Tensor, weights: Tensor, active: Tensor | None = None) -> Tensor:
        """Logits [R, B, classes] of images [R, B, channels, H, W] and weights [R, D, K].

        What a run has not chosen of `active` [R, D, K] is computed beside what others have, and is
        nothing to it: it weighs 0, and its statistics stay. So the same operations run on numbers
        of the same shapes whatever anybody chooses.
        """
        chosen = chosen_options(weights, active)
        if self.training:
            self._counts.add_(1)
        if chosen is not None:
            chosen = onto(chosen, weights.device)
            weights = weights.masked_fill(~chosen, 0.0)
        mixed = GroupedMixing(weights, self._shifts)
        with self._statistics.moved(chosen if self.training else None):
            x: Tensor = self.stem(_side_by_side(images))
            for block in self.blocks:
                x = block(x, mixed) if isinstance(block, _Cell) else block(x)
            logits: Tensor = self.head(x)
        return logits

    def learners(self, weights: Tensor, active: Tensor | None = None) -> list[list[bool]] | None:
        """See `nasbench_harness.contracts.WideSupernet`."""
        chosen = chosen_options(weights, active)
        if chosen is None:
            return None
        paths = [Paths(rows) for rows in chosen.tolist()]
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


class _Conv(nn.Module):
    """The convolutions at one place of every run."""

    def __init__(self, convs: Sequence[nn.Conv2d]) -> None:
        super().__init__()
        self.runs, self.stride, self.padding = len(convs), convs[0].stride, convs[0].padding
        self.weight = nn.Parameter(_shared_memory([conv.weight for conv in convs]))

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, self.weight, None, self.stride, self.padding, groups=self.runs)


class _Norm(nn.Module):
    """The batch norms at one place of every run, with their affine map."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, norms: Sequence[nn.BatchNorm2d]) -> None:
        super().__init__()
        self.momentum, self.eps = norms[0].momentum or 0.0, norms[0].eps
        self.weight = nn.Parameter(_shared_memory([norm.weight for norm in norms]))
        self.bias = nn.Parameter(_shared_memory([norm.bias for norm in norms]))
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, _shared_memory([getattr(norm, name) for norm in norms]))

    def forward(self, x: Tensor) -> Tensor:
        return batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias,
            self.training, self.momentum, self.eps,
        )  # fmt: skip


class _Reduction(nn.Module):
    def __init__(self, reductions: Sequence[Reduction]) -> None:
        super().__init__()
        self.conv_a = _Conv([each.conv_a for each in reductions])
        self.norm_a = _Norm([each.norm_a for each in reductions])
        self.conv_b = _Conv([each.conv_b for each in reductions])
        self.norm_b = _Norm([each.norm_b for each in reductions])
        self.shortcut = _Conv([each.shortcut for each in reductions])

    def forward(self, x: Tensor) -> Tensor:
        main: Tensor = self.norm_a(self.conv_a(relu(x)))
        main = self.norm_b(self.conv_b(relu(main)))
        shortcut: Tensor = self.shortcut(avg_pool2d(x, 2, 2))
        return main + shortcut


class _Head(nn.Module):
    def __init__(self, heads: Sequence[Head]) -> None:
        super().__init__()
        self.runs = len(heads)
        self.norm = _Norm([head.norm for head in heads])
        self.weight = nn.Parameter(_shared_memory([head.classifier.weight for head in heads]))
        self.bias = nn.Parameter(_shared_memory([head.classifier.bias for head in heads]))

    def forward(self, x: Tensor) -> Tensor:
        pooled = relu(self.norm(x)).mean(dim=(2, 3)).view(len(x), self.runs, -1)
        weight = self.weight.view(self.runs, -1, self.weight.shape[1]).transpose(1, 2)
        bias = self.bias.view(self.runs, 1, -1)
        return torch.baddbmm(bias, pooled.transpose(0, 1), weight)


class _Branch(nn.Module):
    """`shared_weights.Branch` of every run: an option of the edges that leave a node."""

    running_mean: Tensor | None
    running_var: Tensor | None

    def __init__(self, branches: Sequence[Branch], source: int, option: int) -> None:
        super().__init__()
        self.source, self.option = source, option
        self.weight = nn.Parameter(_shared_memory([branch.weight for branch in branches]))
        self.kept: list[Kept] = []
        for name in ("running_mean", "running_var"):
            own = [getattr(branch, name) for branch in branches]
            self.register_buffer(name, None if own[0] is None else _shared_memory(own))
            if own[0] is not None:
                self.kept.append(Kept(getattr(self, name), own, source, option))

    @property
    def norm(self) -> Norm:
        return Norm(self.running_mean, self.running_var, self.training or self.running_mean is None)


class _Cell(nn.Module):
    def __init__(self, cells: Sequence[MixedCell]) -> None:
        super().__init__()
        self.runs = len(cells)
        branches = [
            [
                _Branch(at_place, node, option)
                for option, at_place in zip(
                    (CONV3, CONV1),
                    zip(*(c.branches(node) for c in cells), strict=True),
                    strict=True,
                )
            ]
            for node in range(NODES - 1)
        ]
        self.conv3 = nn.ModuleList(of_node[0] for of_node in branches)
        self.conv1 = nn.ModuleList(of_node[1] for of_node in branches)

    def all_branches(self) -> list[_Branch]:
        """The convolutions that leave its nodes."""
        return [cast("_Branch", each) for each in (*self.conv3, *self.conv1)]

    def forward(self, x: Tensor, mixed: GroupedMixing) -> Tensor:
        scales = mixed.scales(x.shape[1] // self.runs, x.dtype)
        nodes: list[Tensor | None] = [x, *[None] * (NODES - 1)]
        for source in range(NODES - 1):
            conv3 = cast("_Branch", self.conv3[source])
            conv1 = cast("_Branch", self.conv1[source])
            kernel3, kernel1 = conv3.weight.to(x.dtype), conv1.weight.to(x.dtype)
            node = mixed.moved(cast("Tensor", nodes[source]), source)
            brought = leave_together(node, kernel3, kernel1, scales[source], conv3.norm, conv1.norm)
            for target, values in enumerate(brought, start=source + 1):
                before = nodes[target]
                nodes[target] = values if before is None else before + values
        return mixed.moved(cast("Tensor", nodes[-1]), NODES - 1)


@torch.no_grad()
def _shared_memory(tensors: Sequence[Tensor]) -> Tensor:
    """One after another in the first dimension; from now on the tensors are parts of it."""
    whole = torch.cat([tensor.detach() for tensor in tensors])
    for tensor, part in zip(tensors, whole.chunk(len(tensors)), strict=True):
        tensor.data = part
    return whole


def _side_by_side(images: Tensor) -> Tensor:
    """[R, B, C, H, W] to [B, R * C, H, W], channels-last."""
    runs, batch, channels, height, width = images.shape
    apart = images.permute(1, 3, 4, 0, 2).reshape(batch, height, width, runs * channels)
    return apart.permute(0, 3, 1, 2)
