"""Several studies at once: who is ahead how often, in ranks, which have no unit to be mixed up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pandas as pd

from nasbench_harness.reports.analysis.across import (
    AcrossClaims,
    decide_across,
    separated_by_rank,
)
from nasbench_harness.reports.analysis.problems import Problems, Reasons, problems_of
from nasbench_harness.reports.figures.drawing import Drawing
from nasbench_harness.reports.figures.ranks import (
    FEWEST_METHODS,
    About,
    Separated,
    blocks,
    draw_ranks,
)
from nasbench_harness.reports.figures.style import MethodStyle, method_styles
from nasbench_harness.reports.statistics.ranks import average_ranks
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.study.measure import REGRET
from nasbench_harness.reports.tables.across import (
    HeatMap,
    heat_map,
    over_all,
    over_note,
)
from nasbench_harness.reports.tables.pairs import in_short
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import numerals
from nasbench_harness.reports.words.across import Verdict, plural, verdict
from nasbench_harness.reports.words.marked import count, listing, name, names
from nasbench_harness.reports.words.readings import readings
from nasbench_harness.study.config import BASELINE

NOTE = (
    "Average rank by final {noun}, 1 being the best, over the seeds of each study that all of these"
    " methods finished; ties share their ranks. Behind the rank within a study stands its claim"
    " against random search. The ranks of all are over all studies, a seed of one"
    " weighing as much as a seed of another. Only methods that every study has are ranked. Bars of"
    " the figure join methods of which none is called better over all studies: on these, and no"
    " others."
)
"""With the `noun` of what they are ranked by."""
BARS = "called better than another over all of these studies, as in the words above"
BY_RANK = (
    "told apart from another by rank, by permutation within these studies corrected for all pairs;"
    " what the words and tables of a study claim is a decision of its own"
)
"""Where studies have no unit in common, and so nothing is said of them together."""
FEWEST_STUDIES = 2


@dataclass(frozen=True)
class OverAll:
    """What methods miss on all problems, in a unit that these have in common."""

    title: str
    verdict: Verdict
    heat: HeatMap
    table: PrintedTable
    note: str
    """Of the table."""


@dataclass(frozen=True)
class Overview:
    """What studies of one kind say together."""

    title: str
    table: PrintedTable
    drawing: Drawing | None
    styles: dict[str, MethodStyle]
    note: str
    over_all: OverAll | None = None
    """None where studies have no unit in common."""


@dataclass(frozen=True)
class NoOverview:
    """Why studies of one kind are not ranked together."""

    title: str
    reason: str
    """Marked text, the end of a sentence."""
    over_all: OverAll | None = None
    styles: Mapping[str, MethodStyle] = field(default_factory=dict)


def overviews(
    studies: Sequence[StudyData], reasons: Reasons | None = None
) -> list[Overview | NoOverview]:
    """One for each kind of study there are several of: a problem and a measure.

    Regrets of several spaces come together, as they have a unit in common; accuracies do not.
    `reasons` tell why a method was not run on one of them.
    """
    ordered = sorted(studies, key=_kind)
    groups = [list(group) for _, group in groupby(ordered, key=_kind)]
    return [_overview(group, reasons or {}) for group in groups if len(group) > 1]


def _kind(data: StudyData) -> tuple[str, str, str]:
    space = "" if data.measure.key == REGRET.key else str(data.first("space"))
    return (data.kind.name, space, data.measure.noun)


def _overview(studies: list[StudyData], reasons: Reasons) -> Overview | NoOverview:
    problem, space, measure = _kind(studies[0])
    spaces = {str(data.first("space")) for data in studies}
    space = space or (spaces.pop() if len(spaces) == 1 else "")
    of = f" of {space}" if space else ""
    by = "" if measure == REGRET.noun else f" by {measure}"
    problems = problems_of(studies, reasons)
    table = blocks(studies)
    present = table.index.unique("study") if len(table) else ()
    used = {int(number): studies[number] for number in present}
    left_out = [data for number, data in enumerate(studies) if number not in used]
    labels = [str(label) for label in table.columns]
    every = _method_names(studies)
    styles = method_styles(every, BASELINE)
    claims = decide_across(problems) if problems else None
    together = _over_all(problems, claims) if problems and claims else None
    if len(labels) < FEWEST_METHODS or len(used) < FEWEST_STUDIES:
        title = f"Ranks over {len(studies)} {problem} studies{of}{by}"
        return NoOverview(title, _reason(labels, left_out), together, styles)
    title = f"Ranks over {len(used)} {problem} studies{of}{by}"
    key = "-".join(filter(None, ["ranks", problem, space, *by.split()[1:]]))
    separated, about = _bars(table, used, claims)
    drawing = draw_ranks(table, separated, styles, key, title, about)
    printed = _printed(table, used, key, problems)
    read = readings(spec for data in studies for spec in data.study.specs)
    said = (NOTE.format(noun=measure), _left_out(left_out), read)
    return Overview(title, printed, drawing, styles, " ".join(filter(None, said)), together)


def _over_all(problems: Problems, claims: AcrossClaims) -> OverAll:
    return OverAll(
        f"Over {plural(problems)}",
        verdict(problems, claims),
        heat_map(problems),
        over_all(problems, claims),
        over_note(problems),
    )


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


def _method_names(studies: list[StudyData]) -> dict[str, str]:
    trials = pd.concat([data.trials[["method", "method_name"]] for data in studies])
    return dict(zip(map(str, trials["method"]), map(str, trials["method_name"]), strict=True))


def _bars(
    table: pd.DataFrame, used: Mapping[int, StudyData], claims: AcrossClaims | None
) -> tuple[Separated, About]:
    """Which methods the figure's bars part, and what its caption says of that."""
    block = "every seed of every study is a block"
    if claims is not None:
        return claims.separates, About(block, BARS)
    level = min(data.look.level for data in used.values())
    return separated_by_rank(table, level), About(block, BY_RANK)


def _printed(
    table: pd.DataFrame, studies: Mapping[int, StudyData], key: str, problems: Problems | None
) -> PrintedTable:
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
    if problems:  # for whoever reads the file; the page has a table of its own
        middle = [problems.middle(label) for label in rows["method"]]
        rows[["normalised_iqm", "normalised_low", "normalised_high"]] = middle
    return PrintedTable(key, tuple(columns), rows.sort_values("rank", kind="stable"))


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
