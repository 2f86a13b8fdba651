"""All runs of two methods dealt anew to both: the assignments that permutation tests count.

An assignment is a row of truth values, true for the runs of the first side. Those of equal numbers
of runs are the same for every pair of methods, so they are kept, eight to a byte; what a test needs
of them are sums over the first side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, combinations, islice

import numpy as np
from numpy.typing import NDArray

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.resampling import CELLS

Assignments = NDArray[np.bool_]
"""[rows, runs]"""
KEPT = 2**23
"""Bytes up to which the assignments of one pair are kept for the next."""


def drawn(few: int, total: int, draws: int, stream: int = 0) -> Iterator[Assignments]:
    """`draws` random choices of `few` runs among `total`, some rows at a time.

    The generator is fixed: the same numbers give the same choices, and more draws begin with those
    of fewer. Another `stream` has others.
    """
    if draws * math.ceil(total / 8) > KEPT:
        yield from _drawn(few, total, draws, stream)
        return
    for part in _kept(few, total, draws, stream):
        yield np.unpackbits(part, axis=1, count=total).view(bool)


def every(few: int, total: int) -> Iterator[Assignments]:
    """All choices of `few` runs among `total`, some rows at a time."""
    choices = combinations(range(total), few)
    while part := list(islice(choices, _rows(total))):
        places = np.fromiter(chain.from_iterable(part), int).reshape(len(part), few)
        yield _members(places, total)


def sums(members: Assignments, values: Array) -> Array:
    """Sums [rows] of `values` [runs] over the first side.

    Not by BLAS, whose threads wait for each other longer than so narrow a product takes.
    """
    return np.asarray(np.einsum("ij,j->i", members.astype(float), values))


@lru_cache(maxsize=32)
def _kept(few: int, total: int, draws: int, stream: int) -> tuple[NDArray[np.uint8], ...]:
    return tuple(np.packbits(part, axis=1) for part in _drawn(few, total, draws, stream))


def _drawn(few: int, total: int, draws: int, stream: int) -> Iterator[Assignments]:
    generator = np.random.default_rng(stream)
    rows = _rows(total)
    for start in range(0, draws, rows):
        ordered = np.tile(np.arange(total), (min(rows, draws - start), 1))
        yield _members(generator.permuted(ordered, axis=1)[:, :few], total)


def _members(places: NDArray[np.int64], total: int) -> Assignments:
    members = np.zeros((len(places), total), dtype=bool)
    np.put_along_axis(members, places, values=True, axis=1)
    return members


def _rows(total: int) -> int:
    return max(1, CELLS // total)
