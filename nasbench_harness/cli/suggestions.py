"""What a kind of problem suggests after a study, as far as it can run there."""

from __future__ import annotations

import shlex
from itertools import pairwise
from typing import TYPE_CHECKING

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.kinds import kind_of, open_kind
from nasbench_harness.study.capabilities import check_capabilities
from nasbench_harness.study.config import BASELINE
from nasbench_harness.study.recipes import find_recipe

if TYPE_CHECKING:
    from nasbench_harness.contracts import Kind
    from nasbench_harness.store.studies import Study

_COMMAND = "nasharness run "


def suggestions(study: Study) -> list[str]:
    """The lines of the study's kind, with its own method and space in their commands.

    Left out, with the line before it that leads to it, is a command that none of the study's
    methods can run on the space.
    """
    found: list[str] = []
    lead: list[str] = []
    for line in kind_of(study.search).suggestions:
        if not line.startswith(_COMMAND):
            lead.append(line)
            continue
        if command := _of_study(shlex.split(line), study):
            found += [*lead, command]
        lead = []
    return [*found, *lead]


def _of_study(words: list[str], study: Study) -> str:
    """The command for the study; empty where it cannot run."""
    asked = dict(pairwise(words))
    kind = open_kind(asked.get("--search", registry.default_problem()))
    space = study.specs[0].space
    if kind.measures and not isinstance(registry.open_space(space), NetworkSpace):
        return ""
    recipe = asked.get("--recipe", kind.recipe)
    methods = dict.fromkeys(spec.method for spec in study.specs if spec.method != BASELINE)
    method = next((name for name in methods if _runs(name, recipe, space, kind)), "")
    if not method:
        return ""
    words = [method if before == "-m" else word for before, word in pairwise(["", *words])]
    where = [] if space == registry.default_space() else ["--space", space]
    return shlex.join([*words, *where])


def _runs(method: str, recipe: str, space: str, kind: Kind) -> bool:
    """Has the method such a recipe, and the kind what it needs under it."""
    try:
        setup = registry.open_setup(method, "requires")
        values = find_recipe(method, recipe, space, kind.name).recipe.settings
        check_capabilities(method, setup, setup.Settings.build(method, values), kind)
    except HarnessError:
        return False
    return True
