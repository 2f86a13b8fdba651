"""What the seeds of every method found together."""

from __future__ import annotations

from typing import Any

from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals


def _seeds(row: Any) -> str:
    return f"{row.seeds} of {row.seeds + row.failed}" if row.failed else str(row.seeds)


def _interval(row: Any, low: float, high: float, digits: int) -> str:
    return "one seed" if row.seeds == 1 else numerals.interval(low, high, digits)


QUERIES = PrintedColumn("Queries", "", lambda row: numerals.whole(row.queries_mean))


SUMMARY = (
    PrintedColumn("Seeds", "", _seeds),
    PrintedColumn("Regret", "points", lambda row: numerals.points(row.regret_mean)),
    PrintedColumn(
        "95 % CI", "of mean", lambda row: _interval(row, row.regret_low, row.regret_high, 3)
    ),
    PrintedColumn("Optimum", "of seeds", lambda row: numerals.share(row.optimum_share)),
    PrintedColumn("Percentile", "", lambda row: numerals.percent(row.percentile_mean)),
    PrintedColumn("Accuracy", "%", lambda row: numerals.percent(row.accuracy_mean)),
    PrintedColumn(
        "95 % CI",
        "of mean",
        lambda row: _interval(row, row.accuracy_low, row.accuracy_high, 2),
    ),
    PrintedColumn("Best", "%", lambda row: numerals.percent(row.accuracy_best)),
    QUERIES,
    PrintedColumn("Search", "s", lambda row: numerals.seconds(row.seconds_mean)),
)


def summary_table(data: StudyData) -> PrintedTable:
    """What was found; of supernets without what only landscapes have."""
    if not data.supernet:
        return PrintedTable("summary", SUMMARY, data.summary)
    columns = tuple(column for column in SUMMARY if column is not QUERIES)
    return PrintedTable("summary", columns, data.summary.drop(columns="queries_mean"))
