"""How long searches took to an answer that is good enough."""

from __future__ import annotations

import math
from typing import Any

from nasbench_harness.reports.analysis.totarget import time_to_target, usual_target
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals

KEY, TITLE = "to-target", "Time to target"
_UNITS = (
    " A query asks for one architecture, a step may look at all of them: times of different units"
    " cannot be compared."
)
_SINGULAR = {"queries": "query", "epochs": "epoch", "step": "step"}


def note(data: StudyData) -> str:
    """What must be read with the table."""
    target, rows = usual_target(data), time_to_target(data)
    if target is None or rows.empty:
        return ""
    units = _UNITS if rows["unit"].nunique() > 1 else ""
    return (
        f"The target is a regret of at most {data.measure.stated(target.points)}, {target.why}."
        " The median is the time by which half of the seeds had such an answer, however good it was"
        f" later; there is none where fewer than half ever had.{units} The interval of the share is"
        " exact (Clopper and Pearson)."
    )


def to_target_table(data: StudyData) -> PrintedTable | None:
    """The table; None where the target is not known, or no seed of any method reached it."""
    rows = time_to_target(data)
    reached = len(rows) and rows["reached"].any()
    return PrintedTable(KEY, COLUMNS, rows) if reached else None


def in_units(amount: float, unit: str) -> str:
    """`12 queries`, `1 epoch`, `3.5 epochs`."""
    noun = _SINGULAR.get(unit, unit)
    plural = {"query": "queries"}.get(noun, f"{noun}s")
    if amount == 1:
        return f"1 {noun}"
    return f"{numerals.whole(amount) if amount.is_integer() else numerals.decimal(amount)} {plural}"


def _median(row: Any) -> str:
    if math.isinf(row.median):
        return f"not in {in_units(row.spent, row.unit)}"
    return in_units(row.median, row.unit)


COLUMNS = (
    PrintedColumn("Reached", "of seeds", lambda row: f"{row.reached} of {row.seeds}"),
    PrintedColumn(
        "95 % CI",
        "of share",
        lambda row: f"{numerals.share(row.low)} to {numerals.share(row.high)}",
    ),
    PrintedColumn("Median", "of all seeds", _median, inches=1.2),
)
