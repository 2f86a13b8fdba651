"""What may be claimed of two methods of a study: the one rule that everything shown goes by.

There are two families of claims, each kept at the level of the look: every method against the
baseline, and all other pairs. Within a family p-values are corrected by Holm's steps after Tarone's
screening. A method is called better only where the corrected p-value is below the level and the
mean and the rank effect agree in sign; practically the same where two one-sided tests, corrected
alike, find the means closer than the smallest difference of interest. A claim has to survive that
trials which failed are counted as the worst there is.

docs/statistics.md has the rule in words, and how often it errs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from nasbench_harness.reports.analysis.bypair import ClaimsByPair
from nasbench_harness.reports.analysis.evidence import (
    BlindComparison,
    Comparison,
    PairedSeeds,
    Test,
    TwoSamples,
    wins,
)
from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.improvement import Improvement
from nasbench_harness.store.looks import LEVEL

FEWEST = 3
"""Runs of each method without which nothing is claimed: fewer have no interval."""


Order = Literal["first", "second", "undecided", "same", "tie"]


class Standing(StrEnum):
    """What may be said of two methods."""

    BETTER = "better"
    SLIGHTLY = "better, perhaps by less than the smallest difference"
    SAME = "practically the same"
    UNDECIDED = "cannot tell"
    WAITING = "not judged yet"


def same_level(level: float) -> float:
    """Of calling two methods the same, at a look of this level: twice that, and 0.05 at most.

    Over endless looks that adds up to 0.10, for methods exactly as far apart as matters.
    """
    return min(2 * level, LEVEL)


CLAIMED = (Standing.BETTER, Standing.SLIGHTLY)


@dataclass(frozen=True, eq=False)
class Design:
    """What is settled before results are looked at."""

    level: float = LEVEL
    """Of this look."""
    delta: float | None = None
    """The smallest difference of interest in points; None where nothing says what it is."""
    paired: bool = False
    """Whether equal seeds share what chance decides, so that methods are compared seed by seed."""
    baseline: str = ""
    """The method that the first family is about; empty: there is none."""
    column: Array | None = None
    """Losses of all architectures, where the baseline draws blindly from them."""
    worst: float = math.nan
    """The loss that a failed trial is counted as; NaN: the worst of the study."""


@dataclass(frozen=True, eq=False)
class MethodLosses:
    """The trials of a method that count."""

    label: str
    losses: pd.Series[float]
    """By seed, in order."""
    failed: tuple[int, ...] = ()
    """Seeds whose trial failed."""

    def on(self, seeds: pd.Index[int] | None = None) -> Array:
        """Losses [seeds]: of these, in their order, or of all."""
        chosen = self.losses if seeds is None else self.losses[seeds]
        return np.asarray(chosen, dtype=np.float64)

    def pessimistic(self, worst: float) -> MethodLosses:
        """The same with failed trials as the worst there is."""
        lost = pd.Series(worst, index=list(self.failed), dtype=float)
        return MethodLosses(self.label, pd.concat([self.losses, lost]).sort_index())


@dataclass(frozen=True)
class Claim:
    """Two methods, and what may be said of them; numbers that are positive speak for the first."""

    first: str
    second: str
    test: Test
    runs: tuple[int, int]
    """How many of either were compared."""
    seeds: tuple[int, ...]
    """Those both have a result for, in order."""
    means: tuple[float, float]
    """Losses."""
    gain: float
    low: float
    high: float
    """How much lower the first method's mean is, in points, with its 95 % interval."""
    wins: int
    ties: int
    losses: int
    """On so many common seeds the first method is better, the same, worse."""
    effect: float
    """Rank effect from -1 to 1."""
    chance: Improvement
    p_value: float
    p_corrected: float
    p_same: float
    """Corrected, of the means being as far apart as the smallest difference of interest."""
    tied: bool
    """Whether nothing differs at all."""
    family: int
    """How many pairs the correction is over."""
    able: bool
    """Whether so many runs could have led to a claim that one is better, had they fallen so."""
    level: float
    delta: float | None
    outcome: Standing
    finished_outcome: Standing
    """What it would be if trials that failed did not count."""
    needed: int | None
    """Seeds of each method with which the smallest difference of interest would be found."""

    @property
    def labels(self) -> tuple[str, str]:
        """Both methods."""
        return self.first, self.second

    @property
    def order(self) -> Order:
        """Who is better, in one word that programs may ask for."""
        if self.tied:
            return "tie"
        if self.outcome is Standing.SAME:
            return "same"
        if self.ahead is None:
            return "undecided"
        return "first" if self.ahead == self.first else "second"

    @property
    def ahead(self) -> str | None:
        """The method that is better; None where that is not claimed."""
        if self.outcome not in CLAIMED:
            return None
        return self.first if self.gain > 0 else self.second

    @property
    def split(self) -> bool:
        """Whether one is better in rank and the other in the mean, so that neither is claimed."""
        undecided = self.outcome is self.finished_outcome is Standing.UNDECIDED
        return undecided and self.p_corrected < self.level and not _agree(self.gain, self.effect)

    @property
    def undone(self) -> bool:
        """Whether a claim of the finished trials falls when failed ones count as the worst."""
        return self.outcome is Standing.UNDECIDED is not self.finished_outcome

    def turned(self) -> Claim:
        """The same seen from the second method."""
        return replace(
            self,
            first=self.second,
            second=self.first,
            runs=self.runs[::-1],
            means=self.means[::-1],
            gain=-self.gain,
            low=-self.high,
            high=-self.low,
            wins=self.losses,
            losses=self.wins,
            effect=-self.effect,
            chance=self.chance.turned(),
        )


class Claims(ClaimsByPair[Claim]):
    """The claims of a study, by pair of labels."""

    def differ(self, first: str, second: str) -> bool:
        """Whether they are not called practically the same."""
        found = self.of(first, second)
        return found is None or found.outcome is not Standing.SAME


def decide(runs: Sequence[MethodLosses], design: Design) -> Claims:
    """What may be claimed of every pair of methods, `runs` being in order, the best first.

    Methods without a result are left out. A trial counts once: there is one loss a seed.
    """
    known = [one for one in runs if len(one.losses)]
    if design.column is not None and all(one.label != design.baseline for one in known):
        known.append(MethodLosses(design.baseline, pd.Series(dtype=float)))
    found = _claims(known, design)
    if any(one.failed for one in known):
        worst = design.worst
        if math.isnan(worst):
            worst = max(float(one.losses.max()) for one in known if len(one.losses))
        counted = _claims([one.pessimistic(worst) for one in known], design)
        found = [_surviving(*both) for both in zip(found, counted, strict=True)]
    return Claims(found)


def _surviving(finished: Claim, counted: Claim) -> Claim:
    """A claim of the finished trials, unless those that failed could undo it."""
    if finished.outcome is counted.outcome and finished.ahead == counted.ahead:
        return finished
    both_better = finished.ahead is not None and finished.ahead == counted.ahead
    outcome = Standing.SLIGHTLY if both_better else Standing.UNDECIDED
    return replace(finished, outcome=outcome)


# --- the families ------------------------------------------------------------------------------


def _claims(runs: Sequence[MethodLosses], design: Design) -> list[Claim]:
    found: dict[tuple[str, str], Claim] = {}
    pairs = list(combinations(runs, 2))
    for of_baseline in (True, False):
        family = [
            (second, first) if first.label == design.baseline else (first, second)
            for first, second in pairs
            if (design.baseline in {first.label, second.label}) is of_baseline
        ]
        found |= {(claim.first, claim.second): claim for claim in _family(family, design)}
    return [_in_order(found, a.label, b.label) for a, b in pairs]


def _in_order(found: Mapping[tuple[str, str], Claim], first: str, second: str) -> Claim:
    """The claim about two methods, the one that ranks higher first; blind draws always second."""
    if (first, second) in found:
        return found[first, second]
    claim = found[second, first]
    return claim if claim.test == "blind draws" else claim.turned()


def _family(pairs: Sequence[tuple[MethodLosses, MethodLosses]], design: Design) -> list[Claim]:
    at = design.level / max(1, len(pairs)) or LEVEL
    evidence = [_evidence(first, second, design, at) for first, second in pairs]
    smallest = [one.smallest_p for one in evidence]
    delta = design.delta
    columns = (
        holm([one.p_value for one in evidence], smallest, design.level),
        holm(smallest, smallest, design.level),
        holm([1.0 if delta is None else one.p_same(delta) for one in evidence]),
        holm([0.0 if delta is None else one.p_beyond(delta) for one in evidence]),
    )
    return [
        _claim(pair, one, design, Corrected(len(pairs), *map(float, p_values)))
        for pair, one, p_values in zip(pairs, evidence, np.transpose(columns), strict=True)
    ]


def _evidence(first: MethodLosses, second: MethodLosses, design: Design, at: float) -> Comparison:
    if design.column is not None and second.label == design.baseline:
        return BlindComparison(first.on(), design.column)
    common = first.losses.index.intersection(second.losses.index)
    if design.paired and len(common):
        return PairedSeeds(first.on(common), second.on(common))
    return TwoSamples(first.on(), second.on(), at)


class Corrected(NamedTuple):
    """P-values of a pair after the correction for its family."""

    family: int
    p: float
    smallest: float
    """What it could have been at best."""
    p_same: float
    p_beyond: float


def _claim(
    pair: tuple[MethodLosses, MethodLosses],
    evidence: Comparison,
    design: Design,
    corrected: Corrected,
) -> Claim:
    first, second = pair
    common = first.losses.index.intersection(second.losses.index)
    means = evidence.means
    low, high = evidence.interval()
    won, same, lost = wins(first.on(common), second.on(common))
    outcome = _outcome(evidence, corrected, design)
    return Claim(
        first=first.label,
        second=second.label,
        test=evidence.test,
        runs=evidence.runs,
        seeds=tuple(int(seed) for seed in common),
        means=means,
        gain=means[1] - means[0],
        low=low,
        high=high,
        wins=won,
        ties=same,
        losses=lost,
        effect=evidence.effect,
        chance=evidence.chance,
        p_value=evidence.p_value,
        p_corrected=corrected.p if design.level else math.nan,
        p_same=corrected.p_same if design.level else math.nan,
        tied=evidence.alike,
        family=corrected.family,
        able=min(evidence.runs) >= FEWEST and corrected.smallest < design.level,
        level=design.level,
        delta=design.delta,
        outcome=outcome,
        finished_outcome=outcome,
        needed=_needed(evidence, design, corrected),
    )


def _needed(evidence: Comparison, design: Design, corrected: Corrected) -> int | None:
    """None also where mean and rank disagree: more seeds need not bring them together."""
    ours, theirs = evidence.means
    split = corrected.p < design.level and not _agree(theirs - ours, evidence.effect)
    if design.delta is None or not design.level or split:
        return None
    return evidence.needed(design.delta, design.level / corrected.family)


def _outcome(evidence: Comparison, corrected: Corrected, design: Design) -> Standing:
    ours, theirs = evidence.means
    gain = theirs - ours
    if not design.level:
        return Standing.WAITING
    if min(evidence.runs) < FEWEST:
        return Standing.UNDECIDED
    if corrected.p < design.level and _agree(gain, evidence.effect):
        return Standing.BETTER if corrected.p_beyond < design.level else Standing.SLIGHTLY
    return Standing.SAME if corrected.p_same < same_level(design.level) else Standing.UNDECIDED


def _agree(gain: float, effect: float) -> bool:
    return abs(gain) > TOLERANCE and gain * effect > 0
