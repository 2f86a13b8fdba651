"""Seeds whose answers collapsed, and whether there are more of them than in the baseline.

A mean says little of a method that fails now and then: a collapse in one seed of ten moves it by
less than its own noise. So the seeds are counted. That warns and decides nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from nasbench_harness.reports.regression.comparison import LossComparison
from nasbench_harness.reports.regression.series import Key, Series
from nasbench_harness.reports.words.marked import listing, name, ranges
from nasbench_harness.reports.words.numerals import significant


class Collapses(NamedTuple):
    """How many of a side's seeds collapsed, and which."""

    seeds: tuple[int, ...]
    total: int

    @property
    def share(self) -> float:
        """Between 0 and 1; NaN of no seeds."""
        return len(self.seeds) / self.total if self.total else math.nan

    def __str__(self) -> str:
        return f"{len(self.seeds)} of {self.total}"


def collapse_warnings(comparisons: Iterable[LossComparison]) -> Iterator[str]:
    """A sentence for every method that collapsed more often than in the baseline."""
    for comparison in _one_of_each_method(comparisons):
        old, new = (_of(series, comparison) for series in (comparison.old, comparison.new))
        if old is not None and new is not None and new.share > old.share:
            yield _more(comparison.old.key, old, new)


def collapse_notes(comparisons: Iterable[LossComparison]) -> Iterator[str]:
    """What the baseline lacks for such a comparison, in a sentence."""
    lacking = [
        (one.old.key.method, found)
        for one in _one_of_each_method(comparisons)
        if _of(one.old, one) is None and (found := _of(one.new, one)) is not None
    ]
    if lacking:
        yield _lacks(lacking)


def _more(key: Key, old: Collapses, new: Collapses) -> str:
    return (
        f"{name(key.method)} ({key.place}) collapsed more often here: in {new} seeds"
        f" ({ranges(new.seeds)}), in {old} of the baseline (Fisher's exact p ="
        f" {significant(_fisher(old, new))}, one-sided). Their answers are in the benchmark's"
        " lower quarter or bear the space's own sign of a collapse. The exit code does not count"
        " this."
    )


def _lacks(lacking: Sequence[tuple[str, Collapses]]) -> str:
    found = [
        f"{name(method)} in {collapses} seeds ({ranges(collapses.seeds)})"
        for method, collapses in lacking
        if collapses.seeds
    ]
    now = f"collapsed here: {listing(found)}" if found else "no seed collapsed here"
    return (
        "The baseline does not tell which of its seeds collapsed, so nothing is compared with that;"
        f" {now}. Saved anew, or by --update, it tells."
    )


def _one_of_each_method(comparisons: Iterable[LossComparison]) -> list[LossComparison]:
    """Every accuracy of a method has the same answers; costs do not tell them."""
    telling = [one for one in comparisons if one.new.collapsed is not None]
    return list({one.old.key[:4]: one for one in reversed(telling)}.values())[::-1]


def _of(series: Series, comparison: LossComparison) -> Collapses | None:
    """Of the seeds that are compared; None where it is not known."""
    if series.collapsed is None:
        return None
    seeds = set(comparison.common) if comparison.paired else set(series.values)
    return Collapses(tuple(sorted(series.collapsed & seeds)), len(seeds))


def _fisher(old: Collapses, new: Collapses) -> float:
    """One-sided p-value against: the new seeds collapse no more often."""
    from scipy.stats import fisher_exact

    rows = [[len(side.seeds), side.total - len(side.seeds)] for side in (new, old)]
    return float(fisher_exact(np.array(rows), alternative="greater")[1])
