"""Several studies at once: who is ahead how often, in ranks, which have no unit to be mixed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from nasbench_harness.reports.analysis.across import separated_across
from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.ranks import FEWEST_METHODS, blocks, draw_ranks
from nasbench_harness.reports.figures.style import MethodStyle, method_styles
from nasbench_harness.reports.statistics.ranks import average_ranks
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import REGRET
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, names
from nasbench_harness.reports.words.readings import readings
from nasbench_harness.study.config import BASELINE

NOTE = (
    "Average rank by final {noun}, 1 being the best, over the seeds of each study that all of these"
    " methods finished; ties share their ranks. The last column is over all studies, a seed of one"
    " weighing as much as a seed of another. Only methods that every study has are ranked. Bars of"
    " the figure join methods that a permutation of labels within each study, corrected for all"
    " pairs, does not tell apart: on these studies, and no others."
)
"""With the `noun` of what they are ranked by."""


@dataclass(frozen=True)
class Overview:
    """What studies of one kind say together."""

    title: str
    table: PrintedTable
    drawing: Drawing | None
    styles: dict[str, MethodStyle]
    note: str


@dataclass(frozen=True)
class NoOverview:
    """Why studies of one kind are not ranked together."""

    title: str
    reason: str
    """Marked text, the end of a sentence."""


def overviews(studies: Sequence[StudyData]) -> list[Overview | NoOverview]:
    """One for each kind of study there are several of: a problem, a space, and a measure."""
    ordered = sorted(studies, key=_kind)
    groups = [list(group) for _, group in groupby(ordered, key=_kind)]
    return [_overview(group) for group in groups if len(group) > 1]


def _kind(data: StudyData) -> tuple[str, str, str]:
    return (data.kind.name, str(data.first("space")), data.measure.noun)


def _overview(studies: list[StudyData]) -> Overview | NoOverview:
    problem, space, measure = _kind(studies[0])
    by = "" if measure == REGRET.noun else f" by {measure}"
    title = f"Ranks over {len(studies)} {problem} studies of {space}{by}"
    table = blocks(studies)
    labels = [str(label) for label in table.columns]
    if len(labels) < FEWEST_METHODS or table.empty:
        have = f"only {names(labels)}" if labels else "none"
        return NoOverview(
            title,
            f"ranks need {FEWEST_METHODS} methods with results of common seeds in every study, and"
            f" there {'is' if len(labels) < 2 else 'are'} {have}",
        )
    styles = method_styles(_method_names(studies, labels), BASELINE)
    key = "-".join(["ranks", problem, space, *by.split()[1:]])
    separated = separated_across(table, min(data.look.level for data in studies))
    about = "every seed of every study is a block"
    drawing = draw_ranks(table, separated, styles, key, title, about)
    printed = _printed(table, studies, key)
    read = readings(spec for data in studies for spec in data.study.specs)
    note = f"{NOTE.format(noun=measure)} {read}".rstrip()
    return Overview(title, printed, drawing, styles, note)


def _method_names(studies: list[StudyData], labels: list[str]) -> dict[str, str]:
    trials = pd.concat([data.trials[["method", "method_name"]] for data in studies])
    names_ = dict(zip(trials["method"], trials["method_name"], strict=True))
    return {label: str(names_[label]) for label in labels}


def _printed(table: pd.DataFrame, studies: list[StudyData], key: str) -> PrintedTable:
    """A row per method, the best first; a column per study and one for all."""
    rows = pd.DataFrame({"method": [str(label) for label in table.columns]})
    columns = []
    for number, data in enumerate(studies):
        own = table[table.index.get_level_values("study") == number]
        rows[f"rank_{number + 1}"] = _ranks(own)
        seeds = count(len(own), "seed")
        unit = f"{data.first('dataset') or data.images}, {seeds}"
        columns.append(_column(data.name, unit, f"rank_{number + 1}"))
    rows["rank"] = _ranks(table)
    columns.append(_column("All", count(len(table), "block"), "rank"))
    return PrintedTable(key, tuple(columns), rows.sort_values("rank", kind="stable"))


def _column(heading: str, unit: str, field: str) -> PrintedColumn:
    return PrintedColumn(heading, unit, lambda row: numerals.percent(getattr(row, field)))


def _ranks(table: pd.DataFrame) -> list[float]:
    return [float(rank) for rank in average_ranks(table.to_numpy(dtype=float))]
