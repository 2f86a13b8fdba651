"""The page: one HTML file that needs nothing else, and the same in Markdown."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nasbench_harness.reports.analysis.overview import NoOverview, OverAll, Overview
from nasbench_harness.reports.figures.drawing import Omitted, SavedFigure
from nasbench_harness.reports.figures.style import PAINTS, MethodStyle
from nasbench_harness.reports.page import places, provenance, trials
from nasbench_harness.reports.page.citing import citing
from nasbench_harness.reports.page.contents import TITLES, contents
from nasbench_harness.reports.page.printed import printed
from nasbench_harness.reports.page.sampling import HELD
from nasbench_harness.reports.page.svg import inline
from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.tables.across import HEAT_NOTE, HEAT_TITLE
from nasbench_harness.reports.tables.exhibits import Exhibit, withheld
from nasbench_harness.reports.tables.markdown import markdown_table
from nasbench_harness.reports.words import images, marked, protocol, verdict
from nasbench_harness.reports.words.subject import judged_by
from nasbench_harness.store.suites import SuiteRecord

OVER_TITLE = "All problems together"


@dataclass(frozen=True)
class Section:
    """Everything the page says about one study."""

    data: StudyData
    verdict: verdict.Answer
    styles: dict[str, MethodStyle]
    figures: list[SavedFigure]
    omitted: list[Omitted]
    exhibits: list[Exhibit]
    tables: list[str]
    below: str
    """Folder of the study's files beside the page; empty or ending in a slash."""


@dataclass(frozen=True)
class Together:
    """What several studies say together, and its files."""

    overview: Overview | NoOverview
    tables: list[str]
    figure: SavedFigure | None
    heat: SavedFigure | None = None
    """The table of methods by problems as a figure."""


def render_html(
    sections: Sequence[Section],
    together: Sequence[Together] = (),
    notes: Sequence[str] = (),
    suite: SuiteRecord | None = None,
) -> str:
    """The page as HTML; `notes` are marked sentences about all of it."""
    return _environment(html=True).get_template("page.html.j2").render(
        title=_title(sections),
        several=len(sections) > 1,
        mixed=_mixed(sections),
        titles=TITLES,
        notes=notes,
        opening=_opening(sections, suite),
        sections=[_html_context(number, s) for number, s in enumerate(sections, start=1)],
        together=[_html_together(part) for part in together],
        paints=PAINTS,
        script=Markup(_script()),
        script_hash=_hash(_script()),
    )  # fmt: skip


def render_markdown(
    sections: Sequence[Section],
    together: Sequence[Together] = (),
    notes: Sequence[str] = (),
    suite: SuiteRecord | None = None,
) -> str:
    """The same words, table and figures as Markdown."""
    return _environment(html=False).get_template("report.md.j2").render(
        title=_title(sections),
        several=len(sections) > 1,
        mixed=_mixed(sections),
        titles=TITLES,
        notes=notes,
        opening=_opening(sections, suite),
        sections=[
            {
                **_context(number, s),
                "trials": trials.listed(s.data),
                "figures": _markdown_figures(s.figures),
                "exhibits": [_markdown_exhibit(exhibit) for exhibit in s.exhibits],
            }
            for number, s in enumerate(sections, start=1)
        ],
        together=[_markdown_together(part) for part in together],
    )  # fmt: skip


SCRIPTS = ("theme", "tabs", "switches", "sideways", "tables", "trials", "zoom", "start")
"""In the order they need each other."""


@cache
def _script() -> str:
    """The page's only script, wrapped so that it leaves no names behind."""
    folder = Path(__file__).parent / "scripts"
    parts = [(folder / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS]
    return '\n(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def _hash(script: str) -> str:
    """What the page's policy calls the script; no other one runs."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _json(value: Any) -> Markup:
    """JSON that may stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


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
    environment.filters["marked"] = _html_words if html else marked.markdown
    environment.filters["cell"] = marked.markdown_cell
    environment.filters["code"] = marked.markdown_code
    environment.filters["fenced"] = _fenced
    return environment


def _fenced(text: str) -> str:
    """BibTeX as a block of code that survives backticks inside."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}bibtex\n{text}\n{fence}"


def _html_words(text: str) -> Markup:
    return Markup(marked.html(text))


def _title(sections: Sequence[Section]) -> str:
    return marked.listing([section.data.name for section in sections])


def _mixed(sections: Sequence[Section]) -> str:
    """What kinds of problem a page of several is about, for a sentence; empty for one kind."""
    kinds = {section.data.kind.name: section.data.kind for section in sections}
    told = [
        f"{name} studies, which {kind.does}," if kind.does else f"{name} studies"
        for name, kind in sorted(kinds.items())
    ]
    words = marked.listing(told).replace(",,", ",")
    return f"{words[:1].upper()}{words[1:]}" if len(kinds) > 1 else ""


def _context(number: int, section: Section) -> dict[str, Any]:
    """What both outputs show."""
    data = section.data
    return {
        "name": data.name,
        "dataset": str(data.first("dataset") or data.images),
        "anchor": f"study-{number}",
        "about": images.about(data),
        "where": images.where(data),
        "size": _size(data),
        "subtitle": _subtitle(data),
        "oracle": protocol.oracle(data),
        "caveats": provenance.caveats(data),
        "verdict": section.verdict,
        "verdict_note": verdict.note(data),
        "contents": contents(
            f"study-{number}", section.exhibits, places.arrange(section.figures), section.omitted,
            withheld(data),
        ),
        "citing": citing(data),
        "withheld": list(withheld(data)),
        "omitted": section.omitted,
        "tables": section.tables,
        "below": section.below,
        "numbers": trials.numbers_of(data),
        "counts": trials.counts(data),
        "planned": len(data.trials),
        "provenance": provenance.provenance(data),
        "settings": provenance.method_settings(data),
        "config": provenance.config_text(data),
    }  # fmt: skip


def _html_context(number: int, section: Section) -> dict[str, Any]:
    return {
        **_context(number, section),
        "exhibits": [printed(e, section.styles, section.tables) for e in section.exhibits],
        "sampled": f"{HELD:,}" if len(section.data.trials) > HELD else "",
        "trial_data": _json(trials.trial_data(section.data)),
        "places": places.arrange(section.figures),
        "pictures": {
            saved.drawing.key: inline(saved, f"s{number}-{saved.drawing.key}-")
            for saved in section.figures
        },
    }  # fmt: skip


def _markdown_exhibit(exhibit: Exhibit) -> dict[str, str]:
    shown, fold = exhibit.at_once, exhibit.fold
    return {
        "key": shown.key,
        "title": exhibit.title,
        "note": exhibit.note,
        "table": markdown_table(shown) if len(shown.rows) else "",
        "fold": fold.words if fold else "",
        "behind": markdown_table(fold.behind) if fold else "",
    }


def _markdown_figures(figures: Sequence[SavedFigure]) -> list[dict[str, Any]]:
    """Figures one after the other, the first of those that share a place with its anchor."""
    shared = [(place.key, saved) for place in places.arrange(figures) for saved in place.figures]
    keys = [key for key, _ in shared]
    return [
        {"anchor": key if key not in keys[:number] else "", "saved": saved}
        for number, (key, saved) in enumerate(shared)
    ]


def _opening(sections: Sequence[Section], suite: SuiteRecord | None) -> dict[str, Any]:
    """What a page of several begins with: the suite's name, and what of it is not here."""
    if suite is None or len(sections) < 2:
        return {"title": marked.count(len(sections), "study"), "about": "", "without": []}
    reasons: dict[str, list[str]] = {}
    for one in suite.left_out:
        if not one.method:
            reasons.setdefault(one.reason, []).append(marked.name(one.problem))
    return {
        "title": f"Suite {suite.name}: {marked.count(len(sections), 'problem')}",
        "about": suite.about,
        "without": [f"{marked.listing(names)}: {why}" for why, names in reasons.items()],
    }


def _html_together(part: Together) -> dict[str, Any]:
    found, figure = part.overview, part.figure
    told: dict[str, Any] = {"title": found.title, "reason": "", "over": None}
    if over := found.over_all:
        told["over"] = _html_over_all(over, part)
    if isinstance(found, NoOverview):
        return {**told, "reason": found.reason}
    exhibit = Exhibit(found.title, found.note, found.table)
    return {
        **told,
        "table": printed(exhibit, found.styles, part.tables),
        "figure": figure,
        "picture": inline(figure, f"{figure.drawing.key}-").pictures[0] if figure else "",
    }


def _html_over_all(over: OverAll, part: Together) -> dict[str, Any]:
    styles, files = part.overview.styles, part.tables
    heat = Exhibit(HEAT_TITLE, HEAT_NOTE, over.heat.table)
    table = Exhibit(OVER_TITLE, over.note, over.table)
    return {
        "title": over.title,
        "verdict": over.verdict,
        "heat": printed(heat, styles, files),
        "figures": part.heat.files if part.heat else (),
        "reasons": over.heat.reasons,
        "table": printed(table, styles, files),
    }


def _markdown_together(part: Together) -> dict[str, Any]:
    found = part.overview
    told: dict[str, Any] = {"title": found.title, "reason": "", "over": None}
    if over := found.over_all:
        told["over"] = {
            "title": over.title,
            "verdict": over.verdict,
            "heat_title": HEAT_TITLE,
            "heat": markdown_table(over.heat.table),
            "heat_note": HEAT_NOTE,
            "reasons": over.heat.reasons,
            "table_title": OVER_TITLE,
            "table": markdown_table(over.table),
            "note": over.note,
        }
    if isinstance(found, NoOverview):
        return {**told, "reason": found.reason}
    table = markdown_table(found.table)
    return {**told, "table": table, "note": found.note, "figure": part.figure}


def _size(data: StudyData) -> str:
    seeds = data.trials["seed"].nunique()
    return f"{marked.count(len(data.labels), 'method')}, {marked.count(seeds, 'seed')}"


def _subtitle(data: StudyData) -> str:
    space = marked.name(data.first("space"))
    return f"{_size(data)}, on the search space {space}; judged by {judged_by(data)}"
