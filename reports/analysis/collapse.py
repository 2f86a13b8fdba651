"""Collapse as a result of its own: how often a method ends with an answer that nobody would use.

What counts as one is for `reports.study.collapsed` to say. A mean hides it: a method that is best
in nine seeds and collapses in the tenth may have the same mean as one that is never good.

A baseline that draws blindly does not collapse, it draws: one answer in four is of the lower
quarter. Its share stands in the table, and nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import pandas as pd

from nasbench_harness.reports.statistics.corrections import holm
from nasbench_harness.reports.statistics.shares import clopper_pearson, fisher_p
from nasbench_harness.reports.study.collapsed import TELLING, collapse_of
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, listing, name, ranges
from nasbench_harness.study.config import BASELINE

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
    return pd.DataFrame([
        _row(label, groups[label]) for label in data.done_labels if label in groups
    ])  # fmt: skip


def collapse_pairs(data: StudyData) -> list[CollapsePair]:
    """Every pair of methods, of which at least one collapsed, with the test of their shares.

    Without a baseline that draws blindly.
    """
    rows = [_Counts(row["method"], row["collapsed"], row["seeds"]) for row in _searching(data)]
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
    """Who collapsed how often, and who more often than whom; marked. None where nobody did.

    Who more often is judged at the level of the look, and not at all before there is one.
    """
    found = _found(data)
    told = [
        _sentence(row, found[(found["method"] == row["method"]) & found["hit"]])
        for row in _searching(data)
        if row["collapsed"]
    ]
    return [*told, *_compared(collapse_pairs(data), data.look.level)] if told else []


def _searching(data: StudyData) -> list[dict[Any, Any]]:
    """The rows of all methods but one that draws blindly."""
    rows: list[dict[Any, Any]] = collapses(data).to_dict("records")
    blind = "" if data.queryable else BASELINE
    return [row for row in rows if row["method"] != blind]


def _found(data: StudyData) -> pd.DataFrame:
    """Columns method, seed, lower, sign (in words, or empty) and hit; a row per answer told of."""
    done = data.done.reindex(columns=["method", "seed", *TELLING])
    known = done.astype(object).where(done.notna(), None)
    rows: list[dict[Any, Any]] = known.to_dict("records")
    told = [(row, found) for row in rows if (found := collapse_of(row, data.space)) is not None]
    return pd.DataFrame([
        {"method": row["method"], "seed": row["seed"], **found._asdict(), "hit": found.hit}
        for row, found in told
    ])  # fmt: skip


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


def _sentence(row: Mapping[Any, Any], hit: pd.DataFrame) -> str:
    bounds = f"95 % CI {numerals.share(row['low'])} to {numerals.share(row['high'])}"
    seeds = f"{'seeds' if row['collapsed'] > 1 else 'seed'} {row['which']}"
    parts = [f"{row['lower']} {_QUARTER}"] if row["lower"] else []
    signs = hit.loc[hit["sign"] != "", "sign"].value_counts(sort=False)
    parts += [f"{number} {words}" for words, number in signs.items()]
    share = f"{row['collapsed']} of {count(row['seeds'], 'seed')}"
    return f"{name(row['method'])} collapsed in {share} ({seeds}; {bounds}): {listing(parts)}."


def _compared(pairs: list[CollapsePair], level: float) -> list[str]:
    if not pairs or not level:
        return []
    about = "Fisher's exact test" + (
        f", corrected for {len(pairs)} pairs" if len(pairs) > 1 else ""
    )
    told = [
        f"{name(pair.more)} more often than {name(pair.less)} ({_p(pair.p_value)})"
        for pair in pairs
        if pair.p_value < level
    ]
    if not told:
        return [f"These seeds do not show that one method collapses more often ({about})."]
    return [f"Collapses: {listing(told)}, by {about}."]


def _p(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p {numerals.significant(p_value)}"
