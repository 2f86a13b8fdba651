"""Parameters and multiply-adds of parts of networks, which add up to those of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from nasbench_harness.tables.additive import AdditiveCost


class Count(NamedTuple):
    """What a part of a network adds."""

    params: int = 0
    flops: int = 0


Sides = tuple[int, int]
"""Height and width of maps, pixels."""


def convolution(inputs: int, outputs: int, kernel: int, sides: Sides) -> Count:
    """A convolution without bias to maps of so many pixels, and its batch norm."""
    weights = inputs * outputs * kernel**2
    return Count(weights + 2 * outputs, weights * sides[0] * sides[1])


def inverted(
    inputs: int, outputs: int, block: tuple[int, int], before: Sides, after: Sides
) -> Count:
    """An inverted residual of this kernel size and expansion, from maps to others."""
    kernel, expansion = block
    hidden = expansion * inputs
    parts = [convolution(inputs, hidden, 1, before)] if expansion > 1 else []
    parts.append(convolution(1, hidden, kernel, after))  # depthwise
    return total([*parts, convolution(hidden, outputs, 1, after)])


def total(counts: Sequence[Count]) -> Count:
    """What parts add together."""
    return Count(sum(one.params for one in counts), sum(one.flops for one in counts))


def added(what: str, around: Count, layers: Sequence[Sequence[Count]]) -> AdditiveCost:
    """`params` or `flops` of networks with an option for every layer, as a sum."""
    from nasbench_harness.tables.additive import AdditiveCost, CostPart

    parts = [
        CostPart((place,), [getattr(count, what) for count in options])
        for place, options in enumerate(layers)
    ]
    return AdditiveCost(getattr(around, what), parts)


def of_layers(
    around: Count, layers: Sequence[Sequence[Count]], choices: Sequence[int], what: str
) -> int:
    """`params` or `flops` of a chain: what stands around it, and an option of each layer."""
    counts = [around, *(options[c] for options, c in zip(layers, choices, strict=True))]
    return sum(count.params if what == "params" else count.flops for count in counts)
