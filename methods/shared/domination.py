"""Which points others dominate: non-dominated sorting, crowding and constraints.

After K. Deb, A. Pratap, S. Agarwal and T. Meyarivan, "A fast and elitist multiobjective genetic
algorithm: NSGA-II", IEEE Transactions on Evolutionary Computation 6(2), 2002: sections III-A
(sorting), III-B (crowding) and VI-A (constraints). All objectives are minimised; NaN is the worst
there can be.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


def worst_if_unknown(points: Sequence[Sequence[float]] | Points) -> Points:
    """[n, m] with infinity where a number is not known."""
    known = np.array(points, dtype=np.float64)
    return np.where(np.isnan(known), np.inf, known)


def domination(points: Points, violations: Points) -> NDArray[np.bool_]:
    """[n, n]: does the one of the row dominate the one of the column, under constraints.

    `points` are [n, m], `violations` [n], 0 where all constraints are kept. What keeps them
    dominates what does not; of two that do not the one that violates them less; of two that do the
    one that is nowhere worse and somewhere better.
    """
    no_worse = (points[:, None] <= points[None]).all(axis=-1)
    better = (points[:, None] < points[None]).any(axis=-1)
    kept = violations == 0.0
    less: NDArray[np.bool_] = violations[:, None] < violations[None]
    found: NDArray[np.bool_] = less | (kept[:, None] & kept[None] & no_worse & better)
    return found


def front_ranks(
    points: Sequence[Sequence[float]] | Points, violations: Sequence[float] | None = None
) -> NDArray[np.intp]:
    """Of each of [n, m] points the front that it is in: 0 that nothing dominates, and so on."""
    known = worst_if_unknown(points)
    violated = np.zeros(len(known)) if violations is None else worst_if_unknown([violations])[0]
    over = domination(known, violated)
    by_how_many = over.sum(axis=0)
    ranks = np.full(len(known), -1, dtype=np.intp)
    rank = 0
    while (ranks < 0).any():
        front = (ranks < 0) & (by_how_many == 0)
        ranks[front] = rank
        by_how_many = by_how_many - over[front].sum(axis=0)
        rank += 1
    return ranks


def crowding(
    points: Sequence[Sequence[float]] | Points, ranks: NDArray[np.intp]
) -> NDArray[np.float64]:
    """How far apart the neighbours of each point lie within its front: more is less crowded.

    The sum over objectives of the distance between both neighbours, each divided by the range of
    the objective in the front; infinite at the ends of an objective, nothing where all are equal.
    """
    known = worst_if_unknown(points)
    distances = np.zeros(len(known))
    for rank in np.unique(ranks):
        front = np.flatnonzero(ranks == rank)
        for values in known[front].T:
            distances[front] += _apart(values)
    return distances


def _apart(values: Points) -> Points:
    """Of one objective; what is not known is an end and stretches no range."""
    apart = np.zeros(len(values))
    finite = np.flatnonzero(np.isfinite(values))
    apart[~np.isfinite(values)] = np.inf
    if not len(finite):
        return apart
    order = finite[np.argsort(values[finite], kind="stable")]
    ordered = values[order]
    extent = ordered[-1] - ordered[0]
    if extent > 0.0:
        apart[order[1:-1]] = (ordered[2:] - ordered[:-2]) / extent
        apart[(values == ordered[0]) | (values == ordered[-1])] = np.inf
    return apart


def violation(costs: Sequence[float], targets: Sequence[float]) -> float:
    """By how much targets are exceeded, each relative to itself, summed; 0 where all are kept.

    A target of 0 is none: such a cost is an objective. A cost that is not known keeps no target.
    """
    exceeded = 0.0
    for cost, target in zip(costs, targets, strict=True):
        if target > 0.0 and not cost <= target:
            exceeded += (cost - target) / target if cost == cost else np.inf  # noqa: PLR0124
    return exceeded
