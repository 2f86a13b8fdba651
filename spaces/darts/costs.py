"""Exact parameters and multiply-adds of the stand-alone DARTS network, without torch.

FLOPs are multiply-adds of convolutions and classifier; batch norms, poolings and sums count
nothing. The auxiliary classifier counts neither. Published figures often come of wider counters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from nasbench_harness.contracts import Cost, NetworkShape, NetworkSize
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.darts.encoding import (
    DILATED,
    INPUTS,
    OPERATIONS,
    SEPARABLE,
    SKIP,
    CellEdges,
)
from nasbench_harness.spaces.darts.places import STEM, is_large, places
from nasbench_harness.spaces.shared.counts import Count, Sides, convolution, total

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


def cost(cells: Mapping[str, CellEdges], what: str, dataset: str, size: NetworkSize) -> float:
    """`params` or `flops` (multiply-adds) of the network of that size, for ImageNet of its own.

    UnknownNameError for another cost or data set; none means CIFAR-10.
    """
    if what not in Count._fields:
        raise UnknownNameError("cost of `darts`", what, Count._fields)
    if (dataset or "cifar10") not in DATASETS:
        raise UnknownNameError("dataset of `darts`", dataset, DATASETS)
    side, classes = DATASETS[dataset or "cifar10"]
    size = IMAGENET if dataset == "imagenet" else size
    shape = NetworkShape(
        classes=classes, width=size.width, cells=size.cells, image_size=(side, side)
    )
    return float(getattr(count(cells, shape), what))


def count(cells: Mapping[str, CellEdges], shape: NetworkShape) -> Count:
    """Parameters and multiply-adds of the network of a shape."""
    kinds = tuple(cells)
    around, edges = _parts(shape, len(cells[kinds[0]]), kinds)
    added = [
        edges[kind, source < INPUTS, operation]
        for kind, cell in cells.items()
        for node in cell
        for source, operation in node
    ]
    return total([around, *added])


@lru_cache(maxsize=64)
def _parts(
    shape: NetworkShape, nodes: int, kinds: tuple[str, ...]
) -> tuple[Count, Mapping[tuple[str, bool, str], Count]]:
    """What every network of a shape has, and what an edge adds in all cells of a type together.

    By type of cell, whether the edge comes from an input of the cell, and operation.
    """
    stem, sides = _stem(shape)
    every, alike, features = [stem], Counter[tuple[str, int, int, Sides]](), 0
    for place in places(shape, nodes, kinds):
        every.append(convolution(place.before_last, place.channels, 1, sides))
        every.append(convolution(place.last, place.channels, 1, sides))
        sides = _strided(sides, place.stride)
        alike[place.kind, place.channels, place.stride, sides] += 1
        features = nodes * place.channels
    weights = features * shape.classes
    edges = {(k, outer, o): Count() for k in kinds for outer in (True, False) for o in OPERATIONS}
    for (kind, channels, stride, made), times in alike.items():
        for outer in (True, False):
            for name in OPERATIONS:
                one = _operation(name, channels, made, stride if outer else 1)
                edges[kind, outer, name] = total([edges[kind, outer, name], *[one] * times])
    return total([*every, Count(weights + shape.classes, weights)]), edges


def _stem(shape: NetworkShape) -> tuple[Count, Sides]:
    """With the sides of its maps."""
    sides, width, colours = shape.image_size, shape.width, shape.in_channels
    if not is_large(shape):
        return convolution(colours, STEM * width, 3, sides), sides
    half = _strided(sides, 2)
    quarter = _strided(half, 2)
    eighth = _strided(quarter, 2)
    parts = [
        convolution(colours, width // 2, 3, half),
        convolution(width // 2, width, 3, quarter),
        convolution(width, width, 3, eighth),
    ]
    return total(parts), eighth


def _operation(name: str, channels: int, sides: Sides, stride: int) -> Count:
    """An operation that gives maps of so many pixels."""
    if name in SEPARABLE:
        half = _depthwise(channels, SEPARABLE[name], sides)
        return total([half, half])
    if name in DILATED:
        return _depthwise(channels, DILATED[name], sides)
    skips = name == SKIP and stride > 1
    return convolution(channels, channels, 1, sides) if skips else Count()


def _depthwise(channels: int, kernel: int, sides: Sides) -> Count:
    """Depthwise and pointwise convolution, and a batch norm."""
    weights = channels * kernel**2
    depthwise = Count(weights, weights * sides[0] * sides[1])
    return total([depthwise, convolution(channels, channels, 1, sides)])


def _strided(sides: Sides, stride: int) -> Sides:
    """Sides of the maps that a step of `stride` leaves."""
    return -(-sides[0] // stride), -(-sides[1] // stride)
