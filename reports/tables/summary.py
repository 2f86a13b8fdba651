"""What the seeds of every method found together."""

from __future__ import annotations

from typing import Any

from nasbench_harness.reports.analysis.seen import seen
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure, by_value
from nasbench_harness.reports.study.summary import OF_REGRET
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals


def _seeds(row: Any) -> str:
    planned = row.seeds + row.failed
    return str(row.known) if row.known == planned else f"{row.known} of {planned}"


def _interval(row: Any, low: float, high: float, digits: int) -> str:
    return "one seed" if row.known == 1 else numerals.interval(low, high, digits)


SAW = PrintedColumn("Saw", "", lambda row: row.saw or numerals.NOTHING, inches=1.1)
SEEDS = PrintedColumn("Seeds", "", _seeds)
SEARCH = PrintedColumn("Search", "s", lambda row: numerals.seconds(row.seconds_mean))


def _regrets(measure: Measure) -> tuple[PrintedColumn, ...]:
    """What needs a best to miss."""
    digits = measure.digits
    return (
        PrintedColumn("Regret", measure.unit, lambda row: measure.text(row.regret_mean)),
        PrintedColumn(
            "95 % CI", "of mean",
            lambda row: _interval(row, row.regret_low, row.regret_high, digits),
        ),
        PrintedColumn("Optimum", "of seeds", lambda row: numerals.share(row.optimum_share)),
        PrintedColumn("Percentile", "", lambda row: numerals.percent(row.percentile_mean)),
    )  # fmt: skip


def _values(value: Measure) -> tuple[PrintedColumn, ...]:
    """What answers are worth."""
    return (
        PrintedColumn(value.heading, value.unit, lambda row: value.text(row.accuracy_mean)),
        PrintedColumn(
            "95 % CI", "of mean",
            lambda row: _interval(row, row.accuracy_low, row.accuracy_high, value.digits),
        ),
        PrintedColumn("Best", value.unit, lambda row: value.text(row.accuracy_best)),
    )  # fmt: skip


def summary_table(data: StudyData) -> PrintedTable:
    """What was found, and from what; without regret where no best is known."""
    saw = [seen(data, label) for label in data.labels]
    rows, measure = data.summary.assign(saw=saw), data.measure
    if not measure.is_regret:
        rows = rows.drop(columns=list(OF_REGRET))
    if not data.queryable:
        rows = rows.drop(columns="queries_mean")
    columns = (
        SEEDS,
        *(_regrets(measure) if measure.is_regret else ()),
        *_values(by_value(measure.quantity) if measure.is_regret else measure),
        *((SAW,) if any(saw) else ()),
        SEARCH,
    )
    return PrintedTable("summary", columns, rows)
