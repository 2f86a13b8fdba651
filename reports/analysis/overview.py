"""Several studies at once: who is ahead how often, in ranks, which have no unit to be mixed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pandas as pd

from nasbench_harness.reports.analysis.across import normalised_across, separated_across
from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.ranks import FEWEST_METHODS, About, blocks, draw_ranks
from nasbench_harness.reports.figures.style import MethodStyle, method_styles
from nasbench_harness.reports.statistics.ranks import average_ranks
from nasbench_harness.reports.statistics.robust import ENOUGH
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import REGRET
from nasbench_harness.reports.tables.pairs import in_short
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.marked import count, listing, name, names
from nasbench_harness.reports.words.readings import readings
from nasbench_harness.study.config import BASELINE

NOTE = (
    "Average rank by final {noun}, 1 being the best, over the seeds of each study that all of these"
    " methods finished; ties share their ranks. Behind the rank within a study stands its claim"
    " against random search. The ranks of all are over all studies, a seed of one"
    " weighing as much as a seed of another. Only methods that every study has are ranked. Bars of"
    " the figure join methods that a permutation of labels within each study, corrected for all"
    " pairs, does not tell apart by rank: on these studies, and no others."
)
"""With the `noun` of what they are ranked by."""
BARS = (
    "told apart from another by rank, by permutation within these studies corrected for all pairs;"
    " what the words and tables of a study claim is a decision of its own"
)
NORMALISED = (
    "Normalised regret is in units of a uniform draw's mean regret: 0 is the best of a table, 1 as"
    " good as drawing blindly. It is the interquartile mean over all studies and seeds; the"
    " bootstrap draws the seeds of each study on their own. With few seeds its interval is somewhat"
    " too short: of 5 to 20 seeds it holds the truth in 90 to 94 % of cases."
)
NO_INTERVAL = (
    f"A study of these has fewer than {ENOUGH} seeds that all methods finished, and so there"
    " is no interval."
)
NORMALISED_COLUMN = "normalised_iqm"
FEWEST_STUDIES = 2


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
    table = blocks(studies)
    present = table.index.unique("study") if len(table) else ()
    used = {int(number): studies[number] for number in present}
    left_out = [data for number, data in enumerate(studies) if number not in used]
    labels = [str(label) for label in table.columns]
    if len(labels) < FEWEST_METHODS or len(used) < FEWEST_STUDIES:
        title = f"Ranks over {len(studies)} {problem} studies of {space}{by}"
        return NoOverview(title, _reason(labels, left_out))
    title = f"Ranks over {len(used)} {problem} studies of {space}{by}"
    styles = method_styles(_method_names(studies, labels), BASELINE)
    key = "-".join(["ranks", problem, space, *by.split()[1:]])
    separated = separated_across(table, min(data.look.level for data in used.values()))
    about = About("every seed of every study is a block", BARS)
    drawing = draw_ranks(table, separated, styles, key, title, about)
    printed = _printed(table, used, key)
    read = readings(spec for data in studies for spec in data.study.specs)
    said = (NOTE.format(noun=measure), *_scaled_notes(printed.rows), _left_out(left_out), read)
    return Overview(title, printed, drawing, styles, " ".join(filter(None, said)))


def _reason(labels: list[str], without: list[StudyData]) -> str:
    if len(labels) >= FEWEST_METHODS:
        return (
            f"ranks need seeds that all methods finished, and {_listed(without)}"
            f" {'has' if len(without) == 1 else 'have'} none that no other study here has"
        )
    have = f"only {names(labels)}" if labels else "none"
    return (
        f"ranks need {FEWEST_METHODS} methods with results of common seeds in every study, and"
        f" there {'is' if len(labels) < 2 else 'are'} {have}"
    )


def _left_out(studies: list[StudyData]) -> str:
    if not studies:
        return ""
    verb = "is" if len(studies) == 1 else "are"
    return (
        f"{_listed(studies)} {verb} left out, without a seed that all of these methods finished"
        " and no other study here has."
    )


def _listed(studies: list[StudyData]) -> str:
    return listing([f"study {name(data.name)}" for data in studies])


def _scaled_notes(rows: pd.DataFrame) -> list[str]:
    if NORMALISED_COLUMN not in rows:
        return []
    missing = rows["normalised_low"].isna().all()
    return [NORMALISED, NO_INTERVAL] if missing else [NORMALISED]


def _method_names(studies: list[StudyData], labels: list[str]) -> dict[str, str]:
    trials = pd.concat([data.trials[["method", "method_name"]] for data in studies])
    names_ = dict(zip(trials["method"], trials["method_name"], strict=True))
    return {label: str(names_[label]) for label in labels}


def _printed(table: pd.DataFrame, studies: Mapping[int, StudyData], key: str) -> PrintedTable:
    """A row per method, the best first; a column per study and one for all."""
    rows = pd.DataFrame({"method": [str(label) for label in table.columns]})
    columns = []
    for place, (number, data) in enumerate(studies.items(), start=1):
        own = table[table.index.get_level_values("study") == number]
        rows[f"rank_{place}"] = _ranks(own)
        rows[f"claim_{place}"] = [_against_baseline(data, label) for label in rows["method"]]
        seeds = count(len(own), "seed")
        unit = f"{data.first('dataset') or data.images}, {seeds}"
        columns.append(_claimed(data.name, unit, place))
    rows["rank"] = _ranks(table)
    everything = count(len(table), "block")
    columns.append(PrintedColumn("All", everything, lambda row: numerals.percent(row.rank)))
    if scaled := normalised_across(table, studies):
        for part, field in enumerate((NORMALISED_COLUMN, "normalised_low", "normalised_high")):
            rows[field] = [scaled[label][part] for label in rows["method"]]
        columns += _SCALED
    return PrintedTable(key, tuple(columns), rows.sort_values("rank", kind="stable"))


_SCALED = (
    PrintedColumn("Normalised", "regret", lambda row: numerals.points(row.normalised_iqm)),
    PrintedColumn(
        "95 % CI",
        "of that",
        lambda row: numerals.interval(row.normalised_low, row.normalised_high),
    ),
)


def _claimed(heading: str, unit: str, number: int) -> PrintedColumn:
    """A study's ranks, each with the claim against the baseline behind it."""

    def text(row: Any) -> str:
        claim = getattr(row, f"claim_{number}")
        rank = numerals.percent(getattr(row, f"rank_{number}"))
        return f"{rank}, {claim}" if claim else rank

    return PrintedColumn(heading, unit, text)


def _against_baseline(data: StudyData, label: str) -> str:
    """The study's claim of a method against its baseline, in a word or two; empty for none."""
    claim = data.claims.of(label, BASELINE)
    return in_short(claim) if claim else ""


def _ranks(table: pd.DataFrame) -> list[float]:
    return [float(rank) for rank in average_ranks(table.to_numpy(dtype=float))]
