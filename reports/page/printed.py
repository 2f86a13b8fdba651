"""A table as the page shows it: heads with the looks of methods, and cells of numbers or words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from nasbench_harness.reports.figures.style import MethodStyle
from nasbench_harness.reports.page.swatch import swatch
from nasbench_harness.reports.tables.exhibits import Exhibit
from nasbench_harness.reports.tables.printed import PrintedColumn, PrintedTable
from nasbench_harness.reports.words import marked
from nasbench_harness.study.config import BASELINE


@dataclass(frozen=True)
class PrintedRow:
    """A row in HTML."""

    swatch: Markup
    """Empty where the row is about no method of the study."""
    head: Markup
    cells: list[Markup]
    baseline: bool
    heats: list[float | None]
    """Per cell how dark it is, from 0 to 1; None for no colour."""


@dataclass(frozen=True)
class Printed:
    """A table in HTML."""

    key: str
    title: str
    note: str
    """Marked text."""
    columns: Sequence[PrintedColumn]
    rows: list[PrintedRow]
    files: list[str]
    behind: Printed | None = None
    """What is shown on demand."""
    fold: str = ""
    """What is behind."""


def printed(exhibit: Exhibit, styles: Mapping[str, MethodStyle], files: Sequence[str]) -> Printed:
    """The table with its own of all `files`."""
    table, fold = exhibit.at_once, exhibit.fold
    own = [file for file in files if file.rpartition(".")[0] == table.key]
    whole = Printed(
        table.key, exhibit.title, exhibit.note, table.columns, _rows(table, styles), own
    )
    if fold is None:
        return whole
    title = f"{exhibit.title}: the others"
    behind = replace(
        whole, title=title, columns=fold.behind.columns, rows=_rows(fold.behind, styles)
    )
    return replace(whole, behind=behind, fold=fold.words)


def _rows(table: PrintedTable, styles: Mapping[str, MethodStyle]) -> list[PrintedRow]:
    return [
        _row(head, label, texts, heats, styles)
        for head, (label, texts), heats in zip(table.heads, table.cells, table.heats, strict=True)
    ]


def _row(
    head: str,
    label: str,
    texts: Sequence[str],
    heats: list[float | None],
    styles: Mapping[str, Any],
) -> PrintedRow:
    head = head or marked.name(label)  # a row that goes on with the one above, until it is sorted
    named = marked.name(label) in head and label in styles
    return PrintedRow(
        swatch(styles[label]) if named else Markup(""),
        breakable(head),
        [Markup(marked.html(text)) for text in texts],
        baseline=head == marked.name(BASELINE),
        heats=heats,
    )


def breakable(text: str) -> Markup:
    """Marked text whose labels may be broken after a comma or an opening bracket."""
    return Markup(re.sub(r"(?<=[\[,])(?=\S)", "<wbr>", marked.html(text)))
