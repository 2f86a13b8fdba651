"""What the engine's tests share: a small study, and plugins made up on the spot."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness import config, planning
from nasbench_harness.config import StudyConfig
from nasbench_harness.trial import TrialSpec


@pytest.fixture
def configured() -> Callable[..., StudyConfig]:
    """A study as given on the command line."""

    def build(methods: Any = "random", *sets: str, **given: Any) -> StudyConfig:
        return config.build_config(None, {"methods": methods, **given}, sets)

    return build


@pytest.fixture
def planned(configured: Callable[..., StudyConfig]) -> Callable[..., list[TrialSpec]]:
    """The trials of a study as given on the command line."""

    def plan(methods: Any = "random", *sets: str, **given: Any) -> list[TrialSpec]:
        return planning.plan(configured(methods, *sets, **given))

    return plan


@pytest.fixture
def install_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """Makes `name = target` an installed entry point, with the module's source if given."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    modules = []

    def install(group: str, name: str, target: str, source: str | None = None) -> None:
        info = site / f"plugin_{name}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: 1.5\n"
        )
        (info / "entry_points.txt").write_text(f"[nasbench_harness.{group}]\n{name} = {target}\n")
        module = target.partition(":")[0]
        modules.append(module)
        if source is not None:
            (site / f"{module}.py").write_text(source)

    yield install
    for module in modules:
        sys.modules.pop(module, None)
