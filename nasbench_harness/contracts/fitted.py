"""A benchmark whose numbers are predictions: the polynomial that makes them, and how far it errs.

f(z) = b + sum over i of u_i(z_i) + sum over i < j of U_ij(z_i, z_j): a term for every option of a
decision and one for every pair of options of two. What independent decisions are worth on average
is known exactly, however many architectures there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from nasbench_harness.contracts.benchmark import Benchmark

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Polynomial:
    """Main effects and pairs of D decisions of at most K options, in the unit of a metric."""

    constant: float
    single: NDArray[np.float64]
    """[D, K]; 0 where a decision has no such option."""
    pairs: NDArray[np.float64]
    """[D, K, D, K] with pairs[i, k, j, l] = pairs[j, l, i, k], and 0 where i = j."""

    def at(self, choices: Sequence[int]) -> float:
        """The number of the architecture with these options, one of every decision."""
        import numpy as np

        places, chosen = np.arange(len(choices)), np.asarray(choices)
        alone = self.single[places, chosen].sum()
        together = self.pairs[places, chosen][:, places, chosen].sum() / 2
        return float(self.constant + alone + together)


@dataclass(frozen=True)
class HeldOut:
    """How far predictions were off, on architectures that were measured and not fitted to."""

    architectures: int
    """So many."""
    mae: float
    """Mean absolute error, in the metric's unit."""
    rmse: float
    """Root mean squared error, in the metric's unit."""
    r2: float
    """Share of the variance that is explained."""
    spearman: float
    """Rank correlation of predictions and measurements."""
    best_mae: float
    """Mean absolute error on the best tenth of them by measurement: where searches end."""
    noise: float | None = None
    """Mean distance of two measurements of one architecture; None where none was measured twice."""


@runtime_checkable
class Fitted(Benchmark, Protocol):
    """Capability of a benchmark: what searches look at is a polynomial of its own.

    It then answers for every architecture of its space, whose decisions are free of each other and
    whose `weights` are one-hot. What it predicts and what was measured are different metrics, and
    only a prediction is one that searches may look at.
    """

    def polynomial(self, metric: str) -> Polynomial:
        """What predicts a metric; HarnessError where that is measured or counted."""

    def held_out(self, metric: str) -> HeldOut:
        """How far it errs; HarnessError as `polynomial`."""
