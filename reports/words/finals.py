"""What every method of a study ended with, and what may be claimed of it."""

from __future__ import annotations

from nasbench_harness.reports.analysis.decision import Claims
from nasbench_harness.reports.statistics.arrays import Array
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.summary import numbers
from nasbench_harness.study.config import BASELINE


class Finals:
    """Final numbers by the measure of the study, method by method."""

    def __init__(self, data: StudyData) -> None:
        self.measure = data.measure
        groups = {str(label): rows for label, rows in data.done.groupby("method")}
        found = {label: numbers(groups[label], self.measure.key) for label in data.done_labels}
        self.values: dict[str, Array] = {label: v for label, v in found.items() if len(v)}
        self.claims: Claims = data.claims

    @property
    def labels(self) -> list[str]:
        """Methods with a number, best first."""
        return list(self.values)

    @property
    def others(self) -> list[str]:
        """Those that are not the baseline."""
        return [label for label in self.values if label != BASELINE]

    @property
    def blind(self) -> bool:
        """Whether the baseline is drawing blindly from a table that is known whole."""
        return any(claim.test == "blind draws" for claim in self.claims.all)

    def mean(self, label: str) -> float:
        """In the unit of the measure."""
        return float(self.values[label].mean())

    def text(self, value: float) -> str:
        """`0.051 points`, `93.20 %`."""
        return self.measure.stated(value)
