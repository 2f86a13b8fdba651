"""Regret in two parts: what a search missed of what it looked at, and what that is worth."""

from __future__ import annotations

from nasbench_harness.reports.analysis.parts import (
    found_sentence,
    gap_sentences,
    regret_parts,
    searched_metrics,
)
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import by_regret
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words.marked import name
from nasbench_harness.reports.words.optimisers import optimisers

KEY, TITLE = "parts", "Regret in two parts"
_NOTE = (
    "The searches looked at another metric than the one they are judged by. Optimisation regret is"
    " what an answer misses to the best by the searched metric, in {searched} of that metric: how"
    " good an optimiser a method is. The selection gap is the regret of that best, in {judged} of"
    " the reported metric: what the searched metric costs whoever goes by it. The two do not add up"
    " to the regret, which stands last, since they are of two metrics."
)


def note(data: StudyData) -> str:
    """What must be read with the table, marked."""
    searched = {data.quantity(metric) for metric in searched_metrics(data).values()}
    points = _points(all(quantity.is_percent for quantity in searched))
    about = _NOTE.format(searched=points, judged=_points(data.measure.quantity.is_percent))
    said = [about, *gap_sentences(data), found_sentence(data), optimisers(data)]
    return " ".join(filter(None, said))


def _points(percent: bool) -> str:
    return "points" if percent else "the unit"


def parts_table(data: StudyData) -> PrintedTable | None:
    """The table; None where every method searched on what it is judged by."""
    rows = regret_parts(data)
    return PrintedTable(KEY, _columns(data, set(rows["searched"])), rows) if len(rows) else None


def _columns(data: StudyData, searched: set[str]) -> tuple[PrintedColumn, ...]:
    """Every optimisation regret in the unit of what its method looked at."""
    own = {metric: by_regret(data.quantity(metric)) for metric in searched}
    units = {measure.unit for measure in own.values()}
    judged = data.measure
    return (
        PrintedColumn("Seeds", "", lambda row: str(row.seeds)),
        PrintedColumn("Searched on", "", lambda row: name(row.searched), inches=1.6),
        PrintedColumn(
            "Optimisation",
            units.pop() if len(units) == 1 else "of the searched",
            lambda row: own[row.searched].text(row.optimisation_mean),
        ),
        PrintedColumn(
            "95 % CI",
            "of mean",
            lambda row: own[row.searched].interval(row.optimisation_low, row.optimisation_high),
        ),
        PrintedColumn("Best found", "of seeds", lambda row: f"{row.found} of {row.seeds}"),
        PrintedColumn("Gap", judged.unit, lambda row: judged.text(row.gap)),
        PrintedColumn("Regret", judged.unit, lambda row: judged.text(row.regret_mean)),
    )
