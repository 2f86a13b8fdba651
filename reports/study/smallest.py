"""The smallest difference of interest of a study: below it, nobody need care who is ahead."""

from __future__ import annotations

from dataclasses import dataclass

from nasbench_harness.contracts import Benchmark
from nasbench_harness.reports.study.measure import Measure
from nasbench_harness.reports.words import numerals
from nasbench_harness.store.studies import Study
from nasbench_harness.tables.differences import smallest_difference_of
from nasbench_harness.tables.quantity import ACCURACY, Quantity


@dataclass(frozen=True)
class SmallestDifference:
    """In the unit of the report metric: points, where that is an accuracy."""

    points: float
    """Of the metric's own unit, where that is no percentage."""
    why: str
    """Where it is from: the end of "0.17 points, ..."."""
    quantity: Quantity = ACCURACY

    @property
    def words(self) -> str:
        """The number with its unit."""
        return self.quantity.amount(numerals.significant(self.points))


def smallest_difference(
    study: Study, measure: Measure, metric: str, table: Benchmark | None
) -> SmallestDifference | None:
    """What the study says of its measure or report metric, else the benchmark's own.

    `measure` is in the unit of `metric`. None where neither says anything.
    """
    for name in (measure.key, metric):
        if (said := study.smallest_difference(name)) is not None:
            return SmallestDifference(said, "as the study asks", measure.quantity)
    found = smallest_difference_of(table, metric) if table is not None else None
    return SmallestDifference(*found, measure.quantity) if found else None
