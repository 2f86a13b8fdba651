"""What every architecture of a space costs, where that can be told at once."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from nasbench_harness.contracts import EnumerableSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.reports.statistics.arrays import Array

FIRST = 8
"""Architectures after which their time is looked at, and again after eight times as many."""
WAITED = 2.0
"""Seconds of waiting from which it is looked at after each of the first, too."""
PATIENCE = 20.0
"""Seconds that nobody would rather do without a figure than wait for."""


class NoCostError(HarnessError):
    """The end of a sentence: why the costs of all architectures are not known."""


def every_cost(
    space: EnumerableSpace, what: str, dataset: str, clock: Callable[[], float] = time.perf_counter
) -> Array:
    """A cost of every architecture [size], in rank order; counted once in a process.

    NoCostError as soon as those counted let expect more than `PATIENCE` seconds for all.
    """
    found = _COUNTED.get((space.name, space.version, what, dataset))
    if found is None:
        found = _counted(space, what, dataset, clock)
        _COUNTED[space.name, space.version, what, dataset] = found
    return found


_COUNTED: dict[tuple[str, str, str, str], Array] = {}


def _counted(space: EnumerableSpace, what: str, dataset: str, clock: Callable[[], float]) -> Array:
    values = np.empty(space.size)
    start, due = clock(), FIRST
    for rank, arch in enumerate(space.enumerate()):
        values[rank] = space.cost(arch, what, dataset)
        if rank == 0:
            start = clock()  # the first one has to make ready what all others share
        elif rank == due:
            _refuse_dear(space, (clock() - start) / rank)
            due *= 8
        elif rank < FIRST and (waited := clock() - start) > WAITED:
            _refuse_dear(space, waited / rank)
    return values


def _refuse_dear(space: EnumerableSpace, seconds: float) -> None:
    """With the time that one architecture takes."""
    if seconds * space.size > PATIENCE:
        raise NoCostError(
            f"the cost of one architecture takes {seconds:.2g} s to tell, which is too long for"
            f" all {space.size:,} of them"
        )
