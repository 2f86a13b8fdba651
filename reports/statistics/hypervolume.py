"""Hypervolume: how much of the space of objectives a set of points dominates, exactly.

Zitzler & Thiele, "Multiobjective evolutionary algorithms" (IEEE TEC 1999). By slices: a volume is
the sum, over slabs of the last objective, of the area that the points below dominate.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nasbench_harness.reports.statistics.arrays import Array


def non_dominated(points: Array) -> NDArray[np.bool_]:
    """[n] of points [n, m], all minimised: is no other as good in all and better in one.

    Equal points are all kept; a point with a NaN never is.
    """
    kept = np.zeros(len(points), dtype=bool)
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    front = np.empty((0, points.shape[1]))
    for place in known[np.lexsort(points[known].T[::-1])]:  # whoever dominates comes before
        point = points[place]
        no_worse = (front <= point).all(axis=1)
        if not (no_worse & (front < point).any(axis=1)).any():
            kept[place] = True
            front = np.vstack([front, point])
    return kept


def hypervolume(points: Array, reference: Array) -> float:
    """The volume that points [n, m], all minimised, dominate below `reference` [m].

    Points that are not below it in every objective, or have a NaN, dominate nothing.
    """
    inside = points[(points < reference).all(axis=1)]
    return _volume(inside[non_dominated(inside)], reference)


def _volume(points: Array, reference: Array) -> float:
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(reference[0] - points[:, 0].min())
    order = np.argsort(points[:, -1], kind="stable")
    levels = np.append(points[order, -1], reference[-1])
    volume = 0.0
    for count, (low, high) in enumerate(pairwise(levels), start=1):
        if high > low:
            volume += float(high - low) * _volume(points[order[:count], :-1], reference[:-1])
    return volume
