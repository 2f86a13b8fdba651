"""The smallest difference of interest of a study: below it, nobody need care who is ahead."""

from __future__ import annotations

from dataclasses import dataclass

from nasbench_harness.contracts import Benchmark
from nasbench_harness.reports.study.measure import Measure
from nasbench_harness.reports.words import numerals
from nasbench_harness.store.studies import Study
from nasbench_harness.tables.differences import smallest_difference_of


@dataclass(frozen=True)
class SmallestDifference:
    """In points of the report metric."""

    points: float
    why: str
    """Where it is from: the end of "0.17 points, ..."."""

    @property
    def words(self) -> str:
        """The number with its unit."""
        return f"{numerals.significant(self.points)} points"


def smallest_difference(
    study: Study, measure: Measure, metric: str, table: Benchmark | None
) -> SmallestDifference | None:
    """What the study says of its measure or report metric, else the benchmark's own.

    None where neither says anything.
    """
    for name in (measure.key, metric):
        if (said := study.smallest_difference(name)) is not None:
            return SmallestDifference(said, "as the study asks")
    found = smallest_difference_of(table, metric) if table is not None else None
    return SmallestDifference(*found) if found else None
