"""Two methods compared seed by seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from nasbench_harness.reports.statistics.checks import tied, together
from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.improvement import Improvement, probability_of_improvement
from nasbench_harness.reports.statistics.intervals import paired_interval
from nasbench_harness.reports.statistics.power import seeds_needed
from nasbench_harness.reports.statistics.signedrank import rank_biserial, signed_rank_p

__all__ = [
    "Improvement", "PairedComparison", "compare_paired", "holm", "probability_of_improvement",
    "rank_biserial", "seeds_needed", "signed_rank_p",
]  # fmt: skip


@dataclass(frozen=True)
class PairedComparison:
    """A method compared with another on the seeds both have; positive speaks for the first."""

    seeds: int
    wins: int
    ties: int
    losses: int
    """On so many seeds the first method is better, the same, worse."""
    gain: float
    gain_low: float
    gain_high: float
    """How much lower the first method's mean is, in points, with its 95 % interval.

    NaN of fewer than three seeds and of equal differences."""
    p_value: float
    """Wilcoxon signed-rank, two-sided, zeros by Pratt."""
    rank_biserial: float
    """Effect size from −1 (the second method wins every seed) to 1."""
    improvement: Improvement
    """P(a run of the first is better than a run of the second), whatever their seeds."""
    seeds_needed: int | None
    """Seeds that would tell them apart, if the observed difference is the true one."""

    def turned(self) -> PairedComparison:
        """The same seen from the second method."""
        return replace(
            self,
            wins=self.losses,
            losses=self.wins,
            gain=-self.gain,
            gain_low=-self.gain_high,
            gain_high=-self.gain_low,
            rank_biserial=-self.rank_biserial,
            improvement=self.improvement.turned(),
        )


def compare_paired(first: ArrayLike, second: ArrayLike, alpha: float = 0.05) -> PairedComparison:
    """Compare two arrays [seeds] of one order of seeds, in points of regret: lower is better.

    `alpha` is the level at which more seeds are to tell them apart.

    Without a seed every estimate is NaN; with one there is no interval. ValueError if a number is
    missing or the lengths differ.
    """
    ours, theirs = together(first, second)
    differences = tied(theirs - ours)
    low, high = paired_interval(differences)
    return PairedComparison(
        seeds=len(differences),
        wins=int((differences > 0).sum()),
        ties=int((differences == 0).sum()),
        losses=int((differences < 0).sum()),
        gain=float(differences.mean()) if len(differences) else np.nan,
        gain_low=low,
        gain_high=high,
        p_value=signed_rank_p(differences),
        rank_biserial=rank_biserial(differences),
        improvement=probability_of_improvement(ours, theirs),
        seeds_needed=seeds_needed(differences, alpha),
    )
