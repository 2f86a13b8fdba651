"""Every pair of methods of a study, compared seed by seed, as a table."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd

from nasbench_harness.reports.analysis.compare import Comparison
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import Measure
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import name

KEY = "paired"
_DIFFERENCE = (
    "Both on their common seeds. The difference is how much {better} the first method's mean {noun}"
    " is, with a bootstrap interval over seeds. p is Wilcoxon's signed-rank test, two-sided,"
    " corrected by Holm for all pairs here. The effect size is the matched-pairs rank-biserial"
    " correlation, from −1 to 1. The chance is that a run of the first is better than a run of the"
    " second, ties counting half. Seeds needed would tell the two apart in four studies of five, if"
    " the difference seen were the true one; it is a guess where seeds are few."
)


def note(measure: Measure) -> str:
    """What must be read with the table."""
    better = "lower" if measure.sign > 0 else "higher"
    return _DIFFERENCE.format(better=better, noun=measure.noun)


def paired_table(data: StudyData) -> PrintedTable | None:
    """Every pair of methods on their common seeds; None where there is no pair."""
    rows = pair_rows(data.comparisons)
    return PrintedTable(KEY, COLUMNS, rows, _head) if len(rows) else None


def pair_rows(pairs: list[Comparison]) -> pd.DataFrame:
    """One row per pair, the first method being the one with the better mean."""
    return pd.DataFrame([_row(pair) for pair in pairs])


def _row(pair: Comparison) -> dict[str, Any]:
    paired = asdict(pair.paired)
    del paired["improvement"]
    chance = pair.paired.improvement
    return {
        "method": pair.first,
        "against": pair.second,
        **paired,
        "p_corrected": pair.p_corrected,
        "order": pair.order,
        "improvement": chance.value,
        "improvement_low": chance.low,
        "improvement_high": chance.high,
    }


def _head(row: Any) -> str:
    return f"{name(row.method)} against {name(row.against)}"


def _p_value(row: Any) -> str:
    return "< 0.001" if row.p_corrected < 0.001 else numerals.points(row.p_corrected)


def _needed(row: Any) -> str:
    if row.order in ("first", "second"):
        return "enough"
    if row.seeds < 2:
        return numerals.NOTHING
    return "no number" if pd.isna(row.seeds_needed) else numerals.whole(row.seeds_needed)


COLUMNS = (
    PrintedColumn("Seeds", "in common", lambda row: str(row.seeds)),
    PrintedColumn("Won", "tied, lost", lambda row: f"{row.wins}, {row.ties}, {row.losses}"),
    PrintedColumn("Difference", "points", lambda row: numerals.points(row.gain)),
    PrintedColumn("95 % CI", "of mean", lambda row: numerals.interval(row.gain_low, row.gain_high)),
    PrintedColumn("p", "Holm", _p_value),
    PrintedColumn("Effect", "rank-biserial", lambda row: numerals.percent(row.rank_biserial)),
    PrintedColumn("Chance", "of better", lambda row: numerals.percent(row.improvement)),
    PrintedColumn(
        "95 % CI",
        "of chance",
        lambda row: numerals.interval(row.improvement_low, row.improvement_high, 2),
    ),
    PrintedColumn("Seeds", "needed", _needed),
)
