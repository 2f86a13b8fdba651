"""What a check holds studies against; whether they fit is found out from their plan already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nasbench_harness.reports.regression.baseline import Baseline, BaselineError
from nasbench_harness.reports.regression.check import CheckReport, check_folders, fitting
from nasbench_harness.reports.regression.identity import config_of, dataset_of
from nasbench_harness.reports.regression.margins import check_margins, find_margins
from nasbench_harness.reports.regression.series import COSTS, Key, Series
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

    def check_plan(self, studies: Sequence[Study]) -> None:
        """HarnessError, in the words of a check of the results, where these cannot pass it.

        That is where methods are missing, another config or table was planned, other metrics are
        recorded, or a margin is of nothing.
        """
        if self.baseline is None:
            known = {metric for spec in _specs(studies) for metric in _metrics(spec)}
            check_margins(self.margins, {*known, *COSTS})
            return
        find_margins(self.baseline, self.margins)
        wanted = {series.key.metric for series in self.baseline.results.series} - {*COSTS}
        fitting(self.baseline.results, _planned(studies, wanted), self.methods)

    def check(self, folders: Iterable[Path]) -> CheckReport:
        """What a comparison of the studies in these folders finds."""
        if self.baseline is None:
            raise BaselineError("There is no baseline to compare with.")
        return check_folders(self.baseline, folders, methods=self.methods, margins=self.margins)


def _specs(studies: Iterable[Study]) -> Iterator[TrialSpec]:
    for study in studies:
        yield from study.specs


def _planned(studies: Iterable[Study], wanted: set[str]) -> Iterable[Series]:
    """What these studies will have of the metrics, as yet without values."""
    found: dict[Key, Series] = {}
    for spec in _specs(studies):
        for metric in {spec.report_metric, *(wanted & set(_metrics(spec)))}:
            label = canonical_label(spec.label)
            key = Key(label, spec.space, spec.problem, dataset_of(spec), metric)
            series = Series(key, config_of(spec), spec.method_version, "", {})
            found.setdefault(key, series)
    return found.values()


def _metrics(spec: TrialSpec) -> Iterator[str]:
    """What a result of the trial has: the accuracies that may be reported, see `recording`."""
    yield spec.report_metric
    table = find_table(spec.table)
    for metric in table.metrics.values() if table else ():
        if metric.report and metric.dataset == spec.dataset:
            yield metric.name
