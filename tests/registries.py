"""What this process knows of installed plugins: read anew where a test has installed some."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from nasbench_harness import registry

State = list[tuple[registry.Registry[Any], dict[str, Any]]]


def install(site: Path, group: str, name: str, target: str, source: str | None = None) -> str:
    """Make `name = target` an entry point of what is in `site`; the name of its module.

    The module is written there where its source is given.
    """
    info = site / f"plugin_{name}-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: 1.5\n")
    (info / "entry_points.txt").write_text(f"[nasbench_harness.{group}]\n{name} = {target}\n")
    module = target.partition(":")[0]
    if source is not None:
        (site / f"{module}.py").write_text(source)
    return module


def _registries() -> list[registry.Registry[Any]]:
    """All but that of kinds of problem: the types of studies are made of their options."""
    found = [one for one in vars(registry).values() if isinstance(one, registry.Registry)]
    return [one for one in found if one is not registry.problems]


def state() -> State:
    """Names, plugins and origins as they are now."""
    return [(one, {**vars(one)}) for one in _registries()]


def read_anew() -> None:
    """Know as much as a process that starts now: nothing but what is installed."""
    for one in _registries():
        vars(one).pop("entries", None)
        vars(one).update(_loaded={}, _origins={})
    _forget()


def restore(before: State) -> None:
    """Know again what was known then."""
    for one, known in before:
        vars(one).clear()
        vars(one).update(known)
    _forget()


def _forget() -> None:
    """What Python knows of folders, and what plugins have made."""
    importlib.invalidate_caches()
    for made in vars(registry).values():
        if made is not registry.default_problem and hasattr(made, "cache_clear"):
            made.cache_clear()
