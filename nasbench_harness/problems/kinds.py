"""The kinds of problem that are installed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from nasbench_harness import registry
from nasbench_harness.contracts import Kind
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.base import PlainKind
from nasbench_harness.settings import Holds, Settings

DEFAULT = "landscape"
"""The kind of a study that says nothing else."""


def open_kind(name: str) -> Kind:
    """The kind of that name; UnknownNameError or PluginError name what is wrong."""
    return registry.problems.load(name)


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind that can be used, the default one first; what is broken tells so when asked for.

    Nothing of torch is imported.
    """
    names = registry.problems.names()
    found = []
    for name in sorted(names, key=lambda name: (name != DEFAULT, name)):
        try:
            found.append(open_kind(name))
        except HarnessError:
            continue
    return tuple(found)


@cache
def held() -> Mapping[str, type[Settings]]:
    """Options of all kinds that hold settings: `--set NAME.setting=value` changes one of these."""
    return {
        name: mark.settings
        for kind in kinds()
        for name, field in kind.Options.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Holds)
    }


def searched(spec: Any) -> str:
    """What a trial searched, in words: `nb201 on the ...`."""
    return kind_of(spec.problem).told(spec)


def kind_of(problem: str) -> Kind:
    """The kind of a trial that is there; a plain one of that name where it is not installed."""
    try:
        return open_kind(problem)
    except HarnessError:
        kind = PlainKind()
        kind.name = problem  # type: ignore[misc]
        return kind
