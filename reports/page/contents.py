"""What stands on the page about a study, in order, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nasbench_harness.reports.figures.drawing import Omitted
from nasbench_harness.reports.page.places import FigurePlace
from nasbench_harness.reports.tables.exhibits import Exhibit, Withheld

WORDS, TRIALS, ORIGIN, CITING = "words", "trials", "provenance", "citing"
"""Keys of the sections that every study has."""
TITLES = {
    WORDS: "In words",
    TRIALS: "Trials",
    ORIGIN: "Where the numbers come from",
    CITING: "How to cite",
}


@dataclass(frozen=True)
class Entry:
    """A section of the page."""

    anchor: str
    title: str


def anchor(study: str, key: str) -> str:
    """The id of a section's heading; `study` is the anchor of its study."""
    return f"{study}-{key}"


def contents(
    study: str,
    tables: list[Exhibit],
    figures: Iterable[FigurePlace],
    omitted: Iterable[Omitted],
    withheld: Iterable[Withheld],
) -> list[Entry]:
    """The sections of a study in the order of the page: its first table stands before figures."""
    return [Entry(anchor(study, key), title) for key, title in _sections(
        tables, figures, omitted, withheld)]  # fmt: skip


def _sections(
    tables: list[Exhibit],
    figures: Iterable[FigurePlace],
    omitted: Iterable[Omitted],
    withheld: Iterable[Withheld],
) -> Iterator[tuple[str, str]]:
    yield WORDS, TITLES[WORDS]
    yield from ((exhibit.table.key, exhibit.title) for exhibit in tables[:1])
    yield from ((f"figure-{place.key}", place.title) for place in figures)
    yield from ((f"figure-{figure.key}", figure.title) for figure in omitted)
    yield from ((exhibit.table.key, exhibit.title) for exhibit in tables[1:])
    yield from ((f"withheld-{number}", table.title) for number, table in enumerate(withheld))
    yield from ((key, TITLES[key]) for key in (TRIALS, ORIGIN, CITING))
