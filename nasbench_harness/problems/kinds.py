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

RESERVED = frozenset({
    "methods", "space", "table", "search", "dataset", "recipe", "seeds", "steps", "diagnose",
    "diagnose_every", "report_metric", "batch_size", "random", "cost", "target", "check", "config",
    "sets", "out", "device", "threads", "compile_mode", "deterministic", "data_dir", "download",
    "jobs", "report", "tensorboard", "mlflow", "dry_run", "json", "smallest_difference", "fixed",
    "suite", "workers", "executor", "address", "cpus_per_trial", "gpus_per_trial",
    "memory_per_trial", "devices", "per_device", "partition", "time", "account", "qos",
    "constraint",
})  # fmt: skip
"""Options of `run` and keys of a study file that belong to no kind."""


def open_kind(name: str) -> Kind:
    """The kind of that name; UnknownNameError or PluginError name what is wrong."""
    kind = registry.problems.load(name)
    if fault := _checked()[1].get(name):
        raise registry.problems.error(name, fault)
    return kind


def kinds() -> tuple[Kind, ...]:
    """Every kind that can be used, the default one first; what is broken tells so when asked for.

    Nothing of torch is imported.
    """
    return _checked()[0]


def kind_names() -> list[str]:
    """The names of all that are installed, the default one first; nothing is imported."""
    default = registry.default_problem()
    return sorted(registry.problems.names(), key=lambda name: (name != default, name))


@cache
def _checked() -> tuple[tuple[Kind, ...], Mapping[str, str]]:
    """The kinds that can be used, and what is wrong with others that can be imported."""
    found: list[Kind] = []
    faults: dict[str, str] = {}
    taken: dict[str, Any] = {}
    for name in kind_names():
        try:
            kind = registry.problems.load(name)
        except HarnessError:
            continue
        if fault := _fault(kind, name, taken):
            faults[name] = fault
            continue
        taken |= {option: field.annotation for option, field in kind.Options.model_fields.items()}
        found.append(kind)
    return tuple(found), faults


def _fault(kind: Kind, name: str, taken: Mapping[str, Any]) -> str:
    """What is wrong with a kind beside those whose options are taken; empty if nothing is."""
    if fault := registry.fault_of(name, kind, Kind):
        return fault
    for option, field in kind.Options.model_fields.items():
        if option in RESERVED:
            return f"declares the option `{option}`, which every study has"
        if taken.get(option, field.annotation) != field.annotation:
            return f"declares `{option}` otherwise than another kind of problem does"
    return ""


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
