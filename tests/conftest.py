"""What every test may lean on: the checkout, the plugins, a cache of its own, reference data."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from . import registries
from .commands import SITE, nasharness, usual_environment  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from nasbench_harness.contracts import CompleteTable
    from nasbench_harness.spaces.nb201 import NB201
    from nasbench_harness.study.config import StudyConfig
    from nasbench_harness.study.spec import TrialSpec
    from nasbench_harness.tables.columns import ColumnTable

# The same examples on every run, and no deadline: a busy machine is no bug.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# A job in the background of a shell has Ctrl-C switched off, and so have all its children.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# One thread a process: on tensors this small a second one only waits, and where every core has a
# test of its own they spin against each other (tests take nine times as long on a busy machine).
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How wide the caller's terminal is concerns no command in a pipe: readline, which pytest loads,
# writes it into the environment of C, where children find it.
os.environ.pop("COLUMNS", None)
os.unsetenv("COLUMNS")

CHECKOUT = Path(__file__).resolve().parent.parent

LONGEST = {"test_mlflow.py"}
"""Files whose fixture takes longest: at the beginning no second worker needs one as well."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that no worker waits for it in the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session", autouse=True)
def table_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where this session keeps converted tables: tests never touch the user's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASHARNESS_CACHE", str(folder))
        patch.setenv("NASHARNESS_DATA", str(tmp_path_factory.mktemp("data")))
        yield folder


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder with `pyproject.toml`, `nasbench_harness/`, `methods/`, ..."""
    return CHECKOUT


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Public measurements kept beside the project; NASHARNESS_REFERENCE_DATA names their folder."""
    default = CHECKOUT.parent / "shared" / "data"
    folder = Path(os.environ.get("NASHARNESS_REFERENCE_DATA") or default)
    if not (folder / "nb201" / "facts.json").is_file():
        pytest.skip(f"no reference data in {folder} (set NASHARNESS_REFERENCE_DATA)")
    return folder


@pytest.fixture(scope="session")
def facts(reference_data: Path) -> dict[str, Any]:
    """Published and derived facts about the NAS-Bench-201 tables."""
    content: dict[str, Any] = json.loads((reference_data / "nb201" / "facts.json").read_text())
    return content


@pytest.fixture(scope="session")
def space() -> NB201:
    """The NAS-Bench-201 space."""
    from nasbench_harness.spaces.nb201 import NB201

    return NB201()


@pytest.fixture(scope="session")
def table() -> CompleteTable:
    """The embedded table."""
    from nasbench_harness import registry

    return registry.open_table("analog")


@pytest.fixture(scope="session")
def installed_official(
    reference_data: Path, table_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data folder with the official table, pulled from the files beside the project."""
    from nasbench_harness.spaces.nb201.tables.pull import pull

    folder = tmp_path_factory.mktemp("installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASHARNESS_DATA", str(folder))
        pull(origin=reference_data / "nb201" / "upstream")
    return folder


@pytest.fixture
def official(installed_official: Path, monkeypatch: pytest.MonkeyPatch) -> ColumnTable:
    """The official table, installed as for a user."""
    from nasbench_harness.spaces.nb201.tables import open_official

    monkeypatch.setenv("NASHARNESS_DATA", str(installed_official))
    return open_official()


@pytest.fixture
def configured() -> Callable[..., StudyConfig]:
    """A study as given on the command line."""

    def build(methods: Any = "random", *sets: str, **given: Any) -> StudyConfig:
        from nasbench_harness.study import config

        return config.build_config(None, {"methods": methods, **given}, sets)

    return build


@pytest.fixture
def planned(configured: Callable[..., StudyConfig]) -> Callable[..., list[TrialSpec]]:
    """The trials of a study as given on the command line."""

    def plan(methods: Any = "random", *sets: str, **given: Any) -> list[TrialSpec]:
        from nasbench_harness.study import planning

        return planning.plan(configured(methods, *sets, **given))

    return plan


@pytest.fixture
def install_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """Makes `name = target` an installed entry point, with the module's source if given.

    This process then finds it as one that starts now would, and so do workers, which have its
    `sys.path`; but for kinds of problem, whose options the types of studies are made of at import.
    """
    site = tmp_path / SITE
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    modules = []
    before = registries.state()

    def install(group: str, name: str, target: str, source: str | None = None) -> None:
        module = registries.install(site, group, name, target, source)
        if module not in sys.modules:  # `builtins` stays
            modules.append(module)
        registries.read_anew()

    yield install
    for module in modules:
        sys.modules.pop(module, None)
    registries.restore(before)


@pytest.fixture(scope="session")
def made_up_accel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a benchmark of predictions, fitted to made-up measurements."""
    from nasbench_harness.spaces.mnasnet.tables import accel_file
    from nasbench_harness.spaces.mnasnet.tables.archive import read_archive
    from nasbench_harness.spaces.mnasnet.tables.fitting import build

    from .spaces.accel_made_up import made_up_archive

    folder = tmp_path_factory.mktemp("accel")
    made_up_archive(folder / "archive.tar.gz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NASHARNESS_DATA", str(folder))
        build(read_archive(folder / "archive.tar.gz"), accel_file())
    return folder


@pytest.fixture
def two_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second cost of the toy space: how many of its decisions are not at option 0."""
    from nasbench_harness.contracts import Architecture, Cost
    from nasbench_harness.testing import ToySpace

    own = ToySpace.cost
    used = Cost("used", "decisions that are not at option 0", "count")

    def cost(self: ToySpace, arch: Architecture, what: str, dataset: str) -> float:
        if what == used.name:
            return float(sum(choice > 0 for choice in arch.choices))
        return own(self, arch, what, dataset)

    monkeypatch.setattr(ToySpace, "costs", (*ToySpace.costs, used))
    monkeypatch.setattr(ToySpace, "cost", cost)
