"""Parameters and multiply-adds of parts of networks, which add up to those of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Count(NamedTuple):
    """What a part of a network adds."""

    params: int
    flops: int


def convolution(inputs: int, outputs: int, kernel: int, size: int) -> Count:
    """A convolution without bias to maps of `size` pixels a side, and its batch norm."""
    weights = inputs * outputs * kernel**2
    return Count(weights + 2 * outputs, weights * size**2)


def total(counts: Sequence[Count]) -> Count:
    """What parts add together."""
    return Count(sum(one.params for one in counts), sum(one.flops for one in counts))
