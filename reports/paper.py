"""What a paper needs of a study: tables for LaTeX, vector figures, and a document to see them in.

Everything lies in one folder: `main.tex` shows it, `tables/` and `figures/` are to be copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness.reports.earlier import DOCUMENT, FIRST_LINE, is_paper, refuse_paper
from nasbench_harness.reports.figures.drawing import Omitted
from nasbench_harness.reports.figures.printing import PRINT_RC, save_sheet, sheets
from nasbench_harness.reports.figures.style import method_styles
from nasbench_harness.reports.page.provenance import caveats
from nasbench_harness.reports.published import leaderboard
from nasbench_harness.reports.report import drawings
from nasbench_harness.reports.study.data import StudyData, read_study
from nasbench_harness.reports.tables.exhibits import exhibits
from nasbench_harness.reports.tables.files import write_table
from nasbench_harness.reports.tables.latex import latex_table
from nasbench_harness.reports.tables.printed import PrintedTable
from nasbench_harness.reports.words.marked import latex, name
from nasbench_harness.reports.words.subject import subject
from nasbench_harness.store.copies import open_studies
from nasbench_harness.store.files import write_text
from nasbench_harness.store.ownership import publishing
from nasbench_harness.study.config import BASELINE

PREAMBLE = (
    FIRST_LINE
    + r"""
\documentclass[10pt,twocolumn]{article}
\usepackage[T1]{fontenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage[utf8]{inputenc}
\usepackage{array,booktabs,graphicx,textcomp}
\usepackage[textwidth=7in,textheight=9.6in,columnsep=0.34in]{geometry}
\newsavebox\fitted
\newcommand\fit[1]{% a table that is too large for the page is shown smaller
  \sbox\fitted{\input{#1}}%
  \ifdim\wd\fitted>\textwidth\sbox\fitted{\resizebox{\textwidth}{!}{\usebox\fitted}}\fi
  \ifdim\dimexpr\ht\fitted+\dp\fitted\relax>0.8\textheight
    \resizebox*{!}{0.8\textheight}{\usebox\fitted}\else\usebox\fitted\fi}
\setlength\tabcolsep{3pt}
\setlength\belowcaptionskip{5pt}
\begin{document}
"""
)
END = "\\end{document}\n"


@dataclass(frozen=True)
class Piece:
    """A table or a figure with what stands below it."""

    path: str
    """From `main.tex`, without its ending."""
    caption: str
    """Marked text."""
    wide: bool
    """Whether it spans both columns."""


def write_paper(folders: Sequence[Path], out: Path) -> Path:
    """Write what a paper needs of the studies in `folders` to `out`; returns its `main.tex`.

    What a paper of before has left in `out` is replaced or removed, and nothing else is, see
    `ownership`. HarnessError if a folder holds no study, or something else is in the way.
    """
    refuse_paper(out)
    studies = [read_study(study) for study in open_studies(folders).distinct]
    with publishing(out, is_paper) as fresh:
        parts = []
        for number, data in enumerate(studies, start=1):
            below = f"study-{number}/" if len(studies) > 1 else ""
            tables = _write_tables(data, fresh, below)
            parts.append(_section(data, tables, _write_figures(data, fresh, below)))
        write_text(fresh / DOCUMENT, "\n".join([PREAMBLE, *parts, END]))
    return out / DOCUMENT


# --- tables ------------------------------------------------------------------------------------


def _write_tables(data: StudyData, out: Path, below: str) -> list[Piece]:
    pieces = []
    for table, words in _tables(data):
        folder = out / below / "tables"
        write_table(table, data, folder)
        write_text(folder / f"{table.key}.tex", portable(latex_table(table, subject(data))))
        pieces.append(Piece(f"{below}tables/{table.key}", words, wide=True))
    return pieces


def _tables(data: StudyData) -> Iterator[tuple[PrintedTable, str]]:
    """Every table with its caption; one that is too long for a page in parts."""
    about = f"{name(data.name)}: {subject(data)}."
    for exhibit in exhibits(data):
        said = "" if subject(data) in exhibit.note else f" {about}"
        caption = f"{exhibit.title}.{said} {exhibit.note}"
        first, *others = exhibit.sheets or (exhibit.table,)
        yield first, caption
        for table in others:
            yield table, f"{OTHERS} {leaderboard.ESTABLISHED}"


OTHERS = "Published results of methods that are not in the study."


# --- figures -----------------------------------------------------------------------------------


def _write_figures(data: StudyData, out: Path, below: str) -> list[Piece]:
    pieces = []
    styles = method_styles({spec.label: spec.method for spec in data.study.specs}, BASELINE)
    for drawing in drawings(data, styles, PRINT_RC):
        if isinstance(drawing, Omitted):
            continue
        for sheet in sheets(drawing):
            save_sheet(sheet, out / below / "figures")
            path = f"{below}figures/{sheet.key}"
            pieces.append(Piece(path, f"{drawing.title}. {drawing.caption}", sheet.wide))
    return pieces


# --- the document ------------------------------------------------------------------------------


def _section(data: StudyData, tables: list[Piece], figures: list[Piece]) -> str:
    lines = [rf"\section*{{{_tex(name(data.name))}}}", "", _tex(" ".join(caveats(data))), ""]
    for piece in tables:
        lines += _float("table", piece, rf"\footnotesize\fit{{{piece.path}}}")
    for piece in figures:
        lines += _float("figure", piece, rf"\includegraphics{{{piece.path}}}")
    return "\n".join([*lines, r"\clearpage"])


def _float(kind: str, piece: Piece, content: str) -> list[str]:
    star = "*" if piece.wide else ""
    words = rf"\caption{{{_tex(piece.caption)}}}"
    inside = [words, content] if kind == "table" else [content, words]
    return [
        rf"\begin{{{kind}{star}}}[tp]", r"\centering", *inside, rf"\end{{{kind}{star}}}", "",
    ]  # fmt: skip


def _tex(text: str) -> str:
    return portable(" ".join(latex(text).split()))


_SYMBOLS = {
    "×": r"$\times$",
    "→": r"$\rightarrow$",
    "←": r"$\leftarrow$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "τ": r"$\tau$",
    "α": r"$\alpha$",
    "µ": r"$\mu$",
    "μ": r"$\mu$",
    "λ": r"$\lambda$",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "\xa0": "~",
}
_STRANGE = re.compile(r"[^\n\x20-\x7e\xc0-\xd6\xd8-\xf6\xf8-\xff]")
"""What pdfLaTeX cannot set without a package or font of its own."""


def portable(text: str) -> str:
    """LaTeX with nothing in it that pdfLaTeX's own fonts lack; other characters by their number."""
    return _STRANGE.sub(lambda found: _SYMBOLS.get(found[0], f"U+{ord(found[0]):04X}"), text)
