"""What may be claimed of two methods over several problems, and no others than these.

The decision of a single study, carried over: a method is called better only where a permutation of
labels within each space, of whole seeds, corrected for its family of pairs, gives a p-value below
the level, and the mean normalised regret agrees with the ranks. A claim has to survive that failed
trials, and answers without a number, count as the worst there is. Nothing is called practically the
same: no one difference matters everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from nasbench_harness.reports.analysis.bypair import ClaimsByPair
from nasbench_harness.reports.analysis.decision import CLAIMED, FEWEST, Standing
from nasbench_harness.reports.analysis.problems import Problems
from nasbench_harness.reports.figures.ranks import Separated
from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.improvement import Improvement
from nasbench_harness.reports.statistics.normalised import within_problems_p
from nasbench_harness.reports.statistics.stratified import mean_chance, mean_difference
from nasbench_harness.study.config import BASELINE


@dataclass(frozen=True)
class AcrossClaim:
    """Two methods over several problems; numbers that are positive speak for the first."""

    first: str
    second: str
    gain: float
    """How much lower the first method's mean normalised regret is, mean over problems."""
    chance: Improvement
    """That a run of the first is better, mean over problems."""
    p_corrected: float
    family: int
    """How many pairs the correction is over."""
    better: int
    worse: int
    """On how many problems the first method is called better, or worse, by the study itself."""
    outcome: Standing
    split: bool
    """Whether ranks say one thing and the mean another, so that neither is claimed."""
    few: bool = False
    """Whether all speaks for a claim but the runs, too few of one of them on some problem."""
    undone: bool = False
    """Whether a claim of the finished trials falls when failed ones count as the worst."""

    @property
    def ahead(self) -> str | None:
        """The method that is better; None where that is not claimed."""
        if self.outcome not in CLAIMED:
            return None
        return self.first if self.gain > 0 else self.second

    def turned(self) -> AcrossClaim:
        """The same seen from the second method."""
        return replace(
            self,
            first=self.second,
            second=self.first,
            gain=-self.gain,
            chance=self.chance.turned(),
            better=self.worse,
            worse=self.better,
        )


class AcrossClaims(ClaimsByPair[AcrossClaim]):
    """The claims over several problems, by pair of labels."""


def level_of(problems: Problems) -> float:
    """The lowest level at which one of the studies is judged; 0 where one is not judged yet."""
    return min(data.look.level for data in problems.studies)


def decide_across(problems: Problems) -> AcrossClaims:
    """What may be claimed of every pair of methods that have a result on every problem."""
    labels = [label for label in problems.labels if label in problems.everywhere]
    finished = {label: problems.blocks(label) for label in labels}
    counted = {label: problems.blocks(label, counted=True) for label in labels}
    level = level_of(problems)
    found = _claims(problems, finished, level)
    if any(_number(finished[label]) != _number(counted[label]) for label in labels):
        with_failed = _claims(problems, counted, level)
        found = [_surviving(*both) for both in zip(found, with_failed, strict=True)]
    return AcrossClaims(found)


def separated_by_rank(table: pd.DataFrame, level: float) -> Separated:
    """Which methods of `table` [blocks, methods] are told apart by rank over all of its studies.

    These are of one space, where a seed draws alike on every data set.

    For studies that have no unit in common: by the corrected p-value alone. Blocks are indexed by
    `study` and seed, and hold losses: lower is better.
    """
    labels = [str(label) for label in table.columns]
    losses = {label: _by_study(table[label]) for label in labels}
    pairs = list(combinations(labels, 2))
    p_values = holm([within_problems_p(losses[a], losses[b]) for a, b in pairs])
    apart = {frozenset(pair) for pair, p in zip(pairs, p_values, strict=True) if p < level}
    return lambda first, second: frozenset((first, second)) in apart


def _by_study(column: pd.Series[float]) -> Sequence[Array]:
    return [column.unstack("seed").to_numpy(dtype=np.float64)]


def _each(block: Array) -> Array:
    """How many runs there are on each problem."""
    return np.asarray((~np.isnan(block)).sum(axis=1))


def _number(blocks: Iterable[Array]) -> int:
    return sum(int(_each(block).sum()) for block in blocks)


def _surviving(finished: AcrossClaim, counted: AcrossClaim) -> AcrossClaim:
    if finished.ahead == counted.ahead:
        return finished
    return replace(finished, outcome=Standing.UNDECIDED, undone=finished.ahead is not None)


def _claims(problems: Problems, runs: dict[str, list[Array]], level: float) -> list[AcrossClaim]:
    """Two families, each at the level: every method against the baseline, and all other pairs."""
    found = []
    for of_baseline in (True, False):
        pairs = [pair for pair in combinations(runs, 2) if (BASELINE in pair) is of_baseline]
        p_values = holm([within_problems_p(runs[a], runs[b]) for a, b in pairs])
        found += [
            _claim(problems, runs, pair, float(p), len(pairs), level)
            for pair, p in zip(pairs, p_values, strict=True)
        ]
    return found


def _claim(  # noqa: PLR0913, PLR0917 - the evidence, and what it is judged by
    problems: Problems,
    runs: dict[str, list[Array]],
    pair: tuple[str, str],
    p_value: float,
    family: int,
    level: float,
) -> AcrossClaim:
    first, second = pair
    ours, theirs = runs[first], runs[second]
    numbers = [int(number) for block in (*ours, *theirs) for number in _each(block)]
    gain, chance = mean_difference(ours, theirs), mean_chance(ours, theirs)
    agree = abs(gain) > TOLERANCE and gain * (chance.value - 0.5) > 0
    enough = min(numbers) >= FEWEST
    outcome = Standing.UNDECIDED
    if not level:
        outcome = Standing.WAITING
    elif enough and p_value < level and agree:
        outcome = Standing.BETTER
    of_studies = [data.claims.of(first, second) for data in problems.studies]
    return AcrossClaim(
        first,
        second,
        gain,
        chance,
        p_value,
        family,
        sum(claim is not None and claim.ahead == first for claim in of_studies),
        sum(claim is not None and claim.ahead == second for claim in of_studies),
        outcome,
        split=bool(level) and enough and p_value < level and not agree,
        few=bool(level) and not enough and p_value < level and agree,
    )
