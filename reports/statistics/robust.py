"""The interquartile mean, which a few collapsed runs cannot move.

Source: Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice",
NeurIPS 2021: the mean of the middle half of all runs, with a bootstrap that draws the runs of each
task on their own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.checks import by_seed, finite
from nasbench_harness.reports.statistics.intervals import FEWEST
from nasbench_harness.reports.statistics.resampling import bounds, resample

TRIMMED = 0.25
"""The share of runs left out on either side."""
ENOUGH = 5
"""Runs of every task from which the interval is shown: of three it covers 76 to 86 %."""


def interquartile_mean(tasks: Sequence[ArrayLike]) -> float:
    """The mean of the middle half of all runs of all `tasks`, each [seeds]; NaN without a run.

    In the unit of the values. Of n runs, n/4 rounded down are left out on either side, so fewer
    than four runs give their plain mean. A task with more runs weighs more.
    """
    runs = np.sort(_pooled([finite(task) for task in tasks]))
    cut = int(TRIMMED * len(runs))
    return float(runs[cut : len(runs) - cut].mean()) if len(runs) else np.nan


def interquartile_mean_interval(tasks: Sequence[ArrayLike]) -> tuple[float, float]:
    """95 % bounds of `interquartile_mean`, in its unit.

    NaN where a task has fewer than three runs, and where the runs of every task are alike, as those
    of a method that draws nothing. Every resample draws as many runs of each task as it has; of
    tasks that are one matrix [tasks, seeds] (NaN: no run) it draws whole seeds.
    """
    groups = [by_seed(task) for task in tasks]
    rows = [row[~np.isnan(row)] for group in groups for row in group]
    if not rows or min(map(len, rows)) < FEWEST or max(map(np.ptp, rows)) <= TOLERANCE:
        return (np.nan, np.nan)
    runs = _pooled([group.ravel() for group in groups])
    order = np.argsort(runs, kind="stable")[: int((~np.isnan(runs)).sum())]  # NaN is last

    def middle(*counts: Array) -> Array:
        drawn = [np.tile(n, len(group)) for n, group in zip(counts, groups, strict=True)]
        reached = np.cumsum(np.concatenate(drawn, axis=1)[:, order], axis=1)
        number = reached[:, -1:]
        cut = np.floor(TRIMMED * number)
        inside = np.diff(np.clip(reached, cut, number - cut) - cut, axis=1, prepend=0)
        mean: Array = inside @ runs[order] / (number - 2 * cut)[:, 0]
        return mean

    low, high = bounds(resample(middle, [group.shape[1] for group in groups]))
    return (float(low), float(high))


def _pooled(groups: Sequence[Array]) -> Array:
    return np.concatenate([np.empty(0), *groups])
