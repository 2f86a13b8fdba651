"""What there is to tell of a method: from its set-up, its source and its citation.

Nothing of it runs the method. What it does not declare is derived, or left out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from nasbench_harness import registry
from nasbench_harness.contracts import Fidelity, Kind, Passes, Setup, StepCost, bibtex_entries
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.kinds import kinds
from nasbench_harness.settings import named
from nasbench_harness.study.heldcost import COST
from nasbench_harness.study.recipes import find_recipe, recipes_of

_YEAR = re.compile(r"\byear\s*=\s*[{\"]?(\d{4})")


@dataclass(frozen=True)
class Described:
    """A method as lists and pages tell it."""

    name: str
    summary: str
    """First line of its module."""
    origin: str
    """Its distribution, with the version."""
    year: int | None
    """Of the first entry of its citation."""
    runs_on: tuple[str, ...]
    """Kinds of problem it has a recipe for and that have what it needs under that."""
    queries: bool
    """Does it ask for accuracies of single architectures."""
    holds_costs: bool
    """Can it hold costs (`--cost`)."""
    fidelity: Fidelity | None
    """What it declares; None: nothing."""
    fault: str = ""
    """Why it cannot be opened; then nothing but its source is told."""

    @property
    def gist(self) -> str:
        """What it is in a few words: its own, or its summary without name and source."""
        if self.fidelity is not None and self.fidelity.gist:
            return self.fidelity.gist
        before = re.split(r" \(|; |, ", self.summary)[0].rstrip(".")
        return before.partition(": ")[2] or before

    @property
    def basis(self) -> str:
        """What it was written from; empty where it does not say."""
        return str(self.fidelity.basis) if self.fidelity is not None else ""

    @property
    def needs(self) -> str:
        """What it runs on, and whether it can hold costs, in a few words."""
        trained = {kind.name for kind in kinds() if kind.trains}
        if self.queries and not trained.intersection(self.runs_on):
            place = "queries"
        else:
            everywhere = set(self.runs_on) >= set(registry.problems.built_in())
            place = "any" if everywhere else ", ".join(self.runs_on)
        return "; ".join(filter(None, (place, "costs" if self.holds_costs else "")))


def describe(name: str) -> Described:
    """What can be read of a method; a broken one takes no list down."""
    summary, origin = registry.methods.summary(name), registry.methods.origin(name)
    try:
        setup = registry.open_setup(name, "queries", "requires")
        year, able = _year(str(getattr(setup, "citation", ""))), _kinds_of(name, setup)
        declared = getattr(setup, "fidelity", None)
        return Described(
            name, summary, origin, year, able, bool(getattr(setup, "queries", False)),
            named(setup.Settings, COST) is not None,
            declared if isinstance(declared, Fidelity) else None,
        )  # fmt: skip
    except Exception as error:  # whatever a plugin's code raises
        return Described(name, summary, origin, None, (), False, False, None, str(error))


def formula(name: str) -> str:
    """The method in a formula: the first indented lines that its class begins with; may be empty.

    Read from its source, without importing it.
    """
    block: list[str] = []
    for line in registry.methods.docstring(name).splitlines():
        if line.startswith("    ") and not line.lstrip().startswith(">>>"):
            block.append(line)
        elif block:
            break
    return textwrap.dedent("\n".join(block))


def cost_sentence(cost: StepCost) -> str:
    """`network weights 1 forward and 1 backward, architecture no pass`, and the note."""
    passes = f"network weights {_passes(cost.weights)}, architecture {_passes(cost.architecture)}"
    none = cost.weights == cost.architecture == Passes()
    return "; ".join(filter(None, ("" if none and cost.note else passes, cost.note)))


def fidelity_facts(fidelity: Fidelity | None) -> dict[str, Any] | None:
    """For scripts."""
    return None if fidelity is None else {**asdict(fidelity), "basis": str(fidelity.basis)}


def recipes_by_space(name: str) -> list[Mapping[str, str]]:
    """Every recipe of a method: the space and kind it is for, and who else brought it."""
    return [
        {
            "name": one.title,
            "space": one.recipe.space or "any",
            "kind": one.recipe.kind or "any",
            "package": one.package,
            "source": one.recipe.source,
        }
        for one in recipes_of(name)
    ]


def _passes(passes: Passes) -> str:
    if not passes.forward and not passes.backward:
        return "no pass"
    return f"{passes.forward} forward and {passes.backward} backward"


def _year(citation: str) -> int | None:
    entries: Sequence[str] = bibtex_entries(citation)
    found = _YEAR.search(entries[0]) if entries else None
    return int(found[1]) if found else None


def _kinds_of(name: str, setup: type[Setup]) -> tuple[str, ...]:
    return tuple(kind.name for kind in kinds() if _runs_on(name, setup, kind))


def _runs_on(name: str, setup: Any, kind: Kind) -> bool:
    """By what the kind says of its problems: asking these themselves would import torch."""
    with suppress(HarnessError):
        recipe = find_recipe(name, kind.recipe, registry.default_space(), kind.name).recipe
        settings = setup.Settings.build(name, recipe.settings)
        return all(need in kind.capabilities for need in setup.requires(settings))
    return False
