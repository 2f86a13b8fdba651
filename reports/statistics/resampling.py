"""The bootstrap by counts: how often every run is drawn, so that statistics are matrix products.

A resample of n runs is n draws with replacement; a mean over it is the product of the counts with
the values, and a trimmed mean or a rank statistic comes from sums of counts along sorted values.
The generator is fixed, so the same runs always give the same interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nasbench_harness.reports.statistics.arrays import Array

RESAMPLES = 9999
BAND_RESAMPLES = 999
"""For bands with an interval at every step, which nobody reads to the third digit."""
MANY = 1000
"""Runs beyond which intervals are so narrow that as few resamples will do."""
CELLS = 2**20
"""So many counts are held at a time: 8 MB."""


def resample(
    statistic: Callable[..., Array], sizes: Sequence[int], resamples: int | None = None
) -> Array:
    """The statistic of `resamples` bootstrap samples [resamples, ...], by default as many as usual.

    Every group of runs is drawn from on its own (a stratified bootstrap). `statistic` is called
    with a matrix of counts [rows, size] for each of the groups, whose sizes are at least one, and
    gives an array [rows, ...].
    """
    if resamples is None:
        resamples = resamples_for(sum(sizes))
    generator = np.random.default_rng(0)
    rows = max(1, CELLS // sum(sizes))
    parts = []
    for start in range(0, resamples, rows):
        number = min(rows, resamples - start)
        parts.append(statistic(*(_counts(generator, number, size) for size in sizes)))
    return np.concatenate(parts)


def resamples_for(runs: int) -> int:
    """How many resamples an interval over so many runs takes."""
    return RESAMPLES if runs <= MANY else BAND_RESAMPLES


def bounds(values: Array) -> tuple[Any, Any]:
    """The middle 95 % of `values` [resamples, ...]: lower and upper bounds [...]."""
    low, high = np.percentile(values, [2.5, 97.5], axis=0)
    return low, high


def _counts(generator: np.random.Generator, rows: int, size: int) -> Array:
    drawn = generator.integers(size, size=(rows, size))
    drawn += size * np.arange(rows)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=rows * size)
    return counts.reshape(rows, size).astype(float)
