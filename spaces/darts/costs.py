"""Exact parameters and multiply-adds of the stand-alone DARTS network, without torch.

FLOPs are multiply-adds of convolutions and classifier; batch norms, poolings and sums count
nothing. The auxiliary classifier counts neither. Published figures often come of wider counters.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from nasbench_harness.contracts import Cost, NetworkShape, NetworkSize
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.darts.encoding import INPUTS, SKIP, CellEdges
from nasbench_harness.spaces.darts.places import STEM, CellPlace, is_large, places

COSTS = (
    Cost("params", "parameters of the network", "count", "Parameters", "million", 1e6),
    Cost(
        "flops", "multiply-adds of one forward pass of one image", "count", "Multiply-adds",
        "million", 1e6,
    ),
)  # fmt: skip
IMAGENET = NetworkSize(width=48, cells=14)
"""The evaluated network for ImageNet; for smaller images it is the variant's."""
DATASETS = {"cifar10": (32, 10), "cifar100": (32, 100), "imagenet": (224, 1000)}
"""Pixels a side and classes."""
SEPARABLE = {"sep_conv_3x3": 3, "sep_conv_5x5": 5, "sep_conv_7x7": 7}
DILATED = {"dil_conv_3x3": 3, "dil_conv_5x5": 5}


class Added(NamedTuple):
    """What a part of a network adds."""

    params: int = 0
    flops: int = 0

    def plus(self, other: Added) -> Added:
        """Both together."""
        return Added(self.params + other.params, self.flops + other.flops)


def cost(cells: Mapping[str, CellEdges], what: str, dataset: str, size: NetworkSize) -> float:
    """`params` or `flops` (multiply-adds) of the network of that size, for ImageNet of its own.

    UnknownNameError for another cost or data set; none means CIFAR-10.
    """
    if what not in Added._fields:
        raise UnknownNameError("cost of `darts`", what, Added._fields)
    if (dataset or "cifar10") not in DATASETS:
        raise UnknownNameError("dataset of `darts`", dataset, DATASETS)
    side, classes = DATASETS[dataset or "cifar10"]
    size = IMAGENET if dataset == "imagenet" else size
    shape = NetworkShape(
        classes=classes, width=size.width, cells=size.cells, image_size=(side, side)
    )
    return float(getattr(count(cells, shape), what))


def count(cells: Mapping[str, CellEdges], shape: NetworkShape) -> Added:
    """Parameters and multiply-adds of the network of a shape."""
    kinds = tuple(cells)
    nodes = len(cells[kinds[0]])
    total, side = _stem(shape)
    channels = 0
    for place in places(shape, nodes, kinds):
        total = total.plus(_cell(cells[place.kind], place, side))
        side = -(-side // place.stride)
        channels = nodes * place.channels
    features = channels * shape.classes
    return total.plus(Added(features + shape.classes, features))


def _stem(shape: NetworkShape) -> tuple[Added, int]:
    """With the sides of its maps."""
    side, width, colours = shape.image_size[0], shape.width, shape.in_channels
    if not is_large(shape):
        return convolution(colours, STEM * width, 3, side), side
    half, quarter, eighth = (-(-side // by) for by in (2, 4, 8))
    first = convolution(colours, width // 2, 3, half).plus(
        convolution(width // 2, width, 3, quarter)
    )
    return first.plus(convolution(width, width, 3, eighth)), eighth


@cache
def _cell(cell: CellEdges, place: CellPlace, side: int) -> Added:
    """A cell whose second input has maps of so many pixels a side."""
    reads = convolution(place.before_last, place.channels, 1, side)
    total = reads.plus(convolution(place.last, place.channels, 1, side))
    for node in cell:
        for source, operation in node:
            stride = place.stride if source < INPUTS else 1
            total = total.plus(
                _operation(operation, place.channels, -(-side // place.stride), stride)
            )
    return total


@cache
def _operation(name: str, channels: int, side: int, stride: int) -> Added:
    """An operation that gives maps of so many pixels a side."""
    if name in SEPARABLE:
        half = _depthwise(channels, SEPARABLE[name], side)
        return half.plus(half)
    if name in DILATED:
        return _depthwise(channels, DILATED[name], side)
    skips = name == SKIP and stride > 1
    return convolution(channels, channels, 1, side) if skips else Added()


def _depthwise(channels: int, kernel: int, side: int) -> Added:
    """Depthwise and pointwise convolution, and a batch norm."""
    weights = channels * kernel**2
    return Added(weights, weights * side**2).plus(convolution(channels, channels, 1, side))


def convolution(inputs: int, outputs: int, kernel: int, side: int) -> Added:
    """A convolution without bias to maps of so many pixels a side, and its batch norm."""
    weights = inputs * outputs * kernel**2
    return Added(weights + 2 * outputs, weights * side**2)
