"""What methods that ask for single architectures had after as many queries each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from nasbench_harness.reports.analysis.equalcost import equal_cost
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import name, names
from nasbench_harness.study.config import BASELINE

KEY, TITLE = "equal-cost", "At equal cost"


def note(data: StudyData) -> str:
    """What must be read with the table, marked."""
    rows = equal_cost(data)
    if rows.empty:
        return ""
    most = _budgets(rows)[-1]
    return " ".join(filter(None, [_about(data, most), _tested(data), _left_out(data)]))


def equal_cost_table(data: StudyData) -> PrintedTable | None:
    """The table; None where nothing asked for single architectures."""
    rows, measure = equal_cost(data), data.measure
    if rows.empty:
        return None
    unit = f", {measure.unit}" if measure.unit else ""
    return PrintedTable(
        KEY,
        (
            PrintedColumn("Seeds", "", lambda row: str(row.seeds)),
            *(
                PrintedColumn(f"{budget:,}", f"queries{unit}", _at(budget, measure.text))
                for budget in _budgets(rows)
            ),
            PrintedColumn("Anytime", measure.unit, lambda row: measure.text(row.area)),
            PrintedColumn("p", f"against {BASELINE}", lambda row: _p(row.p_area)),
        ),
        rows,
    )


def _at(budget: int, text: Callable[[float], str]) -> Callable[[Any], str]:
    return lambda row: text(float(getattr(row, f"at_{budget}")))


def _p(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else numerals.points(p_value)


def _budgets(rows: pd.DataFrame) -> list[int]:
    return [int(column[3:]) for column in map(str, rows.columns) if column.startswith("at_")]


def _about(data: StudyData, most: int) -> str:
    noun = data.measure.noun
    return (
        f"Mean {noun} of the answers that methods had after so many queries; {most:,} is the most"
        f" that every seed of all of them made. Anytime is the mean {noun} over that budget, every"
        " query weighing the same: the area under the steps of the curve."
    )


def _tested(data: StudyData) -> str:
    if BASELINE not in data.querying or len(data.querying) < 2:
        return ""
    return (
        f"p is of that area being another than that of {name(BASELINE)}: a two-sample permutation"
        " test, two-sided, corrected for all methods here."
    )


def _left_out(data: StudyData) -> str:
    others = [label for label in data.done_labels if label not in data.querying]
    if not others:
        return ""
    return f"Not here: {names(others)}, which asked for no single architecture."
