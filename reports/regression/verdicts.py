"""What a check can find, one row each, and the exit code they make together."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from nasbench_harness.errors import ExitCode
from nasbench_harness.tables.quantity import ACCURACY, Quantity

SPREADS = "sd"
"""Unit of a move: standard deviations of the baseline's seeds."""


class CheckVerdict(StrEnum):
    """What was found about one method and metric, or one benchmark."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    """Not the same on the same seeds, and not worse by the margin."""
    PASSED = "no regression"
    REGRESSION = "regression"
    MOVED = "moved"
    """The search runs otherwise than the baseline's, for better or worse."""
    INCONCLUSIVE = "inconclusive"
    UNFINISHED = "unfinished"
    """Trials failed or are missing; what is left of them is never taken for a pass."""
    SKIPPED = "not compared"


_EXITS = {
    CheckVerdict.REGRESSION: ExitCode.CHECK_FAILED,
    CheckVerdict.MOVED: ExitCode.CHECK_FAILED,
    CheckVerdict.UNFINISHED: ExitCode.INCOMPLETE,
    CheckVerdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}
"""The first that was found decides; all other verdicts are no failure."""


@dataclass(frozen=True)
class Effect:
    """How much worse it got: the mean loss with its 95 % interval, and how much is allowed."""

    loss: float
    low: float
    high: float
    """NaN where there is no interval."""
    margin: float
    unit: str
    """`points` of accuracy, another metric's own, `%` of the baseline's mean, or `SPREADS`, where
    neither side is better: a loss is then a fall, and as much of a rise is allowed."""
    quantity: Quantity = ACCURACY
    """What a loss is of that is no share of a mean and no `SPREADS`."""

    @property
    def both_ways(self) -> bool:
        """Whether neither side is better."""
        return self.unit == SPREADS

    @property
    def digits(self) -> int:
        """After the point."""
        return {"%": 1, SPREADS: 2}.get(self.unit, self.quantity.difference_digits)

    def amount(self, text: str) -> str:
        """A loss in a sentence: `0.512 points`, `5.0%`, `1.20 sd`, `0.0123 SSIM`."""
        if self.unit == "%":
            return f"{text}%"
        return f"{text} {SPREADS}" if self.both_ways else self.quantity.amount(text)

    @property
    def has_interval(self) -> bool:
        """One value on a side has none."""
        return math.isfinite(self.low) and math.isfinite(self.high)


@dataclass(frozen=True)
class Finding:
    """One check: what it was about, what came out, and why, in a sentence."""

    where: str
    name: str
    metric: str
    verdict: CheckVerdict
    sentence: str
    """With marked names, see `reports.words`."""
    effect: Effect | None = None
    old: float = math.nan
    new: float = math.nan
    """Means of both sides."""
    seeds: str = ""

    @property
    def fails(self) -> bool:
        """Whether the exit code says so."""
        return self.verdict in _EXITS


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """1 if anything got worse or moved; else 3 for trials without a result; else 4 if undecided;
    else 0."""
    found = {finding.verdict for finding in findings}
    return next((code for verdict, code in _EXITS.items() if verdict in found), ExitCode.DONE)
