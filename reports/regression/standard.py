"""What a check holds studies against; whether they fit is found out from their plan already."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nasbench_harness.reports.regression.baseline import Baseline, BaselineError
from nasbench_harness.reports.regression.check import CheckReport, check_folders, fitting
from nasbench_harness.reports.regression.identity import config_of, dataset_of
from nasbench_harness.reports.regression.margins import check_margins, find_margins
from nasbench_harness.reports.regression.reach import out_of_reach, refuse_few_seeds
from nasbench_harness.reports.regression.series import (
    COSTS,
    MEMORY,
    Key,
    Series,
    check_known,
    judged_by,
)
from nasbench_harness.store.studies import Study
from nasbench_harness.study.canonical import canonical_label
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.tables.library import find_table


@dataclass(frozen=True)
class Standard:
    """What studies are held against."""

    baseline: Baseline | None
    """None where a new one is to be written."""
    methods: Sequence[str] = ()
    """Labels to check; none for all of the baseline."""
    margins: Mapping[str, float] = field(default_factory=dict)
    """Allowed losses that replace the baseline's own."""
    kept: Sequence[str] = ()
    """Accuracies that a new baseline has to have, for the one that it replaces has them."""

    def check_plan(self, studies: Sequence[Study]) -> list[str]:
        """What such a check cannot tell, in sentences.

        HarnessError, in the words of a check of the results, where these studies cannot pass it:
        where methods are missing, another config or table was planned, other metrics are recorded,
        seeds are too few, or a margin is of nothing.
        """
        if self.baseline is None:
            known = {metric for spec in _specs(studies) for metric in _metrics(spec)}
            check_margins(self.margins, {*known, *COSTS})
            check_known(self.kept, known)
            return []
        find_margins(self.baseline, self.margins)
        wanted = {series.key.metric for series in self.baseline.results.series} - {*COSTS}
        planned = _planned(studies, wanted)
        chosen, there = fitting(self.baseline.results, planned, self.methods)
        pairs = [(old, there[old.key]) for old in chosen if old.key in there]
        refuse_few_seeds(pairs)
        return out_of_reach(pairs, sum(old.key.metric == MEMORY for old in chosen))

    def check(self, folders: Iterable[Path]) -> CheckReport:
        """What a comparison of the studies in these folders finds."""
        if self.baseline is None:
            raise BaselineError("There is no baseline to compare with.")
        return check_folders(self.baseline, folders, methods=self.methods, margins=self.margins)


def _specs(studies: Iterable[Study]) -> Iterator[TrialSpec]:
    for study in studies:
        yield from study.specs


def _planned(studies: Iterable[Study], wanted: set[str]) -> Iterable[Series]:
    """What these studies will have of the metrics: their seeds, as yet without numbers."""
    found: dict[Key, Series] = {}
    for spec in _specs(studies):
        for metric in {spec.report_metric, *(wanted & set(_metrics(spec)))}:
            label = canonical_label(spec.label)
            key = Key(label, spec.space, spec.problem, dataset_of(spec), metric)
            before = found[key].values if key in found else {}
            seeds = {**before, spec.seed: math.nan}
            found[key] = Series(key, config_of(spec), spec.method_version, "", seeds)
    return found.values()


def _metrics(spec: TrialSpec) -> Iterator[str]:
    """What a trial may be judged by: the accuracies that may be reported, see `recording`, and what
    its kind of problem tells by itself."""
    yield from judged_by(spec)
    table = find_table(spec.table)
    for metric in table.metrics.values() if table else ():
        if metric.report and metric.dataset == spec.dataset:
            yield metric.name
