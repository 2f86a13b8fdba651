"""Two methods of one study compared seed by seed, in numbers and in words.

A claim is made where the signed-rank test says so at `ALPHA`. Only seeds that both methods have a
result for count, and nothing is pooled over studies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.reports.statistics.paired import PairedComparison, compare_paired, holm
from nasbench_harness.reports.statistics.signedrank import fewest_pairs
from nasbench_harness.reports.study.measure import ACCURACY, REGRET, Measure, MeasureKey
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, listing, name, names
from nasbench_harness.study.canonical import find_label

if TYPE_CHECKING:
    import pandas as pd

    from nasbench_harness.store.studies import Study

ALPHA = 0.05
"""A p-value below this is a difference."""

Order = Literal["first", "second", "undecided", "tie"]


@dataclass(frozen=True)
class Comparison:
    """A method against another on their common seeds."""

    first: str
    second: str
    measure: MeasureKey
    """Regret in points or accuracy in percent; differences of both are points."""
    noun: str
    """How sentences call it."""
    seeds: tuple[int, ...]
    """Those both have a result for, in order."""
    left_out: tuple[int, ...]
    """Those only one of the two has a result for."""
    first_mean: float
    second_mean: float
    """Over the common seeds."""
    paired: PairedComparison
    p_corrected: float
    """By Holm over a family of so many pairs; the p-value itself where it is one."""
    family: int = 1

    @property
    def order(self) -> Order:
        """Who does better, by the signed-rank test."""
        if self.paired.ties == self.paired.seeds:
            return "tie"
        if self.p_corrected >= ALPHA:
            return "undecided"
        return "first" if self.paired.rank_biserial > 0 else "second"

    def turned(self) -> Comparison:
        """The same seen from the second method."""
        return replace(
            self,
            first=self.second,
            second=self.first,
            first_mean=self.second_mean,
            second_mean=self.first_mean,
            paired=self.paired.turned(),
        )


class Compared(Protocol):
    """The study that two methods are compared in."""

    @property
    def study(self) -> Study:
        """What was planned."""

    @property
    def name(self) -> str:
        """The study's name."""

    @property
    def labels(self) -> list[str]:
        """Every method."""

    @property
    def done_labels(self) -> list[str]:
        """Methods with at least one result, best first."""

    @property
    def done(self) -> pd.DataFrame:
        """The trials with a result."""

    @property
    def measure(self) -> Measure:
        """What methods are compared by where nobody says."""


def compare(
    data: Compared, first: str, second: str, measure: MeasureKey | None = None
) -> Comparison:
    """Compare two methods of a study by their labels, paired by seed, by the study's own measure.

    A label may be spelled in any way: `unas[temperature=1]` is `unas[temperature=1.0]`.

    HarnessError if a label is unknown or has no result, both are the same, they have no seed in
    common, or the study has no regret. Where it holds one seed of a method twice, as after an
    update of the method, the later one counts.
    """
    chosen = _chosen(data, measure)
    specs = data.study.specs
    first, second = (find_label(one, data.labels, specs) or one for one in (first, second))
    if first == second:
        raise HarnessError(f"A method cannot be compared with itself: `{first}` is given twice.")
    results = [_results(data, label, chosen) for label in (first, second)]
    if not results[0].index.intersection(results[1].index).size:
        raise HarnessError(
            f"`{first}` and `{second}` have no seed in common in study {data.name}, so they cannot"
            " be paired; run both with the same seeds."
        )
    return _compared(first, second, chosen, results[0], results[1])


def _chosen(data: Compared, key: MeasureKey | None) -> Measure:
    """What is compared by; HarnessError for the regret of a study that has none."""
    if key is None or key == data.measure.key:
        return data.measure
    if key == ACCURACY.key:
        return ACCURACY
    raise HarnessError(
        f"Study {data.name} has no regret, because its answers were looked up in no complete table,"
        " so that nobody knows the best; compare them by accuracy (`--metric accuracy`)."
    )


def compare_all(data: Compared) -> list[Comparison]:
    """Every pair of methods with common seeds, best first; p-values corrected over all pairs.

    By the study's own measure.

    Seeds needed are those of the smallest p-value in Holm's order, which has to be below `ALPHA`
    over the number of pairs.
    """
    measure = data.measure
    results = {label: _results_or_none(data, label, measure.key) for label in data.done_labels}
    labels = [
        (first, second)
        for first, second in combinations(results, 2)
        if results[first].index.intersection(results[second].index).size
    ]
    pairs = [
        _compared(first, second, measure, results[first], results[second], len(labels))
        for first, second in labels
    ]
    corrected = holm([pair.paired.p_value for pair in pairs])
    return [
        replace(pair, p_corrected=float(p_value))
        for pair, p_value in zip(pairs, corrected, strict=True)
    ]


def _results(data: Compared, label: str, measure: Measure) -> pd.Series[float]:
    if label not in data.labels:
        raise _unknown(data, label)
    found = _results_or_none(data, label, measure.key)
    if not found.empty:
        return found
    if label not in data.done_labels:
        raise HarnessError(f"`{label}` has no result in study {data.name} yet; run the study on.")
    raise HarnessError(
        f"`{label}` is done in study {data.name} and has no {measure.noun} there: nobody measured"
        " or knows that of its answers, so that there is nothing to compare."
    )


def _unknown(data: Compared, label: str) -> HarnessError:
    """Names the method's own settings first: `unas` is most like `unas[temperature=0.4]`."""
    settings = [
        known for known in data.labels if known.partition("[")[0] == label.partition("[")[0]
    ]
    if not settings:
        return UnknownNameError(f"method in study {data.name}", label, data.labels)
    have = listing([f"`{known}`" for known in settings])
    return HarnessError(f"Study {data.name} has no `{label}`; it has {have}.")


def _results_or_none(data: Compared, label: str, measure: MeasureKey) -> pd.Series[float]:
    """A method's finite results by seed."""
    rows = data.done[data.done["method"] == label].drop_duplicates("seed", keep="last")
    values = rows.set_index("seed")[measure].astype(float).sort_index()
    return values[np.isfinite(values)]


def _compared(  # noqa: PLR0913, PLR0917 - two methods, each with its name and its results
    first: str,
    second: str,
    measure: Measure,
    ours: pd.Series[float],
    theirs: pd.Series[float],
    family: int = 1,
) -> Comparison:
    seeds = ours.index.intersection(theirs.index)
    sign = measure.sign
    left, right = ours[seeds].to_numpy(), theirs[seeds].to_numpy()
    paired = compare_paired(sign * left, sign * right, ALPHA / family)
    return Comparison(
        first=first,
        second=second,
        measure=measure.key,
        noun=measure.noun,
        seeds=tuple(int(seed) for seed in seeds),
        left_out=tuple(int(seed) for seed in ours.index.symmetric_difference(theirs.index)),
        first_mean=float(left.mean()),
        second_mean=float(right.mean()),
        paired=paired,
        p_corrected=paired.p_value,
        family=family,
    )


# --- in words ----------------------------------------------------------------------------------


def sentence(comparison: Comparison) -> str:
    """What the comparison shows, with marked method names (see `words`)."""
    if comparison.order == "tie":
        return _tie(comparison)
    if comparison.order == "undecided":
        return _undecided(comparison)
    ahead = comparison.turned() if comparison.order == "second" else comparison
    if ahead.paired.gain > 0:
        return (
            f"{name(ahead.first)} is better than {name(ahead.second)}: its {_gap(ahead)} over"
            f" {_seeds(ahead)}, {_p(ahead)}."
        )
    return (
        f"{name(ahead.first)} tends to do better than {name(ahead.second)}, on"
        f" {ahead.paired.wins} of {_seeds(ahead)} ({_p(ahead)}), but its {_gap(ahead)}: a few bad"
        " seeds weigh more."
    )


def _tie(comparison: Comparison) -> str:
    both = names([comparison.first, comparison.second])
    where = (
        "their only common seed"
        if comparison.paired.seeds == 1
        else f"each of {_seeds(comparison)}"
    )
    return f"{both} ended with the same {comparison.noun} on {where}: a tie."


def _undecided(comparison: Comparison) -> str:
    both = names([comparison.first, comparison.second])
    ahead = comparison.turned() if comparison.paired.gain < 0 else comparison
    return (
        f"{_seeds(comparison)} cannot tell {both} apart: the {_gap(ahead, of=ahead.first)},"
        f" {_p(comparison)}; {more_seeds(comparison)}."
    )


def more_seeds(comparison: Comparison) -> str:
    """What it would take to tell two methods apart, after a semicolon."""
    have, needed = comparison.paired.seeds, comparison.paired.seeds_needed
    fewest = fewest_pairs(ALPHA / comparison.family)
    if needed is None:
        if have < fewest:
            return f"it takes at least {fewest} seeds"
        return "no number of seeds would, if that is the truth"
    if needed <= have:
        return "a few more would, if that is the true difference"
    return f"about {rounded(needed)} would, if that is the true difference"


def _gap(comparison: Comparison, of: str = "") -> str:
    """`mean regret is 0.051 points lower (95 % CI 0.010 to 0.090)`, of the first method."""
    paired = comparison.paired
    subject = f"mean {comparison.noun}{f' of {name(of)}' if of else ''} is"
    if numerals.points(abs(paired.gain)) == numerals.points(0.0):
        amount = f"{subject} the same to three digits"
    else:
        lower = (paired.gain > 0) == (comparison.measure == REGRET.key)
        amount = f"{subject} {numerals.points(abs(paired.gain))} points"
        amount += " lower" if lower else " higher"
    if math.isnan(paired.gain_low):
        return amount
    low, high = paired.gain_low, paired.gain_high
    low, high = (low, high) if paired.gain >= 0 else (-high, -low)
    return f"{amount} (95 % CI {numerals.points(low)} to {numerals.points(high)})"


def _p(comparison: Comparison) -> str:
    p_value = p_words(comparison.p_corrected)
    if comparison.family == 1:
        return p_value
    return f"{p_value} after Holm's correction over {comparison.family} pairs"


def p_words(p_value: float) -> str:
    """`p 0.0312`, or `p < 0.001` where nobody reads the digits."""
    return "p < 0.001" if p_value < 0.001 else f"p {numerals.significant(p_value)}"


def rounded(seeds: int) -> str:
    """A guess of a number of seeds, to two digits once it is large."""
    digits = max(0, len(str(seeds)) - 2)
    return numerals.whole(round(seeds, -digits))


def _seeds(comparison: Comparison) -> str:
    return count(comparison.paired.seeds, "common seed")
