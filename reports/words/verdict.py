"""The answer of a study in words: the decision of `analysis.decision`, said once for everybody."""

from __future__ import annotations

from dataclasses import dataclass

from nasbench_harness.reports.analysis.decision import Standing, same_level
from nasbench_harness.reports.analysis.evidence import NAMES
from nasbench_harness.reports.analysis.groups import groups
from nasbench_harness.reports.analysis.seen import all_seen, grouped
from nasbench_harness.reports.statistics.arrays import TOLERANCE
from nasbench_harness.reports.statistics.shares import excluded_miss
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import DONE
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.against import against_baseline, confidence
from nasbench_harness.reports.words.beside import beside
from nasbench_harness.reports.words.claims import delta, gap, p_of, seeds_needed, sentence
from nasbench_harness.reports.words.finals import Finals
from nasbench_harness.reports.words.marked import count, listing, name, names
from nasbench_harness.reports.words.predicted import off
from nasbench_harness.reports.words.wary import warnings
from nasbench_harness.store.looks import LEVEL
from nasbench_harness.study.config import BASELINE


@dataclass(frozen=True)
class Answer:
    """Sentences with marked method names (see `words`)."""

    lead: str
    against_baseline: list[str]
    ties: list[str]
    warnings: list[str]


def judge(data: StudyData) -> Answer:
    """Say what the study shows and what it does not."""
    finals = Finals(data)
    return Answer(
        lead=_lead(data, finals),
        against_baseline=against_baseline(data, finals),
        ties=_together(finals),
        warnings=warnings(data, finals),
    )


def note(data: StudyData) -> str:
    """By which rule all this is said."""
    tests = dict.fromkeys(NAMES[claim.test] for claim in data.claims.all)
    by = f" by the {listing(list(tests))}" if tests else ""
    smallest = data.smallest
    same = (
        f" The smallest difference of interest is {smallest.words}, {smallest.why}: methods are"
        " practically the same where two one-sided tests rule out that their means are further"
        f" apart (at {same_level(data.look.level):g}), and better by more than that only where a"
        " smaller difference is ruled out."
        if smallest
        else " Nothing says which difference is of interest, so none is called negligible; give"
        f" {name('--smallest-difference')}."
    )
    if not data.look.level:
        return "Nothing is judged yet. Intervals are 95 %."
    level = data.look.level
    return (
        f"A method is called better only where p is below {level:g}{by}, corrected for"
        " all pairs with the baseline or all others (Holm, after Tarone's screening), and mean and"
        f" rank agree.{same} {_looks(data)} Intervals are 95 % and not corrected, so they may say"
        " more than is claimed."
    )


def _looks(data: StudyData) -> str:
    look = data.look
    if look.fixed and look.number > 1:
        return (
            f"The study was planned to be judged once, at {LEVEL:g}, and this is look"
            f" {look.number}: trials that had failed ended after the first, so that its level is no"
            " longer kept."
        )
    if look.fixed:
        return f"The study was planned to be judged once, at {LEVEL:g}."
    kept = "" if look.kept else " It could not be kept in the study, so the next one will not know."
    return (
        f"This is look {look.number} at its results, and look k is judged at {LEVEL:g} / 2^k, so"
        f" that seeds can be added and judged again.{kept}"
    )


# --- the first line ----------------------------------------------------------------------------


def _lead(data: StudyData, finals: Finals) -> str:
    if not finals.labels:
        return "No trial of this study has a result yet, so there is nothing to compare."
    said = _two(finals) or _best(data, finals)
    predicted = off(data.trials, data.kind)
    parts = (f"{_too_early(data)}{said}{_perfect(data, finals)}{_saw(data)}", predicted)
    return " ".join(filter(None, parts))


def _too_early(data: StudyData) -> str:
    """What stands before the numbers of a study that is to be judged once, when all has ended."""
    if not data.look.fixed or data.look.level:
        return ""
    open_ = int((data.trials["status"] != DONE).sum())
    return (
        f"No verdict yet: the study is to be judged once, and {count(open_, 'trial')} of"
        f" {len(data.trials)} {'has' if open_ == 1 else 'have'} no result. So far: "
    )


def _two(finals: Finals) -> str:
    """Of a study of two methods, or of one and the baseline, the claim; empty for all others."""
    pair = finals.others if len(finals.others) == 2 else [*finals.others, BASELINE]
    claim = finals.claims.of(*pair) if len(pair) == 2 else None
    return sentence(claim, finals.measure) if claim else ""


def _best(data: StudyData, finals: Finals) -> str:
    """Who ends with the best mean, and from whom that can be told."""
    top, measure = finals.mean(finals.labels[0]), finals.measure
    best = [label for label in finals.labels if abs(finals.mean(label) - top) <= TOLERANCE]
    alone = len(finals.labels) == 1
    which = "a mean" if alone else f"the {measure.best} mean"
    ends = f"{names(best)} {'ends' if len(best) == 1 else 'end'} with {which} {measure.noun}"
    if len(best) > 1:
        return f"{ends}: {finals.text(top)} each{beside(best, finals.labels, finals.claims)}."
    row = data.row(best[0])
    seeds = f"{confidence(row, finals)} over {count(row.known, 'seed')}"
    return f"{ends}: {finals.text(top)}{seeds}{beside(best, finals.labels, finals.claims)}."


def _perfect(data: StudyData, finals: Finals) -> str:
    """Who found the best architecture every time, and what that does not exclude."""
    perfect = [label for label, v in finals.values.items() if v.max() <= TOLERANCE]
    if finals.measure.key != "regret" or not perfect:
        return ""
    seeds = {len(finals.values[label]) for label in perfect}
    least = min(seeds)
    owner = "its" if len(perfect) == 1 else "their"
    failed = any(data.row(label).failed for label in perfect)
    every = f"{owner} only seed" if seeds == {1} else f"each of {owner} {_number(seeds)}seeds"
    every += " that finished" * failed
    return (
        f" {names(perfect)} found the best architecture of the table with {every}; a miss rate up"
        f" to {numerals.share(excluded_miss(least))} is not excluded."
    )


def _saw(data: StudyData) -> str:
    """What each method looked at, without which no result can be weighed."""
    told = grouped(all_seen(data.trials, data.study.specs))
    said = [f"{names(labels)} saw {what}" for what, labels in told.items()]
    return f" ({'; '.join(said)}.)" if said else ""


def _number(seeds: set[int]) -> str:
    return f"{min(seeds)} " if len(seeds) == 1 else ""


# --- among each other --------------------------------------------------------------------------


def _together(finals: Finals) -> list[str]:
    """A sentence for each of the largest sets that are the same, or cannot be told apart.

    And one for each pair of which two things have to be said.
    """
    if len(finals.others) <= 2:
        return []
    same = groups(finals.others, finals.claims.differ)
    apart = [group for group in finals.claims.groups(finals.others) if group not in same]
    twofold = [
        sentence(claim, finals.measure)
        for claim in finals.claims.all
        if (claim.split or claim.undone) and BASELINE not in claim.labels
    ]
    return [*(_group(group, finals) for group in (*same, *apart)), *twofold]


def _group(labels: tuple[str, ...], finals: Finals) -> str:
    claims = [claim for claim in finals.claims.all if {claim.first, claim.second} <= set(labels)]
    if all(claim.tied for claim in claims):
        return f"{names(labels)} all ended with the same {finals.measure.noun}: a tie."
    plain = [claim for claim in claims if not (claim.split or claim.undone)]
    widest = max(plain or claims, key=lambda claim: abs(claim.gain))
    ends = widest.turned() if widest.gain < 0 else widest
    which = (
        f"the {gap(ends, finals.measure, ends.first)}"
        if len(labels) == 2
        else f"the widest gap is between {name(ends.first)} and {name(ends.second)}, whose"
        f" {gap(ends.turned(), finals.measure)}"
    )
    if all(claim.outcome is Standing.SAME for claim in claims):
        return (
            f"{names(labels)} are practically the same: {which}, and"
            f" {delta(ends, finals.measure)} or more are ruled out."
        )
    if ends.outcome is Standing.WAITING:
        return f"{names(labels)} are not judged yet: so far {which}."
    if not plain:
        return f"These seeds cannot tell {names(labels)} apart."
    return (
        f"These seeds cannot tell {names(labels)} apart: {which}, {p_of(ends)}"
        f"{seeds_needed(ends, finals.measure)}."
    )
