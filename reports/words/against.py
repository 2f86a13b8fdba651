"""The methods of a study against its baseline, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from nasbench_harness.reports.analysis.decision import Claim, Claims, Standing
from nasbench_harness.reports.figures.reference import baseline_words, whole_table
from nasbench_harness.reports.statistics.arrays import TOLERANCE
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure, by_value
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.claims import (
    BLIND,
    by_how_much,
    delta,
    interval,
    seeds_needed,
)
from nasbench_harness.reports.words.finals import Finals
from nasbench_harness.reports.words.marked import count, name, names
from nasbench_harness.study.config import BASELINE


def against_baseline(data: StudyData, finals: Finals) -> list[str]:
    """What the baseline ends with, and a sentence for every outcome against it."""
    others = [label for label in finals.labels if label != BASELINE]
    if finals.blind:
        return [
            _blind_line(data, finals.measure),
            *_drawn(data, finals),
            *compared(others, finals.claims, finals.measure, BLIND),
        ]
    what = baseline_words(data)
    if BASELINE not in data.labels:
        return [f"The study has no {what} in it, so there is no line to beat."]
    if not data.looked_up and BASELINE in data.done_labels and BASELINE not in data.searching:
        return [
            f"{what.capitalize()} ({name(BASELINE)}) trained no network, so its answers have no"
            f" {finals.measure.noun} and there is no line to beat."
        ]
    if BASELINE not in finals.values:
        return [f"{what.capitalize()} has no result, so there is no line to beat."]
    return [_line(data, finals), *compared(others, finals.claims, finals.measure, what)]


def _blind_line(data: StudyData, measure: Measure) -> str:
    """What random sampling gives with endless seeds, which the table tells exactly."""
    whole = whole_table(data)
    assert whole is not None, "there are blind draws from a complete table only"
    value = by_value(measure.quantity)
    return (
        f"The line to beat is {BLIND}. With endless seeds that gives the mean of all"
        f" {whole.size:,} cells of the table: a regret of {measure.stated(whole.mean)}"
        f" ({value.noun} {value.stated(whole.accuracy)}); the median cell has"
        f" {measure.text(whole.median)}."
    )


def _drawn(data: StudyData, finals: Finals) -> Iterable[str]:
    if BASELINE in finals.values:
        row = data.row(BASELINE)
        yield (
            f"The {count(row.known, 'draw')} of {name(BASELINE)} here have a mean"
            f" {finals.measure.noun} of {finals.text(finals.mean(BASELINE))}"
            f"{confidence(row, finals)}; nothing is judged by so few."
        )


def _line(data: StudyData, finals: Finals) -> str:
    row, noun = data.row(BASELINE), finals.measure.noun
    mean = f"{finals.text(finals.mean(BASELINE))}{confidence(row, finals)}"
    if not data.queryable:
        return (
            f"Random sampling ({name(BASELINE)}), the line to beat, draws one cell a seed and"
            f" searches nothing: a mean {noun} of {mean} over {count(row.known, 'draw')}."
        )
    return f"Random search, the line to beat, ends at a mean {noun} of {mean}{_asked(row)}."


def _asked(row: Any) -> str:
    """How many architectures it asked for; nothing where that was not recorded."""
    if math.isnan(row.queries_mean):
        return ""
    queries = "1 query" if row.queries_mean == 1 else f"{numerals.whole(row.queries_mean)} queries"
    return f" after {queries}"


def confidence(row: Any, finals: Finals) -> str:
    """The interval of a method's mean, in brackets; empty where there is none."""
    key, text = finals.measure.key, finals.measure.text
    low, high = getattr(row, f"{key}_low"), getattr(row, f"{key}_high")
    return "" if math.isnan(low) else f" (95 % CI {text(low)} to {text(high)})"


# --- method by method --------------------------------------------------------------------------


def compared(labels: Iterable[str], claims: Claims, measure: Measure, what: str) -> list[str]:
    """One sentence per outcome, the best first, naming every method and by how much.

    `what` is how sentences call the baseline.
    """
    found: dict[int, list[tuple[str, str]]] = {}
    openings: dict[int, str] = {}
    for label in labels:
        if claim := claims.of(label, BASELINE):
            place, opening = _opening(claim, what, measure)
            openings[place] = opening
            found.setdefault(place, []).append((_amount(claim, measure), label))
    return [f"{openings[place]}: {'; '.join(_grouped(found[place]))}." for place in sorted(found)]


def _opening(claim: Claim, what: str, measure: Measure) -> tuple[int, str]:
    """Where the sentence about such an outcome stands, and how it begins."""
    if claim.outcome is Standing.SAME:
        return 2, f"Practically the same as {what}"
    if claim.outcome is Standing.WAITING:
        return 3, f"Not judged yet against {what}"
    if claim.ahead is None:
        return 3, f"Not told apart from {what} by these seeds"
    slightly = claim.outcome is Standing.SLIGHTLY
    perhaps = f", perhaps by less than {delta(claim, measure)}" * slightly
    if claim.ahead == claim.first:
        return int(slightly), f"Better than {what}{perhaps}"
    return 5 - slightly, f"Worse than {what}{perhaps}"


def _grouped(said: list[tuple[str, str]]) -> list[str]:
    """`darts and drnas, each by 0.673 points (95 % CI ...)`; equal amounts are said once."""
    groups = [
        (amount, [label for _, label in pairs])
        for amount, pairs in groupby(said, key=lambda pair: pair[0])
    ]
    return [f"{names(group)}, {'each ' * (len(group) > 1)}{amount}" for amount, group in groups]


def _undone(claim: Claim) -> str:
    if claim.finished_outcome is Standing.SAME:
        return "practically the same"
    return "better" if claim.gain > 0 else "worse"


def _amount(claim: Claim, measure: Measure) -> str:
    if claim.split:
        return "better in rank and worse in the mean, or the other way round, so neither is claimed"
    if claim.undone:
        return (
            f"{_undone(claim)} by the trials that finished, and not with failed ones as the worst"
        )
    if abs(claim.gain) <= TOLERANCE:
        return f"with the same mean{interval(claim, measure)}"
    size = by_how_much(claim, measure)
    if claim.ahead is not None:
        return f"by {size}{interval(claim, measure)}"
    side = "better" if claim.gain > 0 else "worse"
    told = claim.outcome is Standing.UNDECIDED and claim.able
    return (
        f"{size} {side} in the mean{interval(claim, measure)}{seeds_needed(claim, measure) * told}"
    )
