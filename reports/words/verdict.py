"""The answer in words, computed from the trials.

A claim is made only where the signed-rank test over common seeds, corrected for all pairs of the
study, says so and the means agree; everything else is called what it is, undecided.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from nasbench_harness.reports.analysis.compare import ALPHA, Comparison, more_seeds
from nasbench_harness.reports.figures.reference import baseline_words, whole_table
from nasbench_harness.reports.statistics.arrays import TOLERANCE, Array
from nasbench_harness.reports.statistics.paired import holm, signed_rank_p
from nasbench_harness.reports.statistics.signedrank import fewest_pairs
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import DONE, numbers
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, listing, name, names, ranges
from nasbench_harness.reports.words.protocol import SEEDS
from nasbench_harness.study.config import BASELINE

Relation = Literal["better", "worse", "undecided"]
NOTE = (
    "A method is called better or worse only where Wilcoxon's signed-rank test over the common"
    " seeds has p < 0.05 after Holm's correction for all pairs of the study, and the means agree."
    " Intervals are percentile bootstraps over seeds and not corrected; from few seeds they are too"
    " narrow rather than too wide. Seeds that would be needed are a guess from the differences"
    " seen, for a chance of 80 %."
)


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
    against_table = [] if data.queryable else _against_table(data, finals)
    return Answer(
        lead=_lead(data, finals),
        against_baseline=[*_against_baseline(data, finals), *against_table],
        ties=_ties(finals),
        warnings=[*_few_seeds(finals), *_without_result(data), *_collapsed(data), *_noise(data)],
    )


class Finals:
    """What every method ended with, by the measure of the study, and comparisons of every pair."""

    def __init__(self, data: StudyData) -> None:
        self.measure = data.measure
        groups = {str(label): rows for label, rows in data.done.groupby("method")}
        found = {label: numbers(groups[label], self.measure.key) for label in data.done_labels}
        self.values: dict[str, Array] = {label: v for label, v in found.items() if len(v)}
        self.pairs = data.comparisons
        self._by_labels = {(pair.first, pair.second): pair for pair in self.pairs}

    @property
    def labels(self) -> list[str]:
        """Methods with a number, best first."""
        return list(self.values)

    def mean(self, label: str) -> float:
        """In the unit of the measure."""
        return float(self.values[label].mean())

    def text(self, value: float) -> str:
        """`0.051 points`, `93.20 %`."""
        return f"{self.measure.text(value)} {self.measure.unit}"

    @property
    def lower(self) -> tuple[str, str]:
        """What a better and a worse mean are called."""
        return ("lower", "higher") if self.measure.sign > 0 else ("higher", "lower")

    def pair(self, label: str, other: str) -> Comparison | None:
        """Two methods compared; None where they have no seed in common."""
        found = self._by_labels.get((label, other))
        turned = self._by_labels.get((other, label))
        return found or (turned.turned() if turned else None)

    def order(self, label: str, other: str) -> Relation:
        """What may be claimed of `label`."""
        pair = self.pair(label, other)
        if pair is None or pair.p_corrected >= ALPHA:
            return "undecided"
        signs = pair.paired.rank_biserial, pair.paired.gain
        return "better" if min(signs) > 0 else "worse" if max(signs) < 0 else "undecided"


# --- the best ----------------------------------------------------------------------------------


def _lead(data: StudyData, finals: Finals) -> str:
    if not finals.labels:
        return "No trial of this study has a result yet, so there is nothing to compare."
    by_regret = finals.measure.key == "regret"
    perfect = [label for label, v in finals.values.items() if v.max() <= TOLERANCE]
    if by_regret and perfect:
        seeds = _every_seed(perfect, finals)
        return f"{names(perfect)} found the best architecture of the table with {seeds}."
    top, measure = finals.mean(finals.labels[0]), finals.measure
    best = [label for label in finals.labels if abs(finals.mean(label) - top) <= TOLERANCE]
    alone = len(finals.labels) == 1
    which = "a mean" if alone else f"the {measure.best} mean"
    ends = f"{names(best)} {'ends' if len(best) == 1 else 'end'} with {which} {measure.noun}"
    if len(best) > 1:
        return f"{ends}: {finals.text(top)} each."
    row = data.row(best[0])
    seeds = f"{_confidence(row, finals)} over {count(row.known, 'seed')}"
    return f"{ends}: {finals.text(top)}{seeds}{_rivals(best[0], finals)}."


def _rivals(best: str, finals: Finals) -> str:
    """Those the best cannot be told from."""
    rivals = [
        label
        for label in finals.labels
        if label != best and finals.order(best, label) == "undecided"
    ]
    return f", but these seeds cannot tell it from {names(rivals)}" if rivals else ""


def _every_seed(labels: list[str], finals: Finals) -> str:
    owner = "its" if len(labels) == 1 else "their"
    seeds = {len(finals.values[label]) for label in labels}
    if seeds == {1}:
        return f"{owner} only seed"
    return f"each of {owner} {f'{seeds.pop()} ' if len(seeds) == 1 else ''}seeds"


def _confidence(row: Any, finals: Finals) -> str:
    key, text = finals.measure.key, finals.measure.text
    low, high = getattr(row, f"{key}_low"), getattr(row, f"{key}_high")
    return "" if math.isnan(low) else f" (95 % CI {text(low)} to {text(high)})"


# --- against random search ---------------------------------------------------------------------


def _against_baseline(data: StudyData, finals: Finals) -> list[str]:
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
    others = [label for label in finals.labels if label != BASELINE]
    return [_baseline(data, finals), *_compared(others, finals, what)]


def _baseline(data: StudyData, finals: Finals) -> str:
    row, noun = data.row(BASELINE), finals.measure.noun
    mean = f"{finals.text(finals.mean(BASELINE))}{_confidence(row, finals)}"
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


def _against_table(data: StudyData, finals: Finals) -> list[str]:
    """The sturdier line: what random sampling would give with endless seeds."""
    whole = whole_table(data)
    if whole is None:
        return []
    line = (
        f"With endless seeds random sampling would give the mean of all {whole.size:,} cells of the"
        f" table: a regret of {numerals.points(whole.mean)} points (accuracy"
        f" {numerals.percent(whole.accuracy)} %); the median cell has"
        f" {numerals.points(whole.median)}."
    )
    labels = [label for label in finals.labels if label != BASELINE]
    orders: dict[str, list[str]] = {}
    for label, order in zip(labels, _to_level(labels, whole.mean, finals), strict=True):
        orders.setdefault(order, []).append(label)
    said = [f"{names(group)} {'is' if len(group) == 1 else 'are'} {order}"
            for order, group in orders.items()]  # fmt: skip
    return [f"{line} Against that mean, {listing(said)}." if said else line]


def _to_level(labels: list[str], level: float, finals: Finals) -> list[Relation]:
    """On which side of a level each method's seeds lie, corrected for all of them."""
    differences = [level - finals.values[label] for label in labels]
    p_values = holm([signed_rank_p(values) for values in differences])
    return [
        "undecided" if p_value >= ALPHA else "better" if values.mean() > 0 else "worse"
        for values, p_value in zip(differences, p_values, strict=True)
    ]


def _compared(labels: list[str], finals: Finals, baseline: str) -> list[str]:
    """One sentence per outcome, naming every method and by how much."""
    sentences = []
    openings: dict[Relation, str] = {
        "better": f"Better than {baseline}: ",
        "undecided": f"Not told apart from {baseline} by these seeds: ",
        "worse": f"Worse than {baseline}: ",
    }
    for order, opening in openings.items():
        inside = [label for label in labels if finals.order(label, BASELINE) == order]
        if inside:
            sentences.append(f"{opening}{'; '.join(_amounts(inside, finals))}.")
    return sentences


def _amounts(labels: list[str], finals: Finals) -> list[str]:
    """`darts and drnas by 0.673 points each (95 % CI ...)`; equal amounts are said once."""
    said = [(_amount(label, finals), label) for label in labels]
    grouped = [
        (amount, [label for _, label in pairs])
        for amount, pairs in groupby(said, key=lambda pair: pair[0])
    ]
    return [f"{names(group)}, {'each ' * (len(group) > 1)}{amount}" for amount, group in grouped]


def _amount(label: str, finals: Finals) -> str:
    pair, undecided = finals.pair(label, BASELINE), finals.order(label, BASELINE) == "undecided"
    better, worse = finals.lower
    if pair is None:
        return "without a common seed"
    gain, low, high = pair.paired.gain, pair.paired.gain_low, pair.paired.gain_high
    if abs(gain) <= TOLERANCE:
        lead = "with the same mean"
    elif undecided:
        lead = f"{numerals.points(abs(gain))} points {better if gain > 0 else worse}"
    else:
        lead = f"by {numerals.points(abs(gain))} points"
    if math.isnan(low):
        return lead
    interval = f"95 % CI {_span(low, high) if gain >= 0 else _span(-high, -low)}"
    more = f"; {more_seeds(pair)}" if undecided and abs(gain) > TOLERANCE else ""
    return f"{lead} ({interval}{more})"


# --- among each other --------------------------------------------------------------------------


def _ties(finals: Finals) -> list[str]:
    labels = [label for label in finals.labels if label != BASELINE]
    return [_tie(group, finals) for group in _undecided_groups(labels, finals)]


def _undecided_groups(labels: list[str], finals: Finals) -> list[list[str]]:
    """Maximal runs, in order of mean regret, whose members cannot be told apart pair by pair."""
    groups: list[list[str]] = []
    reached = 0
    for start in range(len(labels)):
        end = start + 1
        while end < len(labels) and all(
            finals.order(labels[i], labels[end]) == "undecided" for i in range(start, end)
        ):
            end += 1
        if end > max(reached, start + 1):
            groups.append(labels[start:end])
            reached = end
    return groups


def _tie(labels: list[str], finals: Finals) -> str:
    found = [finals.values[label] for label in labels]
    if max(v.max() for v in found) - min(v.min() for v in found) <= TOLERANCE:
        return f"{names(labels)} all ended with the same {finals.measure.noun}: a tie."
    best, last = labels[0], labels[-1]
    widest = finals.pair(best, last)
    if widest is None:
        return f"{names(labels)} have no common seeds to be compared on."
    which = "the gap" if len(labels) == 2 else f"the widest gap, {name(best)} to {name(last)},"
    sentence = (
        f"{count(widest.paired.seeds, 'seed')} cannot tell {names(labels)} apart: {which} is"
        f" {numerals.points(abs(widest.paired.gain))} points"
    )
    if not math.isnan(widest.paired.gain_low):
        sentence += f" (95 % CI {_span(widest.paired.gain_low, widest.paired.gain_high)})"
    return f"{sentence}; {more_seeds(widest)}."


# --- what to be wary of ------------------------------------------------------------------------


def _few_seeds(finals: Finals) -> list[str]:
    enough = fewest_pairs(ALPHA / max(1, len(finals.pairs)))
    few = [label for label, values in finals.values.items() if len(values) < enough]
    if not few:
        return []
    most = max(len(finals.values[label]) for label in few)
    seeds = "1 seed" if most == 1 else f"at most {most} seeds"
    if not finals.pairs:
        return [
            f"{names(few)}: {seeds}. There are no two methods with a seed in common to be compared,"
            " so no claim is made."
        ]
    return [
        f"{names(few)}: {seeds}. Among {count(len(finals.pairs), 'pair')} of methods fewer"
        f" than {enough} seeds can never tell one apart at the 5 % level, so no claim is made; run"
        f" at least {enough}, better twice as many."
    ]


def _without_result(data: StudyData) -> list[str]:
    missing = data.trials[data.trials["status"] != DONE]
    sentences = []
    if len(missing):
        parts = [
            f"{name(str(label))} seed{'s' if len(rows) > 1 else ''} {ranges(rows['seed'])} {status}"
            for (label, status), rows in missing.groupby(["method", "status"], sort=False)
        ]
        sentences.append(
            f"{len(missing)} of {count(len(data.trials), 'trial')}"
            f" {'has' if len(missing) == 1 else 'have'} no result and"
            f" {'is' if len(missing) == 1 else 'are'} left out of every number here:"
            f" {'; '.join(parts)}. The reasons stand with the trials below."
        )
    blank = data.done[data.done[data.measure.key].isna()]
    if not data.looked_up:
        blank = blank[blank["method"].isin(data.searching)]
    if len(blank):
        where = [f"{name(m)} seed {s}" for m, s in zip(blank["method"], blank["seed"], strict=True)]
        sentences.append(
            f"{listing(where)}: done, but the result holds no {data.measure.noun}; left out."
        )
    return sentences


_FLAWS = {
    "collapsed": (True, "collapsed: the answer is the cell of nothing but skip connections"),
    "connected": (False, "found a cell whose input never reaches its output"),
}


def _collapsed(data: StudyData) -> list[str]:
    sentences = []
    for column, (bad, words) in _FLAWS.items():
        if column not in data.done:
            continue
        hit = data.done[data.done[column].isin([bad])]
        for label, rows in hit.groupby("method", sort=False):
            total = int((data.done["method"] == label).sum())
            sentences.append(
                f"{name(str(label))} {words}, in {len(rows)} of {count(total, 'seed')}"
                f" ({'seeds' if len(rows) > 1 else 'seed'} {ranges(rows['seed'])})."
            )
    return sentences


def _noise(data: StudyData) -> list[str]:
    noise = data.first("noise")
    if noise == SEEDS:
        return [
            "At every step the searchers saw, for every architecture, one of the benchmark's own"
            " training runs drawn at random; the results shown are looked up without noise."
        ]
    if not float(noise) > 0:
        return []
    return [
        f"The searchers saw every accuracy with Gaussian noise of {float(noise):g} points on it;"
        " the results shown are looked up without noise."
    ]


def _span(low: float, high: float) -> str:
    return f"{numerals.points(low)} to {numerals.points(high)}"
