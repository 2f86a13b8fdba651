"""Exact parameters and multiply-adds of the stand-alone NAS-Bench-201 network.

The network is fixed but for the cell: 16, 32 and 64 channels with five cells each, so both counts
are linear in the number of 3x3 and 1x1 convolutions of the cell. FLOPs are multiply-adds of
convolutions and classifier (bias included); pooling, batch norm and sums count nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nasbench_harness.contracts import Cost
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.nb201.encoding import OPERATIONS

COSTS = (
    Cost("params", "parameters of the network", "count", "Parameters", "million", 1e6),
    Cost(
        "flops", "multiply-adds of one forward pass of one image", "count", "Multiply-adds",
        "million", 1e6,
    ),
)  # fmt: skip
_CONV1, _CONV3 = OPERATIONS.index("nor_conv_1x1"), OPERATIONS.index("nor_conv_3x3")


@dataclass(frozen=True)
class SkeletonSizes:
    """Cost of a dataset's network without any convolution in the cell, and of each one added."""

    params: int
    flops: int
    flops_conv3: int
    flops_conv1: int
    params_conv3: int = 243_040
    params_conv1: int = 28_000


SKELETONS = {
    "cifar10": SkeletonSizes(73_306, 7_782_400 + 650, 35_389_440, 3_932_160),
    "cifar100": SkeletonSizes(79_156, 7_782_400 + 6_500, 35_389_440, 3_932_160),
    "imagenet16-120": SkeletonSizes(80_456, 1_945_600 + 7_800, 8_847_360, 983_040),
}


def cost(choices: Sequence[int], what: str, dataset: str) -> float:
    """`params` or `flops` (multiply-adds) of the cell's network on a dataset.

    Without one (an empty name) that of CIFAR-10, the first the space was published with.
    """
    dataset = dataset or "cifar10"
    if dataset not in SKELETONS:
        raise UnknownNameError("dataset of nb201", dataset, SKELETONS)
    skeleton = SKELETONS[dataset]
    conv3 = sum(choice == _CONV3 for choice in choices)
    conv1 = sum(choice == _CONV1 for choice in choices)
    if what == "params":
        return skeleton.params + conv3 * skeleton.params_conv3 + conv1 * skeleton.params_conv1
    if what == "flops":
        return skeleton.flops + conv3 * skeleton.flops_conv3 + conv1 * skeleton.flops_conv1
    raise UnknownNameError("cost of nb201", what, [cost.name for cost in COSTS])
