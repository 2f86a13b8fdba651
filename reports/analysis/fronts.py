"""The front that a search found against the true one of a complete table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.hypervolume import hypervolume, non_dominated


@dataclass(frozen=True)
class TrueFront:
    """The architectures of a table that no other dominates, by accuracy and costs."""

    points: Array
    """[size, 1 + costs] of every architecture, all minimised: minus the accuracy, then costs."""
    reference: Array
    """The worst of the whole table in each; what is as bad in one dominates nothing."""
    members: NDArray[np.intp]
    """Ranks of those on the front."""
    volume: float
    """Its hypervolume below the reference."""

    @classmethod
    def of(cls, accuracy: Array, costs: Sequence[Array]) -> TrueFront:
        """Of all architectures in rank order; those with an unknown number are left out."""
        points = np.column_stack([-accuracy, *costs])
        usable = np.isfinite(points).all(axis=1)
        if not usable.any():
            raise ValueError("no architecture has a known accuracy and known costs")
        reference = points[usable].max(axis=0)
        members = np.flatnonzero(non_dominated(points))
        return cls(points, reference, members, hypervolume(points[members], reference))

    def share(self, ranks: Sequence[int]) -> float:
        """Hypervolume of these architectures as a share of the front's, 0 to 1.

        NaN where all of the table are equal in an objective, so that nothing has a volume.
        """
        if not self.volume:
            return float("nan")
        return hypervolume(self.points[list(ranks)], self.reference) / self.volume

    def found(self, ranks: Sequence[int]) -> list[int]:
        """Those of these architectures that no other of them dominates, each once, ascending."""
        different = np.unique(np.asarray(ranks, dtype=np.intp))
        return [int(rank) for rank in different[non_dominated(self.points[different])]]
