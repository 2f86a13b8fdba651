"""What searches cost that trained networks."""

from __future__ import annotations

import pandas as pd

from nasbench_harness.reports.analysis.searchcost import (
    concludes,
    measured,
    most_skips,
    search_cost,
)
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import concluded
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals

COSTS = {
    "gpu_days_mean": PrintedColumn(
        "Cost", "GPU-days", lambda row: numerals.significant(row.gpu_days_mean)
    ),
    "cpu_hours_mean": PrintedColumn(
        "Cost", "CPU-hours", lambda row: numerals.significant(row.cpu_hours_mean)
    ),
}
"""By their column in the rows of `search_cost`."""


ALPHA = (
    PrintedColumn("Largest p", "at the end", lambda row: numerals.points(row.top_mean)),
    PrintedColumn("Entropy", "of even p", lambda row: numerals.fixed(row.entropy_mean, 4)),
    PrintedColumn("Least lead", "of p", lambda row: numerals.fixed(row.lead_mean, 4)),
)
"""How far the choice probabilities had come."""


def search_table(data: StudyData) -> PrintedTable | None:
    """What searching cost; None where no networks were trained or nothing is done."""
    rows = search_cost(data) if measured(data) else pd.DataFrame()
    return PrintedTable("search", _search_columns(data, rows), rows) if len(rows) else None


def _search_columns(data: StudyData, rows: pd.DataFrame) -> tuple[PrintedColumn, ...]:
    costs = [column for name_, column in COSTS.items() if rows[name_].notna().any()]
    most = most_skips(data.space)
    shared = (
        PrintedColumn(*concluded(data.kind), lambda row: numerals.percent(row.oneshot_mean)),
        PrintedColumn("Gap", "points", lambda row: numerals.percent(row.gap_mean)),
        PrintedColumn(
            "Skips", f"of {most}" if most else "", lambda row: numerals.decimal(row.skips_mean)
        ),
    )
    return (
        PrintedColumn("Seeds", "", lambda row: str(row.seeds)),
        *(shared if concludes(data) else ()),
        *(ALPHA if rows["entropy_mean"].notna().any() else ()),
        PrintedColumn("Search", "s", lambda row: numerals.seconds(row.seconds_mean)),
        *costs,
        PrintedColumn("Memory", "MB, peak", lambda row: numerals.whole(row.memory_mb_max)),
        PrintedColumn("Device", "", lambda row: row.devices or numerals.NOTHING),
    )
