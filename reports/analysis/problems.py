"""Several studies as so many problems: what each method missed on each, in one unit.

A regret is divided by the mean regret of a uniform draw of its problem's table: 0 is the best
architecture, 1 as good as drawing blindly. So numbers of different units come into one table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from nasbench_harness.reports.analysis.compare import failed_seeds
from nasbench_harness.reports.analysis.decision import MethodLosses
from nasbench_harness.reports.figures.reference import whole_table
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.statistics.robust import ENOUGH, interquartile_mean
from nasbench_harness.reports.statistics.robust import interquartile_mean_interval as interval
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import REGRET
from nasbench_harness.store.outcomes import Status

Reasons = Mapping[tuple[str, str], str]
"""By a study's name and a method's label why the method was not run there."""


@dataclass(frozen=True, eq=False)
class Problems:
    """Studies that are judged by regret, and whose tables are at hand."""

    studies: tuple[StudyData, ...]
    reasons: Reasons = field(default_factory=dict)

    @cached_property
    def uniform(self) -> list[float]:
        """Mean regret of a uniform draw of each, in its own unit."""
        return [table.mean for data in self.studies if (table := whole_table(data))]

    @property
    def distinct(self) -> bool:
        """Whether each is another problem; else some are studies of one and the same."""
        specs = [data.study.specs[0] for data in self.studies]
        told = {(one.space, one.table, one.dataset, one.report_metric) for one in specs}
        return len(told) == len(specs)

    @cached_property
    def labels(self) -> list[str]:
        """Every method with a result somewhere: those with one everywhere first, best first."""
        found = dict.fromkeys(label for data in self.studies for label in data.labels)
        some = [label for label in found if any(len(runs) for runs in self.runs(label))]
        order = {label: self.middle(label)[0] for label in some}
        return sorted(some, key=lambda label: (label not in self.everywhere, order[label]))

    @cached_property
    def everywhere(self) -> frozenset[str]:
        """Methods with a result on every problem: only of these is anything said over all."""
        found = {label for data in self.studies for label in data.labels}
        return frozenset(label for label in found if all(len(one) for one in self.runs(label)))

    def runs(self, label: str) -> list[Array]:
        """Normalised regrets [seeds] on each problem; a trial that several have counts once."""
        return [np.asarray(runs, dtype=np.float64) for runs in self._of(label)]

    def counted(self, label: str) -> list[Array]:
        """The same with failed trials, and answers without a number, as the worst of the table."""
        return [np.asarray(runs, dtype=np.float64) for runs in self._pessimistic(label)]

    def blocks(self, label: str, *, counted: bool = False) -> list[Array]:
        """Either by space: [problems, seeds] of each, NaN where there is no run.

        What a method draws with a seed it draws on every data set of a space alike, so that these
        are no independent runs.
        """
        series = self._pessimistic(label) if counted else self._of(label)
        spaces: dict[str, list[pd.Series[float]]] = {}
        for data, runs in zip(self.studies, series, strict=True):
            spaces.setdefault(data.study.specs[0].space, []).append(runs)
        return [pd.concat(some, axis=1).to_numpy(dtype=np.float64).T for some in spaces.values()]

    def middle(self, label: str) -> tuple[float, float, float]:
        """Interquartile mean over all problems and seeds with its 95 % bounds.

        The bounds are NaN where a problem has fewer runs than `ENOUGH`.
        """
        runs = [one for one in self.runs(label) if len(one)]
        if label not in self.everywhere or min(map(len, runs)) < ENOUGH:
            return (interquartile_mean(runs), np.nan, np.nan)
        return (interquartile_mean(runs), *interval(self.blocks(label)))

    def missing(self, label: str, number: int) -> str:
        """Why a method has no result on a problem, as a sentence."""
        data = self.studies[number]
        if reason := self.reasons.get((data.name, label)):
            return reason
        planned = data.trials[data.trials["method"] == label]
        if planned.empty:
            return "It was not run there."
        if len(failed := planned[planned["status"] == Status.FAILED]):
            return str(failed["error"].iloc[0])
        if (planned["status"] == Status.DONE).any():
            return "The benchmark has no number of what it answered there."
        return "No trial of it has a result yet."

    @cached_property
    def _runs(self) -> dict[str, list[pd.Series[float]]]:
        labels = {label for data in self.studies for label in data.labels}
        pairs = list(zip(self.studies, self.uniform, strict=True))
        return {label: [_regrets(data, label) / mean for data, mean in pairs] for label in labels}

    def _of(self, label: str) -> list[pd.Series[float]]:
        return self._runs.get(label) or [pd.Series(dtype=float)] * len(self.studies)

    def _pessimistic(self, label: str) -> list[pd.Series[float]]:
        failed = [_failed(data, label) for data in self.studies]
        return [
            MethodLosses(label, runs, lost).pessimistic(worst).losses
            for runs, lost, worst in zip(self._of(label), failed, self._worst, strict=True)
        ]

    @cached_property
    def _worst(self) -> list[float]:
        tables = [table for data in self.studies if (table := whole_table(data))]
        return [table.worst / table.mean for table in tables]


def problems_of(studies: Sequence[StudyData], reasons: Reasons) -> Problems | None:
    """Those of the studies whose regrets have such a unit; None where fewer than two have."""
    usable = tuple(data for data in studies if _has_unit(data))
    return Problems(usable, reasons) if len(usable) > 1 else None


def _has_unit(data: StudyData) -> bool:
    """Whether it has results by regret, and a table of all architectures that differ in it."""
    table = whole_table(data)
    return table is not None and table.mean > 0 and not data.done.empty


def _regrets(data: StudyData, label: str) -> pd.Series[float]:
    """By seed, in order."""
    rows = data.done[(data.done["method"] == label) & data.done[REGRET.key].notna()]
    rows = rows[~rows["trial"].isin(data.study.counted_before)]
    return rows.set_index("seed")[REGRET.key].astype(float).sort_index()


def _failed(data: StudyData, label: str) -> tuple[int, ...]:
    """Seeds that ended with an error, or with an answer of which the table knows nothing."""
    done = data.done[data.done["method"] == label].set_index("seed")[REGRET.key].dropna()
    before = data.trials["trial"].isin(data.study.counted_before)
    own = set(data.trials.loc[~before & (data.trials["method"] == label), "seed"])
    return tuple(seed for seed in failed_seeds(data, label, done) if seed in own)
