"""Where the cells of a DARTS network stand, and how large their maps are.

Cells a third and two thirds of the way down reduce: they halve the maps and double the channels.
Images of 96 pixels a side or more go through the stem for ImageNet, which leaves an eighth of the
sides; smaller ones through that for CIFAR. That the side decides is our rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nasbench_harness.contracts import NetworkShape

LARGE = 96
"""Pixels a side from which on images have the stem for ImageNet."""
STEM = 3
"""Channels of the stem for CIFAR, as a multiple of the first cell's."""


@dataclass(frozen=True)
class CellPlace:
    """Where a cell stands in the chain."""

    kind: str
    before_last: int
    """Channels of its first input, what the cell before the last one gave."""
    last: int
    """Channels of its second input."""
    channels: int
    """Of its nodes."""
    halved: bool
    """Does the last cell reduce, so that the first input is twice as large."""
    stride: int
    """Of the edges from its inputs."""


def places(shape: NetworkShape, nodes: int, kinds: tuple[str, ...]) -> Iterator[CellPlace]:
    """The place of every cell of a network with so many nodes a cell, in order.

    Networks of one type of cell have no reduction.
    """
    large = is_large(shape)
    width = shape.width
    before_last = last = width if large else STEM * width
    halved = large
    reducing = reductions(shape.cells) if len(kinds) > 1 else set()
    for number in range(shape.cells):
        reduces = number in reducing
        width = 2 * width if reduces else width
        kind = kinds[1] if reduces else kinds[0]
        yield CellPlace(kind, before_last, last, width, halved, 2 if reduces else 1)
        before_last, last, halved = last, nodes * width, reduces


def reductions(cells: int) -> set[int]:
    """Numbers of the cells that reduce."""
    return {cells // 3, 2 * cells // 3}


def is_large(shape: NetworkShape) -> bool:
    """Does it read images with the stem for ImageNet."""
    return min(shape.image_size) >= LARGE


def check_width(shape: NetworkShape, partial: int = 1) -> None:
    """ValueError for a width without a 1/partial, or that ImageNet's stem cannot halve."""
    if shape.width % partial:
        told = f"a width of {shape.width} channels cannot be divided by {partial}"
        raise ValueError(f"{told}; take one that can, or let another share of them through")
    if is_large(shape) and shape.width % 2:
        raise ValueError(f"a width of {shape.width} channels cannot be halved; take an even one")
