"""From study folders to a folder with the page, the tables and the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl

from nasbench_harness.reports.analysis.overview import OverAll, Overview, overviews
from nasbench_harness.reports.earlier import MARKDOWN, PAGE, is_report, refuse_report
from nasbench_harness.reports.figures import (
    anytime,
    cells,
    choices,
    distribution,
    estimators,
    oneshot,
    profiles,
    ranks,
    relief,
    scatter,
    signs,
    targets,
    tradeoff,
)
from nasbench_harness.reports.figures.drawing import Drawing, Omitted, SavedFigure, save
from nasbench_harness.reports.figures.heat import draw_heat
from nasbench_harness.reports.figures.style import RC, MethodStyle, method_styles
from nasbench_harness.reports.page.render import Section, Together, render_html, render_markdown
from nasbench_harness.reports.study.data import StudyData, read_study
from nasbench_harness.reports.study.suite import reasons_of, suite_of
from nasbench_harness.reports.tables.across import HEAT_NOTE, HEAT_TITLE
from nasbench_harness.reports.tables.exhibits import exhibits
from nasbench_harness.reports.tables.files import write_formats, write_tables
from nasbench_harness.reports.tables.printed import PrintedTable
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.reports.words.readings import readings
from nasbench_harness.reports.words.verdict import judge
from nasbench_harness.store.copies import open_studies
from nasbench_harness.store.files import write_text
from nasbench_harness.store.ownership import publishing
from nasbench_harness.store.suites import SuiteRecord
from nasbench_harness.study.config import BASELINE

Draw = Callable[[StudyData, dict[str, MethodStyle]], Drawing | list[Drawing] | Omitted | None]
"""A list is of variants in one place; None: the figure has no place in this report."""

FIGURES: tuple[Draw, ...] = (
    anytime.draw,
    distribution.draw,
    profiles.draw,
    targets.draw,
    ranks.draw,
    oneshot.draw,
    scatter.draw,
    signs.draw,
    estimators.draw,
    cells.draw,
    choices.draw,
    relief.draw,
    tradeoff.draw,
)


@dataclass(frozen=True)
class ReportFolder:
    """Where a study's files go, and how the page refers to them."""

    out: Path
    below: str
    """Empty for a single study, else a folder of its own, ending in a slash."""

    def folder(self, kind: str) -> Path:
        """`tables` or `figures`."""
        return self.out / self.below / kind


@dataclass(frozen=True)
class Written:
    """A report, and what it says of several problems."""

    page: Path
    over_all: list[OverAll]
    """One for each kind of study that there are several of."""
    suite: SuiteRecord | None
    """The suite whose problems the studies are."""


def write_report(folders: Sequence[Path], out: Path) -> Written:
    """Write one page about the studies in `folders`.

    Only what a report of before has left in `out` is replaced or removed, see `ownership`. A study
    that is a copy of another one has no part of its own, and the page says so.
    """
    refuse_report(out)
    copies = open_studies(folders)
    with publishing(out, is_report) as fresh:
        sections = []
        for number, study in enumerate(copies.distinct, start=1):
            below = f"study-{number}/" if len(copies.distinct) > 1 else ""
            sections.append(_section(read_study(study), ReportFolder(fresh, below)))
        suite = suite_of(copies.distinct)
        studies = [section.data for section in sections]
        together = _together(studies, suite, ReportFolder(fresh, ""))
        notes = copies.notes()
        write_text(fresh / PAGE, render_html(sections, together, notes, suite))
        write_text(fresh / MARKDOWN, render_markdown(sections, together, notes, suite))
    over_all = [over for part in together if (over := part.overview.over_all)]
    return Written(out / PAGE, over_all, suite)


def _together(
    studies: list[StudyData], suite: SuiteRecord | None, place: ReportFolder
) -> list[Together]:
    """What several studies say together, with its files."""
    found = []
    with mpl.rc_context(RC):
        all_overviews = overviews(studies, reasons_of(suite))
    for number, overview in enumerate(all_overviews):
        files, saved, heat = [], None, None
        if over := overview.over_all:
            for table in (over.heat.table, over.table):
                own = replace(table, key=f"{table.key}-{number + 1}") if number else table
                files += write_formats(own, own.rows, plain(over.title), place.folder("tables"))
                if table is over.heat.table:
                    heat = save(_heat(own, over), place.folder("figures"))
        if isinstance(overview, Overview):
            table, drawing = overview.table, overview.drawing
            files += write_formats(table, table.rows, plain(overview.title), place.folder("tables"))
            saved = save(drawing, place.folder("figures")) if drawing else None
        found.append(Together(overview, files, saved, heat))
    return found


def _heat(table: PrintedTable, over: OverAll) -> Drawing:
    with mpl.rc_context(RC):
        return draw_heat(table, f"{HEAT_TITLE}: {plain(over.title)}", HEAT_NOTE)


def _section(data: StudyData, place: ReportFolder) -> Section:
    styles = method_styles(_method_names(data), BASELINE)
    drawn, omitted = _figures(data, styles, place.folder("figures"))
    shown = exhibits(data)
    return Section(
        data=data,
        verdict=judge(data),
        styles=styles,
        figures=drawn,
        omitted=omitted,
        exhibits=shown,
        tables=write_tables(data, [exhibit.table for exhibit in shown], place.folder("tables")),
        below=place.below,
    )


def _method_names(data: StudyData) -> dict[str, str]:
    pairs = data.trials[["method", "method_name"]].drop_duplicates()
    return dict(zip(pairs["method"], pairs["method_name"], strict=True))


def _figures(
    data: StudyData, styles: dict[str, MethodStyle], folder: Path
) -> tuple[list[SavedFigure], list[Omitted]]:
    drawn, omitted = [], []
    for result in drawings(data, styles, RC):
        if isinstance(result, Omitted):
            omitted.append(result)
        else:
            drawn.append(save(result, folder))
    return drawn, omitted


def drawings(
    data: StudyData, styles: dict[str, MethodStyle], rc: dict[Any, Any]
) -> Iterator[Drawing | Omitted]:
    """Every figure that has a place in a report of this study, drawn under the settings `rc`."""
    read = readings(data.study.specs)
    for draw in FIGURES:
        with mpl.rc_context(rc):
            result = draw(data, styles)
        if result is None:
            continue
        for one in result if isinstance(result, list) else [result]:
            if isinstance(one, Drawing):
                yield replace(one, caption=f"{one.caption} {read}".rstrip())
            else:
                yield one
