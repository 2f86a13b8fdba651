"""What a check cannot find whatever its studies end with, told by the numbers of seeds alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nasbench_harness.reports.regression.baseline import BaselineError
from nasbench_harness.reports.regression.comparison import ENOUGH, LossComparison
from nasbench_harness.reports.regression.decision import ALARM_LEVEL
from nasbench_harness.reports.regression.permutation import fewest_fresh, fewest_paired, smallest_p
from nasbench_harness.reports.regression.series import Series
from nasbench_harness.reports.words.marked import count, listing

Planned = Sequence[tuple[Series, Series]]
"""Series of a baseline, and what is planned to be held against each."""


def refuse_few_seeds(pairs: Planned) -> None:
    """BaselineError where a method has so few seeds that nothing of it could pass."""
    for old, new in pairs:
        seeds = len(new.values)
        if min(len(old.values), seeds) < ENOUGH and not _compared(old, new).paired:
            raise BaselineError(
                f"`{old.key.method}` would have {count(seeds, 'fresh seed')} against"
                f" {len(old.values)} of the baseline, and below {ENOUGH} on a side nothing passes,"
                " whatever is found; run more seeds, or the baseline's own."
            )


def out_of_reach(pairs: Planned, measured: int) -> list[str]:
    """A sentence where no loss of accuracy, however large, could be called a regression.

    Of `pairs` those of accuracies are looked at; dynamics are tested beside them. On the same seeds
    only what differs is tested: the `measured` costs, which always do, and then one accuracy more.
    Of fresh seeds everything is tested.
    """
    blind: dict[str, list[str]] = {}
    for old, new in pairs:
        if old.key.is_dynamic:
            continue
        paired = _compared(old, new).paired
        tests = measured + (1 if paired else len(pairs))
        if _smallest(old, new, paired=paired) > ALARM_LEVEL / tests:
            said = _blind(old, new, tests, paired=paired)
            blind.setdefault(said, []).append(f"`{old.key.method}`")
    return [said.format(listing(list(dict.fromkeys(who)))) for said, who in blind.items()]


def _compared(old: Series, new: Series) -> LossComparison:
    return LossComparison(old, new, math.nan, "")


def _smallest(old: Series, new: Series, *, paired: bool) -> float:
    """The smallest p-value of a loss."""
    if paired:
        return 2.0 ** -min(len(old.values), len(new.values))
    return smallest_p(len(old.values), len(new.values))


def _blind(old: Series, new: Series, tests: int, *, paired: bool) -> str:
    """With a place for the names of methods."""
    level = ALARM_LEVEL / tests
    fewest = fewest_paired(level) if paired else fewest_fresh(level)
    common = min(len(old.values), len(new.values))
    have = count(common, "common seed") if paired else f"{len(new.values)} fresh seeds"
    return (
        f"With {have} no loss of {{}} can be called a regression, however large: among"
        f" {count(tests, 'test')} that takes {fewest} seeds on both sides. A loss will be told as"
        " inconclusive, exit code 4."
    )
