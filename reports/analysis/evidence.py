"""What the final losses of two methods say of which is lower, before anything is decided.

Losses are regrets in points, or accuracies in percent below zero: lower is better. Which kind of
evidence is taken is settled by the kind of problem before any result is seen:

- two samples, where a seed of one method has nothing in common with the same seed of another, as on
  a landscape;
- pairs, where equal seeds begin with the same weights and the same split of the images;
- blind draws, where a method is put beside drawing architectures at random, whose distribution the
  table gives whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.blind import BlindDraws, blind_draw_test, smallest_blind_p
from nasbench_harness.reports.statistics.checks import tied
from nasbench_harness.reports.statistics.equivalence import equivalence_p, paired_equivalence_p
from nasbench_harness.reports.statistics.improvement import Improvement, probability_of_improvement
from nasbench_harness.reports.statistics.intervals import difference_interval, paired_interval
from nasbench_harness.reports.statistics.power import paired_seeds_for, seeds_for
from nasbench_harness.reports.statistics.signedrank import (
    rank_biserial,
    signed_rank_p,
    smallest_signed_rank_p,
)
from nasbench_harness.reports.statistics.twosample import smallest_two_sample_p, two_sample_p

Test = Literal["two samples", "pairs", "blind draws"]
NAMES: dict[Test, str] = {
    "two samples": "studentised permutation test of two samples",
    "pairs": "Wilcoxon signed-rank test over common seeds",
    "blind draws": "exact test against as many blind draws from the table",
}


class Comparison(Protocol):
    """Two methods beside each other; what is positive speaks for the first."""

    @property
    def test(self) -> Test:
        """Where the p-value is from."""

    @property
    def runs(self) -> tuple[int, int]:
        """How many of either are compared."""

    @property
    def alike(self) -> bool:
        """Whether nothing at all differs."""

    @property
    def means(self) -> tuple[float, float]:
        """Mean losses."""

    @property
    def effect(self) -> float:
        """Rank effect, from -1 (every run of the second is better) to 1."""

    @property
    def chance(self) -> Improvement:
        """That a run of the first is better than one of the second, ties counting half."""

    @property
    def p_value(self) -> float:
        """Two-sided, of nobody being better."""

    @property
    def smallest_p(self) -> float:
        """The least that these very numbers could have given, however they fell."""

    def interval(self, level: float = 0.05) -> tuple[float, float]:
        """Of how much lower the first method's mean is, missed with chance `level`; or NaN."""

    def p_same(self, delta: float) -> float:
        """Of the means being `delta` apart or more."""

    def p_beyond(self, delta: float) -> float:
        """Of the means being `delta` apart or less, on the side on which they are; two-sided."""

    def needed(self, delta: float, level: float) -> int | None:
        """Seeds with which a difference of `delta` is found four times in five; None: unknown."""


@dataclass(frozen=True, eq=False)
class TwoSamples:
    """Losses `ours` [n] and `theirs` [m] of runs that have nothing in common."""

    ours: Array
    theirs: Array
    at: float = 0.05
    """The level that a single p-value has to get below: a low one takes more assignments."""
    test: Test = "two samples"

    @property
    def runs(self) -> tuple[int, int]:
        """The lengths of both."""
        return len(self.ours), len(self.theirs)

    @property
    def alike(self) -> bool:
        """Whether all runs ended alike."""
        return float(np.ptp(np.concatenate([self.ours, self.theirs]))) <= TOLERANCE

    @property
    def means(self) -> tuple[float, float]:
        """Of all runs of either."""
        return float(self.ours.mean()), float(self.theirs.mean())

    @property
    def effect(self) -> float:
        """Cliff's delta."""
        return 2 * self.chance.value - 1

    @cached_property
    def chance(self) -> Improvement:
        """By Mann and Whitney's statistic."""
        return probability_of_improvement(self.ours, self.theirs)

    @cached_property
    def p_value(self) -> float:
        """By permutation of all runs."""
        return two_sample_p(self.ours, self.theirs, self.at)

    @cached_property
    def smallest_p(self) -> float:
        """Where one method has all the best runs."""
        return smallest_two_sample_p(self.ours, self.theirs, self.at)

    def interval(self, level: float = 0.05) -> tuple[float, float]:
        """Welch's."""
        return difference_interval(self.theirs, self.ours, 1 - level)

    def p_same(self, delta: float) -> float:
        """By two one-sided tests of Welch's."""
        return equivalence_p(self.ours, self.theirs, delta)

    def p_beyond(self, delta: float) -> float:
        """By Welch's test."""
        return _beyond(self, delta)

    def needed(self, delta: float, level: float) -> int | None:
        """Of each method."""
        return seeds_for(delta, self.ours, self.theirs, level)


@dataclass(frozen=True, eq=False)
class PairedSeeds:
    """Losses `ours` and `theirs` [seeds] on the seeds that both have, in one order."""

    ours: Array
    theirs: Array
    test: Test = "pairs"

    @cached_property
    def differences(self) -> Array:
        """How much lower the first is, seed by seed."""
        return tied(self.theirs - self.ours)

    @property
    def runs(self) -> tuple[int, int]:
        """The lengths of both."""
        return len(self.ours), len(self.theirs)

    @property
    def alike(self) -> bool:
        """Whether every seed ended alike with both."""
        return not self.differences.any()

    @property
    def means(self) -> tuple[float, float]:
        """Over the common seeds."""
        return float(self.ours.mean()), float(self.theirs.mean())

    @property
    def effect(self) -> float:
        """Matched-pairs rank-biserial correlation."""
        return rank_biserial(self.differences)

    @cached_property
    def chance(self) -> Improvement:
        """Whatever the seeds of the two runs are."""
        return probability_of_improvement(self.ours, self.theirs)

    @cached_property
    def p_value(self) -> float:
        """By Wilcoxon's signed-rank test."""
        return signed_rank_p(self.differences)

    @property
    def smallest_p(self) -> float:
        """Where every seed that differs speaks for one method."""
        return smallest_signed_rank_p(self.differences)

    def interval(self, level: float = 0.05) -> tuple[float, float]:
        """Student's, of the mean difference."""
        return paired_interval(self.differences, 1 - level)

    def p_same(self, delta: float) -> float:
        """By two one-sided tests of Student's."""
        return paired_equivalence_p(self.differences, delta)

    def p_beyond(self, delta: float) -> float:
        """By Student's test."""
        return _beyond(self, delta)

    def needed(self, delta: float, level: float) -> int | None:
        """Common seeds."""
        return paired_seeds_for(delta, self.differences, level)


@dataclass(frozen=True, eq=False)
class BlindComparison:
    """Losses `ours` [n] beside those of all architectures of the table, `column` [cells]."""

    ours: Array
    column: Array
    test: Test = "blind draws"

    @cached_property
    def level(self) -> float:
        """The mean loss of a blind draw, which is known and no estimate."""
        return float(self.column.mean())

    @property
    def runs(self) -> tuple[int, int]:
        """The lengths of both."""
        return len(self.ours), len(self.column)

    @property
    def alike(self) -> bool:
        """Whether all architectures are worth the same."""
        return float(np.ptp(self.column)) <= TOLERANCE

    @property
    def means(self) -> tuple[float, float]:
        """Of the method's answers, and of all architectures."""
        return float(self.ours.mean()), self.level

    @property
    def effect(self) -> float:
        """From where the answers lie among all architectures on average."""
        return 2 * self.chance.value - 1

    @cached_property
    def chance(self) -> Improvement:
        """The answers' mean percentile as a share; no interval."""
        return Improvement(self._found.percentile / 100, np.nan, np.nan)

    @property
    def p_value(self) -> float:
        """Of the answers being as many uniform draws, by their mean percentile; exact."""
        return self._found.p

    @cached_property
    def smallest_p(self) -> float:
        """Where every answer is the best architecture."""
        return smallest_blind_p(len(self.ours), -self.column)

    def interval(self, level: float = 0.05) -> tuple[float, float]:
        """Student's, of the answers; the other side is known."""
        return paired_interval(self.level - self.ours, 1 - level)

    def p_same(self, delta: float) -> float:
        """By two one-sided tests of Student's."""
        return paired_equivalence_p(self.level - self.ours, delta)

    def p_beyond(self, delta: float) -> float:
        """By Student's test."""
        return _beyond(self, delta)

    def needed(self, delta: float, level: float) -> int | None:
        """Unknown: percentiles are compared here, and how many points they stand for varies."""
        return None

    @cached_property
    def _found(self) -> BlindDraws:
        return blind_draw_test(-self.ours, -self.column)


def _beyond(comparison: Comparison, delta: float) -> float:
    """From the test of being closer than `delta`: what it leaves, on both sides.

    Where nothing varies the difference is what it is.
    """
    ours, theirs = comparison.means
    if abs(theirs - ours) <= delta:
        return 1.0
    if math.isnan(comparison.interval()[0]):
        return 0.0
    return min(1.0, 2 * (1 - comparison.p_same(delta)))


def wins(ours: Array, theirs: Array) -> tuple[int, int, int]:
    """On how many common seeds the first is better, the same, worse."""
    signs = np.sign(tied(theirs - ours))
    better, same, worse = (int((signs == sign).sum()) for sign in (1, 0, -1))
    return better, same, worse
