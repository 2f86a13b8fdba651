"""Regret in two parts: what a search missed of what it looked at, and what that is worth."""

from __future__ import annotations

from nasbench_harness.reports.analysis.parts import found_sentence, gap_sentences, regret_parts
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import name
from nasbench_harness.reports.words.optimisers import optimisers

KEY, TITLE = "parts", "Regret in two parts"
_NOTE = (
    "The searches looked at another metric than the one they are judged by. Optimisation regret is"
    " what an answer misses to the best by the searched metric, in points of that metric: how good"
    " an optimiser a method is. The selection gap is the regret of that best, in points of the"
    " reported metric: what the searched metric costs whoever goes by it. The two do not add up to"
    " the regret, which stands last, since they are of two metrics."
)


def note(data: StudyData) -> str:
    """What must be read with the table, marked."""
    said = [_NOTE, *gap_sentences(data), found_sentence(data), optimisers(data)]
    return " ".join(filter(None, said))


def parts_table(data: StudyData) -> PrintedTable | None:
    """The table; None where every method searched on what it is judged by."""
    rows = regret_parts(data)
    return PrintedTable(KEY, COLUMNS, rows) if len(rows) else None


COLUMNS = (
    PrintedColumn("Seeds", "", lambda row: str(row.seeds)),
    PrintedColumn("Searched on", "", lambda row: name(row.searched), inches=1.6),
    PrintedColumn("Optimisation", "points", lambda row: numerals.points(row.optimisation_mean)),
    PrintedColumn(
        "95 % CI",
        "of mean",
        lambda row: numerals.interval(row.optimisation_low, row.optimisation_high),
    ),
    PrintedColumn("Best found", "of seeds", lambda row: f"{row.found} of {row.seeds}"),
    PrintedColumn("Gap", "points", lambda row: numerals.points(row.gap)),
    PrintedColumn("Regret", "points", lambda row: numerals.points(row.regret_mean)),
)
