"""Performance profiles: what share of runs ends within so many points of the best.

Source: Agarwal et al., NeurIPS 2021, section 4.2 (score distributions), and Dolan & Moré 2002.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.checks import finite
from nasbench_harness.reports.statistics.intervals import FEWEST
from nasbench_harness.reports.statistics.resampling import BAND_RESAMPLES, bounds, resample
from nasbench_harness.reports.statistics.shares import wilson


@dataclass(frozen=True, eq=False)
class Profile:
    """Shares of runs at every threshold, arrays [thresholds]."""

    thresholds: Array
    """Points of regret."""
    share: Array
    low: Array
    high: Array
    """Pointwise 95 % bounds; NaN where a task has fewer than three runs."""


def performance_profile(tasks: Sequence[ArrayLike], thresholds: ArrayLike) -> Profile:
    """The share of runs with a regret of at most each of `thresholds` [thresholds], in points.

    `tasks` holds the final regrets of one method, [seeds] for each task. The share is the mean over
    tasks of each task's share. Its bounds are Wilson's where there is one task; else a bootstrap
    draws the runs of every task on their own. NaN where a task has no run.
    """
    groups, levels = [finite(task) for task in tasks], finite(thresholds)
    nothing = np.full(len(levels), np.nan)
    if not groups or min(map(len, groups)) == 0:
        return Profile(levels, nothing, nothing, nothing)
    within = [(group[:, None] <= levels + TOLERANCE).astype(float) for group in groups]

    def share(*counts: Array) -> Array:
        shares = [c @ w / len(w) for c, w in zip(counts, within, strict=True)]
        return np.asarray(np.mean(shares, axis=0))

    found = share(*(np.ones((1, len(group))) for group in groups))[0]
    if min(map(len, groups)) < FEWEST:
        return Profile(levels, found, nothing, nothing)
    if len(groups) == 1:
        return Profile(levels, found, *_wilson(within[0]))
    low, high = bounds(resample(share, [len(group) for group in groups], BAND_RESAMPLES))
    return Profile(levels, found, low, high)


def _wilson(within: Array) -> tuple[Array, Array]:
    """Bounds [thresholds] of the share of runs that are `within` [runs, thresholds], 0 or 1."""
    runs = len(within)
    every = np.array([wilson(k, runs) for k in range(runs + 1)])
    low, high = every[within.sum(axis=0).astype(int)].T
    return low, high
