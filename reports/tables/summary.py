"""What the seeds of every method found together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nasbench_harness.reports.analysis.seen import seen
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import REGRET
from nasbench_harness.reports.study.summary import OF_REGRET
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals


def _seeds(row: Any) -> str:
    planned = row.seeds + row.failed
    return str(row.known) if row.known == planned else f"{row.known} of {planned}"


def _interval(row: Any, low: float, high: float, digits: int) -> str:
    return "one seed" if row.known == 1 else numerals.interval(low, high, digits)


SAW = PrintedColumn("Saw", "", lambda row: row.saw or numerals.NOTHING, inches=1.1)
ACCURACY = PrintedColumn("Accuracy", "%", lambda row: numerals.percent(row.accuracy_mean))
REGRETS = (
    PrintedColumn("Regret", "points", lambda row: numerals.points(row.regret_mean)),
    PrintedColumn(
        "95 % CI", "of mean", lambda row: _interval(row, row.regret_low, row.regret_high, 3)
    ),
    PrintedColumn("Optimum", "of seeds", lambda row: numerals.share(row.optimum_share)),
    PrintedColumn("Percentile", "", lambda row: numerals.percent(row.percentile_mean)),
)
"""What needs a best to miss."""
SUMMARY = (
    PrintedColumn("Seeds", "", _seeds),
    *REGRETS,
    ACCURACY,
    PrintedColumn(
        "95 % CI",
        "of mean",
        lambda row: _interval(row, row.accuracy_low, row.accuracy_high, 2),
    ),
    PrintedColumn("Best", "%", lambda row: numerals.percent(row.accuracy_best)),
    SAW,
    PrintedColumn("Search", "s", lambda row: numerals.seconds(row.seconds_mean)),
)


def summary_table(data: StudyData) -> PrintedTable:
    """What was found, and from what; without regret where no best is known."""
    saw = [seen(data, label) for label in data.labels]
    rows, left_out = data.summary.assign(saw=saw), set[PrintedColumn]()
    if data.measure != REGRET:
        rows, left_out = rows.drop(columns=list(OF_REGRET)), set(REGRETS)
    if not data.queryable:
        rows = rows.drop(columns="queries_mean")
    if not any(saw):
        left_out |= {SAW}
    headed = ACCURACY if data.looked_up else replace(ACCURACY, heading=data.measure.heading)
    columns = (headed if c is ACCURACY else c for c in SUMMARY if c not in left_out)
    return PrintedTable("summary", tuple(columns), rows)
