"""How often every method collapsed."""

from __future__ import annotations

from nasbench_harness.reports.analysis.collapse import collapse_sentences, collapses
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import name
from nasbench_harness.study.config import BASELINE

KEY, TITLE = "collapse", "Collapse"
_NOTE = (
    "An answer has collapsed where it is in the lower quarter of the benchmark, as one architecture"
    " in four is, or has the space's own sign of it; one that is both counts once. The interval is"
    " exact (Clopper and Pearson)."
)


def note(data: StudyData) -> str:
    """What must be read with the table, marked."""
    blind = BASELINE in data.done_labels and not data.queryable
    about = [f"{name(BASELINE)} draws blindly, so one answer in four is expected there."]
    return " ".join([_NOTE, *(about if blind else []), *collapse_sentences(data)])


def collapse_table(data: StudyData) -> PrintedTable | None:
    """The table; None where no answer collapsed."""
    rows = collapses(data)
    if rows.empty or not rows["collapsed"].any():
        return None
    return PrintedTable(KEY, COLUMNS, rows)


def _bounds(low: float, high: float) -> str:
    return f"{numerals.share(low)} to {numerals.share(high)}"


COLUMNS = (
    PrintedColumn("Collapsed", "of seeds", lambda row: f"{row.collapsed} of {row.seeds}"),
    PrintedColumn("95 % CI", "of share", lambda row: _bounds(row.low, row.high)),
    PrintedColumn("Lower quarter", "seeds", lambda row: str(row.lower)),
    PrintedColumn("Sign", "seeds", lambda row: str(row.signs)),
    PrintedColumn("Which", "seeds", lambda row: row.which or numerals.NOTHING, inches=1.0),
)
