"""Regression, no regression, or not enough seeds to tell: the rule, for all checks together.

A check looks at the loss, the difference of two means (points of accuracy; percent of a cost):

- **no regression** where a loss of the margin or more, of one that moves all seeds alike, is ruled
  out: the one-sided non-inferiority test rejects it, at `PASS_LEVEL` after Holm's correction over
  all checks; and where no seed ended more than five margins below the baseline's worst;
- **regression** where the loss seen is larger than the margin and is no accident: a one-sided test
  rejects that nothing was lost, at `ALARM_LEVEL` after Holm's correction;
- **inconclusive** otherwise, and always with fewer than three fresh seeds; with the seeds that
  would settle it.

Testing for a loss above zero, and asking the estimate to be above the margin, finds a loss of 0.5
points with far fewer seeds than a test against the margin would, and does not raise an alarm about
a loss that is real but small. A method that did not change is called a regression with probability
`ALARM_LEVEL` at most, over all checks together and whatever the distribution of its values.

On the same seeds values are paired. Where equal code has to give equal values (a landscape, or a
supernet on a CPU, with one version of torch, numpy and the method), a difference is a change of the
code, and three things can be said of it. All values are the same: *unchanged*, which needs no test
and leaves the corrections to the others. No seed is worse: *changed*, for the better. Anything
else is put to the tests above, and where they rule the margin out it is *changed*, with a notice.

Of what a search did on its way (see `dynamics`) neither more nor less is better. There both tests
are two-sided, and *moved* stands for a regression: the search runs otherwise than it did.

A mean hides a method that now fails in one seed of ten: the noise that such seeds bring is what
keeps a test from finding them. So one seed far below all of the baseline keeps a check open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nasbench_harness.reports.regression.comparison import LossComparison
from nasbench_harness.reports.regression.permutation import SPLITS
from nasbench_harness.reports.regression.verdicts import CheckVerdict
from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.corrections import holm

Flags = NDArray[np.bool_]

ALARM_LEVEL = 0.005
"""Chance of a false alarm, over all checks: half of the 1 % that is promised."""
PASS_LEVEL = 0.05
"""Chance that a loss of the margin passes."""


@dataclass(frozen=True)
class CheckDecision:
    """What was decided, and the corrected p-values behind it (NaN where none was needed)."""

    verdict: CheckVerdict
    p_loss: float = math.nan
    p_margin: float = math.nan
    held_back: bool = False
    """Only seeds that fell far below the baseline keep it open."""


def decide(comparisons: Sequence[LossComparison]) -> list[CheckDecision]:
    """One decision per comparison, corrected over all that need a test."""
    decisions = [_without_test(comparison) for comparison in comparisons]
    open_ones = [i for i, decision in enumerate(decisions) if decision is None]
    tested = [comparisons[i] for i in open_ones]
    splits = splits_for(len(tested))
    p_losses = correct_losses(np.array([_p_of_loss(one, splits) for one in tested]))
    p_margins = holm([one.p_of_margin(splits) for one in tested])
    found = zip(tested, p_losses.tolist(), p_margins.tolist(), strict=True)
    rest = iter([_with_test(*each) for each in found])
    return [decision or next(rest) for decision in decisions]


def correct_losses(p_values: Array) -> Array:
    """Holm's correction of p-values [checks]; NaN marks one that could not have found a loss."""
    able = ~np.isnan(p_values)
    corrected = np.ones(len(p_values))
    corrected[able] = holm(p_values[able])
    return corrected


def apply_rule(
    p_loss: Array, p_margin: Array, loss: Array, margin: Array, fallen: Flags
) -> tuple[Flags, Flags]:
    """Which checks pass, and which are a regression, from corrected p-values and mean losses.

    `fallen` are those with a seed far below the baseline's worst.
    """
    within = p_margin <= PASS_LEVEL
    return within & ~fallen, ~within & (p_loss <= ALARM_LEVEL) & (loss > margin + TOLERANCE)


def splits_for(checks: int) -> int:
    """Splits of a permutation test that can reach the level of the first of so many checks."""
    return max(SPLITS, math.ceil(2 * checks / ALARM_LEVEL))


def _without_test(comparison: LossComparison) -> CheckDecision | None:
    if comparison.identical and (comparison.exact or comparison.paired):
        return CheckDecision(CheckVerdict.UNCHANGED)
    if comparison.exact and comparison.paired and comparison.nobody_lost:
        return CheckDecision(CheckVerdict.CHANGED)
    return None


def _p_of_loss(comparison: LossComparison, splits: int) -> float:
    return math.nan if comparison.constant else comparison.p_of_loss(splits)


def _with_test(comparison: LossComparison, p_loss: float, p_margin: float) -> CheckDecision:
    numbers = (p_loss, p_margin, comparison.excess, comparison.margin, bool(comparison.fallen))
    passed, regression = apply_rule(*map(np.asarray, numbers))
    if passed and comparison.enough:
        changed = comparison.exact and comparison.paired
        verdict = CheckVerdict.CHANGED if changed else CheckVerdict.PASSED
    else:
        found = CheckVerdict.MOVED if comparison.both_ways else CheckVerdict.REGRESSION
        verdict = found if regression else CheckVerdict.INCONCLUSIVE
    held_back = bool(comparison.fallen) and comparison.enough and p_margin <= PASS_LEVEL
    return CheckDecision(verdict, p_loss, p_margin, held_back)
