"""Very many runs of two methods in packets, which are dealt as one: permutation tests stay exact.

Any group of permutations that goes by no number of the runs gives an exact test (Hoeffding, Annals
of Mathematical Statistics 1952; Lehmann & Romano, Testing Statistical Hypotheses, chapter 15), so
that packets may be dealt instead of runs. Which runs share a packet is chance, over which the test
is exact: a generator that begins with a digest of all runs, so that chance is another for each pair
of methods, and the same whenever they are compared. What a packet size leaves over stays where it
is.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

from nasbench_harness.reports.statistics.arrays import Array

MOST_RUNS = 3_300
"""Runs of both methods that are dealt one by one; 20,000 such choices are just kept in memory."""
PACKETS = 1_000
"""So many packets are made of more of them, of both methods together."""
LEAST = 100
"""Packets of either method at least; of fewer runs each is dealt alone."""
VARIED = 1e-6
"""Variance of all runs, from 0 to 1, below which sums leave little but rounding."""


class Packets(NamedTuple):
    """Sums of both methods' runs, the shorter one's first, about the mean of all."""

    sums: Array
    """[packets]"""
    squares: Array
    """[packets]"""
    few: int
    """How many packets are the first method's."""
    left: tuple[Array, Array]
    """Sum and sum of squares [2] of the runs of either that are in no packet."""


def packets_of(first: Array, second: Array) -> Packets | None:
    """Those of `first` [n] and `second` [m], n at most m; None where runs are dealt one by one."""
    total = len(first) + len(second)
    size = min(-(-total // PACKETS), len(first) // LEAST)
    if total <= MOST_RUNS or size < 2:
        return None
    pooled = np.concatenate([first, second])
    if pooled.var() < VARIED:
        return None
    chance = np.random.default_rng([*hashlib.sha256(np.sort(pooled).tobytes()).digest()])
    sides = [_packed(side - pooled.mean(), size, chance) for side in (first, second)]
    dealt, left = np.concatenate([packed for packed, _ in sides]), [left for _, left in sides]
    of_left = [np.array([runs.sum(), (runs**2).sum()]) for runs in left]
    return Packets(
        dealt.sum(axis=1), (dealt**2).sum(axis=1), len(sides[0][0]), (of_left[0], of_left[1])
    )


def _packed(side: Array, size: int, chance: np.random.Generator) -> tuple[Array, Array]:
    """Packets [packets, size] of a method's runs, in no order of theirs, and what is left over."""
    mixed = chance.permutation(np.sort(side))
    whole = len(mixed) // size * size
    return mixed[:whole].reshape(-1, size), mixed[whole:]
