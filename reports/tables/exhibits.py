"""Every table of a report, in the order it shows them, with what must be read with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nasbench_harness.reports.analysis import searchcost
from nasbench_harness.reports.published import leaderboard, oneshot
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables import (
    collapse,
    equalcost,
    fronts,
    heldcost,
    pairs,
    parts,
    robust,
    totarget,
)
from nasbench_harness.reports.tables.printed import PrintedTable
from nasbench_harness.reports.tables.search import search_table
from nasbench_harness.reports.tables.summary import summary_table
from nasbench_harness.reports.words.predicted import off
from nasbench_harness.reports.words.readings import readings
from nasbench_harness.reports.words.subject import subject


@dataclass(frozen=True)
class Fold:
    """A table in what is seen at once and what is seen on demand."""

    shown: PrintedTable
    words: str
    """What is behind it."""
    behind: PrintedTable


@dataclass(frozen=True)
class Exhibit:
    """A table on show."""

    title: str
    note: str
    """Marked text."""
    table: PrintedTable
    """All of it, as files hold it."""
    fold: Fold | None = None
    """How the page shows it; None: all at once."""
    sheets: tuple[PrintedTable, ...] = ()
    """The table in parts that fit a sheet of paper each; empty: it fits one."""

    @property
    def at_once(self) -> PrintedTable:
        """What is seen without being asked for; it may have no rows."""
        return self.fold.shown if self.fold else self.table


@dataclass(frozen=True)
class Withheld:
    """A table that this study cannot have."""

    title: str
    reason: str
    """Marked text, the end of a sentence."""


def exhibits(data: StudyData) -> list[Exhibit]:
    """All tables of a study; those it cannot have are left out."""
    shown = (
        ("Summary", _summary_note(data), summary_table(data)),
        (collapse.TITLE, collapse.note(data), collapse.collapse_table(data)),
        (parts.TITLE, parts.note(data), parts.parts_table(data)),
        (heldcost.title(data), heldcost.note(data), heldcost.cost_table(data)),
        (fronts.TITLE, fronts.NOTE, fronts.front_table(data)),
        ("The search itself", searchcost.note(data), search_table(data)),
        ("Method against method", pairs.note(data), pairs.paired_table(data)),
        (equalcost.TITLE, equalcost.note(data), equalcost.equal_cost_table(data)),
        (totarget.TITLE, totarget.note(data), totarget.to_target_table(data)),
        (robust.title(data.measure), robust.note(data.measure), robust.robust_table(data)),
    )
    read = readings(data.study.specs)
    found = [
        Exhibit(title, f"{note} {read}".rstrip(), table)
        for title, note, table in shown
        if table is not None
    ]
    return [*found, *_published(data, read)]


def _published(data: StudyData, read: str) -> Iterator[Exhibit]:
    """What others have published, beside what was looked up or what searches measured."""
    if board := leaderboard.leaderboard(data):
        shown, behind = leaderboard.folded(board)
        fold: Fold | None = Fold(shown, leaderboard.fold_words(board), behind)
        note, sheets = leaderboard.caption(data), leaderboard.parted(board)
    elif board := oneshot.errors_beside(data):
        note, sheets = oneshot.NOTE, oneshot.parted(board)
        others = sheets[-1]
        fold = Fold(sheets[0], oneshot.fold_words(others), others) if len(sheets) > 1 else None
    else:
        return
    yield Exhibit(PUBLISHED, f"{note} {read}".rstrip(), board, fold, tuple(sheets))


PUBLISHED = "Published beside found"


def withheld(data: StudyData) -> Iterator[Withheld]:
    """Tables a reader may look for, and why they are not there."""
    reason = leaderboard.why_not(data)
    if reason and oneshot.errors_beside(data) is None:
        yield Withheld(PUBLISHED, reason)


def _summary_note(data: StudyData) -> str:
    lonely = (
        " Fewer than three seeds, and seeds that all end alike, have no interval."
        if data.summary[f"{data.measure.key}_low"].isna().any()
        else ""
    )
    if data.measure.key != "regret":
        return (
            f"Means over seeds, {data.measure.best} {data.measure.noun} first.{lonely} Numbers:"
            f" {subject(data)}. {off(data.trials, data.kind)}".rstrip()
        )
    return (
        "Means over seeds, lowest regret first. Regret is what is missing to the best"
        f" {data.measure.quantity.noun} of the table{_in_points(data)}; percentile is the share of"
        f" all architectures that are strictly worse.{lonely} Numbers: {subject(data)}."
    )


def _in_points(data: StudyData) -> str:
    """The unit of regrets, where they have one of another name than what they are missed of."""
    unit, quantity = data.measure.unit, data.measure.quantity
    return "" if unit == quantity.noun else f", in {unit}"
