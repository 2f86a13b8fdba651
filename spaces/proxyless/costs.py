"""Exact parameters and multiply-adds of the stand-alone network, as it was published.

Both are sums over the layers. Multiply-adds are those of convolutions and classifier on one image
of 224 pixels a side; biases, batch norms and sums count nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from nasbench_harness.contracts import Cost
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.proxyless.structure import (
    BLOCKS,
    CLASSES,
    FIRST_BLOCK,
    IMAGE,
    OPTIONS,
    STEM,
    LayerSite,
    skeleton,
)
from nasbench_harness.spaces.shared.counts import (
    Count,
    added,
    convolution,
    inverted,
    of_layers,
    total,
)

if TYPE_CHECKING:
    from nasbench_harness.tables.additive import AdditiveCost

DATASETS = ("imagenet",)


def _sum_of(what: str) -> AdditiveCost:
    return added(what, *_counts())


COSTS = (
    Cost(
        "params", "parameters of the network", "count", "Parameters", "million", 1e6,
        sum_of=lambda: _sum_of("params"),
    ),
    Cost(
        "flops", "multiply-adds of one forward pass of one image of 224x224", "count",
        "Multiply-adds", "million", 1e6, sum_of=lambda: _sum_of("flops"),
    ),
)  # fmt: skip


def cost(choices: Sequence[int], what: str, dataset: str) -> float:
    """`params` or `flops`; UnknownNameError for another cost or data set."""
    if dataset and dataset not in DATASETS:
        raise UnknownNameError("dataset of proxyless", dataset, DATASETS)
    if what not in ("params", "flops"):
        raise UnknownNameError("cost of proxyless", what, [one.name for one in COSTS])
    return of_layers(*_counts(), choices, what)


@cache
def _counts() -> tuple[Count, tuple[tuple[Count, ...], ...]]:
    """What stands around the layers, and every option of every layer."""
    frame = skeleton(STEM, (IMAGE, IMAGE))
    stem, tail = frame.stem, frame.tail
    around = [
        convolution(stem.inputs, stem.outputs, 3, stem.after),
        _block(FIRST_BLOCK, frame.first),
        convolution(tail.inputs, tail.outputs, 1, tail.after),
        Count((tail.outputs + 1) * CLASSES, tail.outputs * CLASSES),
    ]
    layers = (
        tuple(_block(BLOCKS[name], site) if name in BLOCKS else Count(0, 0) for name in names)
        for names, site in zip(OPTIONS, frame.layers, strict=True)
    )
    return total(around), tuple(layers)


def _block(block: tuple[int, int], site: LayerSite) -> Count:
    return inverted(site.inputs, site.outputs, block, site.before, site.after)
