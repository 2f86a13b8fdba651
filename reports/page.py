"""The page: one HTML file that needs nothing else, and the same in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nasbench_harness.reports import protocol, provenance, tables, trialrows, words
from nasbench_harness.reports.drawing import Omitted, SavedFigure
from nasbench_harness.reports.studydata import BASELINE, StudyData
from nasbench_harness.reports.style import MethodStyle
from nasbench_harness.reports.svg import inline
from nasbench_harness.reports.swatch import swatch
from nasbench_harness.reports.verdict import Verdict


@dataclass(frozen=True)
class Section:
    """Everything the page says about one study."""

    data: StudyData
    verdict: Verdict
    styles: dict[str, MethodStyle]
    figures: list[SavedFigure]
    omitted: list[Omitted]
    tables: list[str]
    below: str
    """Folder of the study's files beside the page; empty or ending in a slash."""


def render_html(sections: Sequence[Section]) -> str:
    """The page as HTML."""
    return _environment(html=True).get_template("page.html.j2").render(
        title=_title(sections),
        several=len(sections) > 1,
        sections=[_html_context(number, s) for number, s in enumerate(sections, start=1)],
    )  # fmt: skip


def render_markdown(sections: Sequence[Section]) -> str:
    """The same words, table and figures as Markdown."""
    return _environment(html=False).get_template("report.md.j2").render(
        title=_title(sections),
        several=len(sections) > 1,
        sections=[_context(number, s) for number, s in enumerate(sections, start=1)],
    )  # fmt: skip


@cache
def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=html,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["marked"] = _html_words if html else words.markdown
    environment.filters["breakable"] = _breakable
    environment.filters["cell"] = words.markdown_cell
    environment.filters["code"] = words.markdown_code
    return environment


def _html_words(text: str) -> Markup:
    return Markup(words.html(text))


def _breakable(label: str) -> Markup:
    """A label that may be broken after a comma or an opening bracket, nowhere else."""
    return Markup("<wbr>").join(re.split(r"(?<=[\[,])", label))


def _title(sections: Sequence[Section]) -> str:
    return words.listing([section.data.name for section in sections])


def _context(number: int, section: Section) -> dict[str, Any]:
    """What both outputs show."""
    data = section.data
    return {
        "name": data.name,
        "anchor": f"study-{number}",
        "about": _about(data),
        "where": f"{data.first('dataset')}, {words.name(data.first('table'))}",
        "size": _size(data),
        "subtitle": _subtitle(data),
        "oracle": protocol.oracle(data),
        "caveats": provenance.caveats(data),
        "verdict": section.verdict,
        "subject": tables.subject(data),
        "headings": tables.headings(),
        "markdown_table": tables.markdown_table(data.summary),
        "figures": section.figures,
        "omitted": section.omitted,
        "tables": section.tables,
        "below": section.below,
        "trial_headings": trialrows.trial_headings(data),
        "trials": trialrows.trials_by_method(data),
        "provenance": provenance.provenance(data),
        "settings": provenance.method_settings(data),
        "config": provenance.config_text(data),
    }


def _html_context(number: int, section: Section) -> dict[str, Any]:
    styles = section.styles
    return {
        **_context(number, section),
        "columns": tables.SUMMARY,
        "rows": [
            {"label": label, "swatch": swatch(styles[label]), "texts": texts,
             "baseline": label == BASELINE}
            for label, texts in tables.cells(section.data.summary)
        ],
        "beside": _beside(section.figures),
        "pictures": {
            saved.drawing.key: inline(saved, f"s{number}-{saved.drawing.key}-")
            for saved in section.figures
        },
    }  # fmt: skip


def _about(data: StudyData) -> str:
    """Dataset and table: what numbers must share to stand in one column."""
    return f"dataset {data.first('dataset')}, table {words.name(data.first('table'))}"


def _size(data: StudyData) -> str:
    seeds = data.trials["seed"].nunique()
    return f"{words.count(len(data.labels), 'method')}, {words.count(seeds, 'seed')}"


def _subtitle(data: StudyData) -> str:
    space = words.name(data.first("space"))
    return f"{_size(data)}, on the search space {space}; judged by {tables.judged_by(data)}"


def _beside(figures: Sequence[SavedFigure]) -> str:
    """The last of an odd number of single figures, which has a row to itself; else nothing."""
    single = [saved.drawing.key for saved in figures if not saved.drawing.panels]
    return single[-1] if len(single) % 2 else ""
