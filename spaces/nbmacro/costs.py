"""Exact parameters and multiply-adds of the stand-alone NAS-Bench-Macro network.

Both are sums over the layers, so they are linear in which option each has. FLOPs are multiply-adds
of convolutions and classifier; biases, batch norms and sums count nothing, as in the benchmark's
own column.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from nasbench_harness.contracts import Cost
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.nbmacro.encoding import FIRST, LAYERS, OPTIONS
from nasbench_harness.spaces.shared.counts import (
    Count,
    Sides,
    added,
    convolution,
    inverted,
    of_layers,
    total,
)

if TYPE_CHECKING:
    from nasbench_harness.tables.additive import AdditiveCost


def _sum_of(what: str) -> AdditiveCost:
    return added(what, *_counts())


COSTS = (
    Cost("params", "parameters of the network", "count", "Parameters", "million", 1e6,
        sum_of=lambda: _sum_of("params"),
    ),
    Cost(
        "flops", "multiply-adds of one forward pass of one image", "count", "Multiply-adds",
        "million", 1e6, sum_of=lambda: _sum_of("flops"),
    ),
)  # fmt: skip
BLOCKS = {"mbconv_3x3_e3": (3, 3), "mbconv_5x5_e6": (5, 6)}
"""Kernel size and expansion ratio."""
STEM = 32
"""Channels of the stem, as published; each stage has twice the channels of what is before it."""
TAIL = 40
"""Channels of the last convolution, as a multiple of the stem's: 1,280."""
IMAGE, COLOURS, CLASSES = 32, 3, 10
DATASETS = ("cifar10",)


def cost(choices: Sequence[int], what: str, dataset: str) -> float:
    """`params` or `flops` (multiply-adds) of the network on CIFAR-10, the benchmark's only images.

    UnknownNameError for another cost or data set.
    """
    if dataset and dataset not in DATASETS:
        raise UnknownNameError("dataset of nbmacro", dataset, DATASETS)
    if what not in ("params", "flops"):
        raise UnknownNameError("cost of nbmacro", what, [one.name for one in COSTS])
    return of_layers(*_counts(), choices, what)


@cache
def _counts() -> tuple[Count, tuple[tuple[Count, ...], ...]]:
    """What stands around the layers, and every option of every layer."""
    channels, sides, layers = STEM, (IMAGE, IMAGE), []
    around = [convolution(COLOURS, channels, 3, sides)]
    for layer in range(LAYERS):
        height, width = sides
        halved = 2 * channels, (height // 2, width // 2)
        wider, smaller = halved if FIRST[layer] else (channels, sides)
        layers.append(tuple(_option(name, channels, wider, sides, smaller) for name in OPTIONS))
        channels, sides = wider, smaller
    tail = TAIL * STEM
    around += [convolution(channels, tail, 1, sides), Count((tail + 1) * CLASSES, tail * CLASSES)]
    return total(around), tuple(layers)


def _option(name: str, channels: int, wider: int, sides: Sides, smaller: Sides) -> Count:
    """An option from `channels` maps of so many pixels to `wider` maps of `smaller` ones."""
    if name not in BLOCKS:
        changed = (channels, sides) != (wider, smaller)
        return convolution(channels, wider, 1, smaller) if changed else Count(0, 0)
    return inverted(channels, wider, BLOCKS[name], sides, smaller)
