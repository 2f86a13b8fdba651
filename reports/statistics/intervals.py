"""95 % confidence intervals of means over seeds, by percentile bootstrap.

The generator is fixed, so the same trials always give the same interval.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.resampling import BAND_RESAMPLES, bounds, resample


def mean_interval(values: Array) -> tuple[float, float]:
    """Bounds of the mean of `values` [seeds]; NaN for fewer than two."""
    if len(values) < 2:
        return (np.nan, np.nan)
    if np.ptp(values) <= TOLERANCE:
        return (float(values[0]), float(values[0]))
    low, high = _bounds(lambda counts: counts @ values / len(values), [len(values)])
    return (float(low), float(high))


def difference_interval(first: Array, second: Array) -> tuple[float, float]:
    """Bounds of mean(first) - mean(second), the seeds of both drawn independently."""
    if min(len(first), len(second)) < 2:
        return (np.nan, np.nan)
    if max(np.ptp(first), np.ptp(second)) <= TOLERANCE:
        return (float(first[0] - second[0]),) * 2
    low, high = _bounds(
        lambda ours, theirs: ours @ first / len(first) - theirs @ second / len(second),
        [len(first), len(second)],
    )
    return (float(low), float(high))


def band(values: Array) -> tuple[Array, Array]:
    """Bounds [steps] of the mean over seeds of `values` [seeds, steps]; NaN below two seeds."""
    if len(values) < 2:
        nothing = np.full(values.shape[1], np.nan)
        return (nothing, nothing)
    low, high = _bounds(lambda counts: counts @ values / len(values), [len(values)], BAND_RESAMPLES)
    return (np.asarray(low), np.asarray(high))


def _bounds(
    statistic: Callable[..., Array], sizes: Sequence[int], resamples: int | None = None
) -> tuple[Any, Any]:
    return bounds(resample(statistic, sizes, resamples))
