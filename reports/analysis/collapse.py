"""Collapse as a result of its own: how often a method ends with an answer that nobody would use.

An answer counts as collapsed in the lower quarter of its benchmark, where one architecture in four
lies, or with the space's own sign of it. A mean hides it: a method that is best in nine seeds and
collapses in the tenth may have the same mean as one that is never good.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import pandas as pd

from nasbench_harness.contracts import Flawed
from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.shares import clopper_pearson, fisher_p
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, listing, name, ranges

LOWER = 25.0
"""Percentile below which an answer is in the lower quarter."""
LEVEL = 0.05
SIGNS = {
    "collapsed": (True, "of nothing but skip connections"),
    "connected": (False, "without a path from input to output"),
}
"""Columns that a space may tell of an answer, the value that is a sign, and what it means."""
_FLAWED = "whose numbers say nothing about a network"
_QUARTER = "in the lower quarter of the benchmark"


@dataclass(frozen=True)
class CollapsePair:
    """Two methods of which the first collapsed in a larger share of its seeds."""

    more: str
    less: str
    p_value: float
    """Of Fisher's exact test, two-sided, corrected for all pairs of the study."""
    pairs: int


class _Counts(NamedTuple):
    """How many of a method's answers collapsed."""

    label: str
    collapsed: int
    seeds: int

    @property
    def share(self) -> float:
        return self.collapsed / self.seeds


def collapses(data: StudyData) -> pd.DataFrame:
    """One row per method with a result; none where no answer can be told to have collapsed.

    Columns method, seeds, collapsed (how many), share, low and high (its exact 95 % bounds), lower
    (in the lower quarter), signs (with a sign of the space's own) and which (seeds that collapsed).
    """
    found = _found(data)
    if found.empty:
        return pd.DataFrame()
    groups = {str(label): rows for label, rows in found.groupby("method", sort=False)}
    return pd.DataFrame([_row(label, groups[label]) for label in data.done_labels])


def collapse_pairs(data: StudyData) -> list[CollapsePair]:
    """Every pair of methods, of which at least one collapsed, with the test of their shares."""
    rows = [_Counts(row["method"], row["collapsed"], row["seeds"]) for row in _records(data)]
    pairs = [(a, b) for a, b in combinations(rows, 2) if a.collapsed or b.collapsed]
    if not pairs:
        return []
    p_values = holm(
        [fisher_p(a.collapsed, a.seeds, b.collapsed, b.seeds) for a, b in pairs],
        [_smallest(a.collapsed + b.collapsed, a.seeds, b.seeds) for a, b in pairs],
    )
    ordered = [(a, b) if a.share >= b.share else (b, a) for a, b in pairs]
    return [
        CollapsePair(more.label, less.label, float(p_value), len(pairs))
        for (more, less), p_value in zip(ordered, p_values, strict=True)
    ]


def collapse_sentences(data: StudyData) -> list[str]:
    """Who collapsed how often, and who more often than whom; marked. None where nobody did."""
    found, rows = _found(data), collapses(data)
    told = [
        _sentence(row, found[(found["method"] == row.method) & found["hit"]])
        for row in rows.itertuples()
        if row.collapsed
    ]
    return [*told, *_compared(collapse_pairs(data))] if told else []


def _records(data: StudyData) -> list[dict[Any, Any]]:
    return collapses(data).to_dict("records")


def _found(data: StudyData) -> pd.DataFrame:
    """Columns method, seed, lower, sign (in words, or empty) and hit; a row per result."""
    done = data.done
    known = [column for column in ("percentile", *SIGNS) if column in done]
    if done.empty or not (known or isinstance(data.space, Flawed)):
        return pd.DataFrame()
    lower = pd.Series(data=False, index=done.index)
    if "percentile" in done:
        lower = done["percentile"].astype(float) < LOWER
    found = done[["method", "seed"]].assign(lower=lower, sign=_signs(data, done))
    return found.assign(hit=found["lower"] | (found["sign"] != ""))


def _signs(data: StudyData, done: pd.DataFrame) -> list[str]:
    """Per result the first of the space's own signs that it shows; empty without one."""
    signs = pd.Series("", index=done.index)
    for column, (bad, words) in SIGNS.items():
        if column in done:
            signs = signs.mask((signs == "") & done[column].isin([bad]), words)
    space = data.space
    if not isinstance(space, Flawed) or "architecture" not in done:
        return list(signs)
    flaws = {text: space.flaw(space.parse(text)) for text in done["architecture"].dropna().unique()}
    flawed = done["architecture"].map(flaws).fillna("") != ""
    return list(signs.mask((signs == "") & flawed, _FLAWED))


def _row(label: str, rows: pd.DataFrame) -> dict[str, Any]:
    hit = int(rows["hit"].sum())
    low, high = clopper_pearson(hit, len(rows))
    return {
        "method": label,
        "seeds": len(rows),
        "collapsed": hit,
        "share": hit / len(rows),
        "low": low,
        "high": high,
        "lower": int(rows["lower"].sum()),
        "signs": int((rows["sign"] != "").sum()),
        "which": ranges(rows.loc[rows["hit"], "seed"]),
    }


def _smallest(collapsed: int, first: int, second: int) -> float:
    """The smallest p-value that so many among all seeds could have had: with all on one side."""
    ends = (max(0, collapsed - second), min(collapsed, first))
    return min(fisher_p(end, first, collapsed - end, second) for end in ends)


def _sentence(row: Any, hit: pd.DataFrame) -> str:
    bounds = f"95 % CI {numerals.share(row.low)} to {numerals.share(row.high)}"
    seeds = f"{'seeds' if row.collapsed > 1 else 'seed'} {row.which}"
    parts = [f"{row.lower} {_QUARTER}"] if row.lower else []
    signs = hit.loc[hit["sign"] != "", "sign"].value_counts(sort=False)
    parts += [f"{number} {words}" for words, number in signs.items()]
    return (
        f"{name(row.method)} collapsed in {row.collapsed} of {count(row.seeds, 'seed')} ({seeds};"
        f" {bounds}): {listing(parts)}."
    )


def _compared(pairs: list[CollapsePair]) -> list[str]:
    if not pairs:
        return []
    about = "Fisher's exact test" + (
        f", corrected for {len(pairs)} pairs" if len(pairs) > 1 else ""
    )
    told = [
        f"{name(pair.more)} more often than {name(pair.less)} ({_p(pair.p_value)})"
        for pair in pairs
        if pair.p_value < LEVEL
    ]
    if not told:
        return [f"These seeds do not show that one method collapses more often ({about})."]
    return [f"Collapses: {listing(told)}, by {about}."]


def _p(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p {numerals.significant(p_value)}"
