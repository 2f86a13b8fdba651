"""What several studies say together, in words: the decision of `analysis.across`, said once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nasbench_harness.reports.analysis.across import AcrossClaim, AcrossClaims, level_of
from nasbench_harness.reports.analysis.decision import FEWEST, Standing
from nasbench_harness.reports.analysis.problems import Problems
from nasbench_harness.reports.statistics.arrays import TOLERANCE
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.claims import p_words
from nasbench_harness.reports.words.marked import count, name, names
from nasbench_harness.study.config import BASELINE


@dataclass(frozen=True)
class Verdict:
    """Sentences with marked method names (see `marked`)."""

    lead: str
    lines: list[str]
    note: str
    """By which rule all this is said."""


def verdict(problems: Problems, claims: AcrossClaims) -> Verdict:
    """Say what holds over these problems, and what does not."""
    labels = [label for label in problems.labels if label in problems.everywhere]
    return Verdict(
        _lead(problems, claims, labels),
        [*_against_baseline(problems, claims, labels), *_together(claims, labels)],
        _note(problems),
    )


def these(problems: Problems) -> str:
    """`these 9 problems`; studies, where some of them are of one problem."""
    return f"these {plural(problems)}"


def plural(problems: Problems) -> str:
    """`9 problems` or `2 studies`."""
    number = len(problems.studies)
    if problems.distinct:
        return count(number, "problem")
    return f"{number} studies"


# --- the first line ----------------------------------------------------------------------------


def _lead(problems: Problems, claims: AcrossClaims, labels: list[str]) -> str:
    where = f"On these {plural(problems)}"
    if not labels:
        return f"{where} no method has a result everywhere, so there is nothing to compare."
    middle = {label: problems.middle(label) for label in labels}
    least = middle[labels[0]][0]
    best = [label for label in labels if middle[label][0] <= least + TOLERANCE]
    ends = "ends" if len(best) == 1 else "end"
    said = (
        f"{where} {names(best)} {ends} nearest to the best: an interquartile mean of normalised"
        f" regret of {numerals.points(least)}{_confidence(middle[best[0]])}, where 0 is the best of"
        " each table and 1 as good as drawing blindly"
    )
    return f"{said}{_beside(best, claims, labels)}."


def _beside(best: list[str], claims: AcrossClaims, labels: list[str]) -> str:
    """From whom the best can be told, and from whom not."""
    others = [label for label in labels if label not in best]
    if not others:
        return ""
    if any(claim.outcome is Standing.WAITING for claim in claims.all):
        return "; not judged yet"
    worse = [o for o in others if all(_ahead(claims, b, o) == b for b in best)]
    open_ = [o for o in others if o not in worse]
    told = []
    if worse:
        told.append(f"better than {names(worse)}")
    if open_:
        told.append(f"not told from {names(open_)}")
    return f"; it is {', and '.join(told)}" if len(best) == 1 else f"; each is {told[0]}"


def _ahead(claims: AcrossClaims, first: str, second: str) -> str | None:
    claim = claims.of(first, second)
    return claim.ahead if claim else None


def _confidence(middle: tuple[float, float, float]) -> str:
    _, low, high = middle
    if math.isnan(low):
        return ""
    return f" (95 % CI {numerals.points(low)} to {numerals.points(high)})"


# --- line by line ------------------------------------------------------------------------------


def _against_baseline(problems: Problems, claims: AcrossClaims, labels: list[str]) -> list[str]:
    if BASELINE not in labels:
        return [f"{name(BASELINE)} has no result on all of them, so there is no line to beat."]
    found = [(label, claims.of(label, BASELINE)) for label in labels if label != BASELINE]
    told: dict[str, list[str]] = {}
    for label, claim in found:
        if claim is not None:
            told.setdefault(_opening(claim), []).append(f"{name(label)}, {_amount(claim)}")
    return [f"{opening}: {'; '.join(amounts)}." for opening, amounts in told.items()]


def _opening(claim: AcrossClaim) -> str:
    over = f"{name(BASELINE)} over all of them"
    if claim.outcome is Standing.WAITING:
        return f"Not judged yet against {over}"
    if claim.ahead is None:
        return f"Not told apart from {over}"
    return f"{'Better' if claim.ahead == claim.first else 'Worse'} than {over}"


def _amount(claim: AcrossClaim) -> str:
    """How likely a run is better, and on how many problems the studies say so themselves."""
    chance = claim.chance
    bounds = "" if math.isnan(chance.low) else _bounds(chance.low, chance.high)
    said = f"a run of it is better with a chance of {numerals.percent(chance.value)}{bounds}"
    by_study = [
        f"{word} on {number}"
        for word, number in (("better", claim.better), ("worse", claim.worse))
        if number
    ]
    alone = "by their own verdicts " + (" and ".join(by_study) or "neither on any")
    end = ""
    if claim.undone:
        end = ", but not with trials without a number as the worst"
    elif claim.split:
        end = ", but not in the mean, so neither is claimed"
    elif claim.few:
        end = f", but fewer than {FEWEST} seeds on a problem claim nothing"
    return f"{said}, {p_words(claim.p_corrected)}, {alone}{end}"


def _bounds(low: float, high: float) -> str:
    return f" (95 % CI {numerals.percent(low)} to {numerals.percent(high)})"


def _together(claims: AcrossClaims, labels: list[str]) -> list[str]:
    """The largest sets of which none is called better than another over all problems."""
    others = [label for label in labels if label != BASELINE]
    if not claims.all or claims.all[0].outcome is Standing.WAITING:
        return []
    return [
        f"Over all of them {names(group)} cannot be told apart{_split(claims, group)}."
        for group in claims.groups(others)
    ]


def _split(claims: AcrossClaims, group: tuple[str, ...]) -> str:
    """Where each of two is ahead on a problem, that is why; for pairs only."""
    if len(group) != 2:
        return ""
    claim = claims.of(*group)
    if claim is None or not (claim.better and claim.worse):
        return ""
    return (
        f": {name(claim.first)} is better on {claim.better} of them and {name(claim.second)} on"
        f" {claim.worse}"
    )


def _note(problems: Problems) -> str:
    level = level_of(problems)
    if not level:
        return "Nothing is judged yet over all problems: a study among them is not."
    absent = [label for label in problems.labels if label not in problems.everywhere]
    without = (
        f" {names(absent)} {'has' if len(absent) == 1 else 'have'} no result on all of them, and"
        " nothing is said of that over all."
        if absent
        else ""
    )
    return (
        f"A method is called better over {these(problems)} only where a permutation of labels"
        f" within each space, of whole seeds, has a p-value below {level:g}, corrected for all"
        f" pairs with {name(BASELINE)} or all others (Holm), its mean normalised regret agrees"
        f" with its ranks, and each has {FEWEST} seeds on every problem; failed trials, and answers"
        " without a number, count as the worst. It holds for these and no others, and for the"
        f" budgets that the studies tell. Each problem weighs the same in that, and has a verdict"
        f" of its own in its part.{without}"
    )
