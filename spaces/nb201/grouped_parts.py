"""What a wide network of several NAS-Bench-201 supernets is made of; see `grouped`.

Parameters have the R runs' one after another in their first dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, batch_norm, conv2d, relu

from nasbench_harness.spaces.nb201.encoding import NODES
from nasbench_harness.spaces.nb201.grouped_choices import KeptStatistic
from nasbench_harness.spaces.nb201.grouped_mixing import GroupedMixing, leave_together
from nasbench_harness.spaces.nb201.grouped_picks import KERNELS, run_picked
from nasbench_harness.spaces.nb201.mixing import CONV1, CONV3
from nasbench_harness.spaces.nb201.norms import Norm
from nasbench_harness.spaces.nb201.shared_weights import Branch, MixedCell
from nasbench_harness.spaces.nb201.skeleton import Head, Reduction, image_means


class GroupedModule(nn.Module):
    """Modules at one place of every run."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, Sequence[nn.Parameter]] = {}

    def own(self, name: str, parameters: Sequence[Tensor]) -> None:
        """Have a parameter, in whose memory those of the runs lie from now on."""
        self.parts[name] = cast("Sequence[nn.Parameter]", parameters)
        self.register_parameter(name, nn.Parameter(shared_memory(parameters)))


class GroupedConv(GroupedModule):
    """The convolutions at one place of every run."""

    weight: nn.Parameter

    def __init__(self, convs: Sequence[nn.Conv2d]) -> None:
        super().__init__()
        self.runs, self.stride, self.padding = len(convs), convs[0].stride, convs[0].padding
        self.own("weight", [conv.weight for conv in convs])

    def forward(self, x: Tensor) -> Tensor:
        """With a group a run."""
        return conv2d(x, self.weight, None, self.stride, self.padding, groups=self.runs)


class GroupedNorm(GroupedModule):
    """The batch norms at one place of every run, with their affine map."""

    weight: nn.Parameter
    bias: nn.Parameter
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, norms: Sequence[nn.BatchNorm2d]) -> None:
        super().__init__()
        self.momentum, self.eps = norms[0].momentum or 0.0, norms[0].eps
        self.own("weight", [norm.weight for norm in norms])
        self.own("bias", [norm.bias for norm in norms])
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, shared_memory([getattr(norm, name) for norm in norms]))

    def forward(self, x: Tensor) -> Tensor:
        """Per channel, and so per run."""
        return batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias,
            self.training, self.momentum, self.eps,
        )  # fmt: skip


class GroupedReduction(nn.Module):
    """`skeleton.Reduction` of every run."""

    def __init__(self, reductions: Sequence[Reduction]) -> None:
        super().__init__()
        self.conv_a = GroupedConv([each.conv_a for each in reductions])
        self.norm_a = GroupedNorm([each.norm_a for each in reductions])
        self.conv_b = GroupedConv([each.conv_b for each in reductions])
        self.norm_b = GroupedNorm([each.norm_b for each in reductions])
        self.shortcut = GroupedConv([each.shortcut for each in reductions])

    def forward(self, x: Tensor) -> Tensor:
        """[B, R * C, H, W] to [B, R * 2C, H/2, W/2]."""
        main: Tensor = self.norm_a(self.conv_a(relu(x)))
        main = self.norm_b(self.conv_b(relu(main)))
        shortcut: Tensor = self.shortcut(avg_pool2d(x, 2, 2))
        return main + shortcut


class GroupedHead(GroupedModule):
    """`skeleton.Head` of every run."""

    weight: nn.Parameter
    bias: nn.Parameter

    def __init__(self, heads: Sequence[Head]) -> None:
        super().__init__()
        self.runs = len(heads)
        self.norm = GroupedNorm([head.norm for head in heads])
        self.own("weight", [head.classifier.weight for head in heads])
        self.own("bias", [head.classifier.bias for head in heads])

    def forward(self, x: Tensor) -> Tensor:
        """[B, R * C, H, W] to logits [R, B, classes]."""
        pooled = image_means(relu(self.norm(x))).view(len(x), self.runs, -1)
        weight = self.weight.view(self.runs, -1, self.weight.shape[1]).transpose(1, 2)
        bias = self.bias.view(self.runs, 1, -1)
        return torch.baddbmm(bias, pooled.transpose(0, 1), weight)


class GroupedBranch(GroupedModule):
    """`shared_weights.Branch` of every run: an option of the edges that leave a node."""

    weight: nn.Parameter
    running_mean: Tensor | None
    running_var: Tensor | None

    def __init__(self, branches: Sequence[Branch], source: int, option: int) -> None:
        super().__init__()
        self.source, self.option = source, option
        self.own("weight", [branch.weight for branch in branches])
        self.kept: list[KeptStatistic] = []
        for name in ("running_mean", "running_var"):
            own = [getattr(branch, name) for branch in branches]
            self.register_buffer(name, None if own[0] is None else shared_memory(own))
            if own[0] is not None:
                self.kept.append(KeptStatistic(getattr(self, name), own, source, option))

    @property
    def norm(self) -> Norm:
        """The norm's statistics and mode."""
        return Norm(self.running_mean, self.running_var, self.training or self.running_mean is None)


class GroupedCell(nn.Module):
    """`shared_weights.MixedCell` of every run."""

    def __init__(self, cells: Sequence[MixedCell]) -> None:
        super().__init__()
        self.runs = len(cells)
        branches = [
            [
                GroupedBranch(at_place, node, option)
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

    def kernels(self, option: int) -> nn.ModuleList:
        """By node the convolutions of one size that leave it."""
        return self.conv3 if option == CONV3 else self.conv1

    def all_branches(self) -> list[GroupedBranch]:
        """The convolutions that leave its nodes."""
        return [cast("GroupedBranch", each) for each in (*self.conv3, *self.conv1)]

    def forward(self, x: Tensor, mixed: GroupedMixing) -> Tensor:
        """[B, R * C, H, W] to the same shape."""
        if mixed.picks is not None:
            branches = [
                cast("GroupedBranch", self.kernels(option)[node]) for node, option in KERNELS
            ]
            convs, norms = [b.weight.to(x.dtype) for b in branches], [b.norm for b in branches]
            return run_picked(x, mixed.weights, mixed.shifts, convs, norms, mixed.picks)
        scales = mixed.scales(x.shape[1] // self.runs, x.dtype)
        nodes: list[Tensor | None] = [x, *[None] * (NODES - 1)]
        for source in range(NODES - 1):
            conv3 = cast("GroupedBranch", self.conv3[source])
            conv1 = cast("GroupedBranch", self.conv1[source])
            kernel3, kernel1 = conv3.weight.to(x.dtype), conv1.weight.to(x.dtype)
            node = cast("Tensor", nodes[source])
            brought = leave_together(node, kernel3, kernel1, scales[source], conv3.norm, conv1.norm)
            for target, values in enumerate(brought, start=source + 1):
                before = nodes[target]
                nodes[target] = values if before is None else before + values
        return cast("Tensor", nodes[-1])


@torch.no_grad()
def shared_memory(tensors: Sequence[Tensor]) -> Tensor:
    """One after another in the first dimension; from now on the tensors are parts of it."""
    whole = torch.cat([tensor.detach() for tensor in tensors])
    for tensor, part in zip(tensors, whole.chunk(len(tensors)), strict=True):
        tensor.data = part
    return whole
