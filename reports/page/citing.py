"""What to cite of a study: the harness, and the methods, space, benchmark and images it used."""

from __future__ import annotations

from dataclasses import dataclass

from nasbench_harness.reports.study.data import StudyData
from nasbench_harness.reports.words.marked import listing, name, names
from nasbench_harness.store.provenance import PACKAGE, version_of
from nasbench_harness.study import citations

_PLURALS = {"method": "methods", "space": "spaces", "table": "tables", "images": "images"}


@dataclass(frozen=True)
class Citing:
    """How to cite a study."""

    words: str
    """Whose entries there are, and what has none: marked text."""
    entries: list[str]
    """BibTeX, each entry once."""


def citing(data: StudyData) -> Citing:
    """The entries of `nasharness cite`, in its order."""
    version = str(data.study.facts.get("versions", {}).get(PACKAGE, version_of(PACKAGE)))
    used = citations.used(data.study.specs)
    entries = citations.distinct_entries([citations.harness([version]), *used])
    return Citing(_words(used), entries)


def _words(used: list[citations.Used]) -> str:
    kinds: dict[str, list[str]] = {}
    for thing in used:
        if thing.bibtex:
            kinds.setdefault(thing.kind, []).append(thing.name)
    parts = [
        f"the {_PLURALS[kind] if len(inside) > 1 else kind} {names(inside)}"
        for kind, inside in kinds.items()
    ]
    without = "; ".join(
        f"the {thing.kind} {name(thing.name)} {thing.without}" for thing in used if not thing.bibtex
    )
    missing = f" There is no entry of: {without}." if without else ""
    return f"Entries of nasbench-harness itself, {listing(parts)}.{missing}"
