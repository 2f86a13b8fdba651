"""Plugins by entry point: lazy, frozen, and never taken down by one of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Benchmark, DataSource, Searcher, SearchSpace, Setup
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.registry import PluginError, Registry, members_of

BROKEN = '"""A method that cannot be loaded."""\nimport no_such_module_anywhere\n'


MADE: dict[str, Callable[[], Registry[Any]]] = {
    "methods": lambda: Registry("method", loaded=Searcher),
    "setups": lambda: Registry("setup", loaded=Setup),
    "spaces": lambda: Registry("space", opened=SearchSpace),
    "tables": lambda: Registry("table", opened=Benchmark),
    "data": lambda: Registry("benchmark", "data", opened=DataSource),
}


def anew(group: str) -> Registry[Any]:
    """A registry of the engine as a process that starts now would see it."""
    made, ours = MADE[group](), getattr(registry, group)
    assert (made.kind, made.group, made.contracts) == (ours.kind, ours.group, ours.contracts)
    return made


@pytest.fixture
def with_broken(install_plugin: Callable[..., None]) -> Registry[Any]:
    """All methods and one whose import fails."""
    install_plugin("methods", "broken", "broken_plugin:Method", BROKEN)
    return Registry("method")


# --- names -------------------------------------------------------------------------------------


def test_built_in_methods_come_in_by_entry_points() -> None:
    assert {"darts", "drnas", "edas", "random", "rea", "unas"} <= set(registry.methods.names())


def test_names_are_sorted() -> None:
    assert registry.methods.names() == sorted(registry.methods.names())


def test_listing_imports_nothing_heavy_and_no_plugin() -> None:
    code = (
        "import sys; from nasbench_harness import registry as r;"
        "[p.origin(n) + p.summary(n) for p in (r.methods, r.spaces, r.tables) for n in p.names()];"
        "heavy = ('torch', 'numpy', 'pandas', 'matplotlib', 'scipy', 'pydantic', 'analognasbench',"
        " 'nasbench_harness.methods.darts', 'nasbench_harness.spaces.shared.cell_drawing');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_plugin_of_another_package_is_found(install_plugin: Callable[..., None]) -> None:
    install_plugin("methods", "mine", "my_plugin:Method", "class Method: ...\n")
    plugins: Registry[Any] = Registry("method")
    assert plugins.load("mine").__module__ == "my_plugin"


def test_origin_names_the_distribution(install_plugin: Callable[..., None]) -> None:
    install_plugin("methods", "mine", "my_plugin:Method", "class Method: ...\n")
    assert Registry("method").origin("mine") == "plugin-mine 1.5"


def test_loading_twice_gives_the_same_plugin() -> None:
    assert registry.spaces.load("nb201") is registry.spaces.load("nb201")


def test_opened_space_is_kept() -> None:
    assert registry.open_space("nb201") is registry.open_space("nb201")


def test_opened_table_is_kept() -> None:
    assert registry.open_table("analog") is registry.open_table("analog")


# --- frozen ------------------------------------------------------------------------------------


def test_nothing_can_be_added() -> None:
    with pytest.raises(TypeError):
        registry.methods.entries["mine"] = None  # type: ignore[index]


def test_nothing_can_be_taken_away() -> None:
    with pytest.raises(TypeError):
        del registry.methods.entries["darts"]  # type: ignore[attr-defined]


def test_what_is_installed_later_does_not_appear(install_plugin: Callable[..., None]) -> None:
    plugins: Registry[Any] = Registry("method")
    before = plugins.names()
    install_plugin("methods", "late", "late_plugin:Method", "class Method: ...\n")
    assert plugins.names() == before


# --- wrong names -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "right"), [("drnass", "drnas"), ("UNAS", "unas"), ("dart", "darts")]
)
def test_unknown_method_gets_the_nearest_name(wrong: str, right: str) -> None:
    with pytest.raises(
        UnknownNameError, match=f"no method called `{wrong}`. Did you mean `{right}`"
    ):
        registry.methods.load(wrong)


def test_unknown_space_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match=r"no space called `qqq`.*nb201"):
        registry.open_space("qqq")


def test_unknown_table_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `analog`"):
        registry.open_table("analogue")


# --- broken plugins ----------------------------------------------------------------------------


def test_broken_plugin_is_reported_by_name_and_origin(with_broken: Registry[Any]) -> None:
    with pytest.raises(PluginError) as caught:
        with_broken.load("broken")
    message = str(caught.value)
    assert "The method `broken` (broken_plugin:Method, from plugin-broken 1.5)" in message
    assert "ModuleNotFoundError: No module named 'no_such_module_anywhere'" in message


def test_broken_plugin_is_listed(with_broken: Registry[Any]) -> None:
    assert {"broken", "darts"} <= set(with_broken.names())


def test_broken_plugin_does_not_take_the_others_down(with_broken: Registry[Any]) -> None:
    with pytest.raises(PluginError):
        with_broken.load("broken")
    assert with_broken.load("random").__name__ == "RandomSearch"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (None, "ModuleNotFoundError"),
        ("class Other: ...\n", "AttributeError"),
        ("def (\n", "SyntaxError"),
        ("1 / 0\n", "ZeroDivisionError"),
    ],
    ids=["no module", "no such class", "no Python", "error"],
)
def test_any_fault_of_an_import_is_a_sentence(
    install_plugin: Callable[..., None], source: str | None, why: str
) -> None:
    install_plugin("methods", "faulty", "faulty_plugin:Method", source)
    with pytest.raises(PluginError, match=rf"The method `faulty` .* cannot be loaded: {why}"):
        Registry("method").load("faulty")


def test_space_that_cannot_be_opened_is_reported_by_name(
    install_plugin: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "class Space:\n    def __init__(self): raise OSError('no licence')\n"
    install_plugin("spaces", "closed", "closed_plugin:Space", source)
    monkeypatch.setattr(registry, "spaces", Registry("space"))
    with pytest.raises(PluginError, match=r"`closed`.*no licence"):
        registry.open_space("closed")


def test_plugin_that_exits_is_reported_by_name(install_plugin: Callable[..., None]) -> None:
    install_plugin("methods", "leaving", "leaving_plugin:Method", "raise SystemExit('no GPU')\n")
    with pytest.raises(PluginError, match=r"`leaving`.*no GPU"):
        Registry("method").load("leaving")


# --- plugins that do not keep the contract -----------------------------------------------------

SPACE = """
from nasbench_harness.testing import ToySpace

class Mine(ToySpace):
    def __init__(self):
        super().__init__()
        self.name = "mine"

class Stranger(Mine):
    def __init__(self):
        super().__init__()
        self.name = "yours"

class Half:
    name, version, decisions, costs = "mine", "1", (), ()
    def parse(self, text): ...
    def sample(self, generator): ...
    def neighbours(self, arch): ...
    def derive(self, scores): ...

class Dear(Mine):
    @property
    def mask(self):
        raise AssertionError("whoever opens a space need not compute with it")
"""
TABLE = """
from nasbench_harness.testing import ToyTable

class Mine(ToyTable):
    name = "mine"

class Stranger(ToyTable):
    name = "yours"

class Half:
    name = "mine"
"""
METHOD = """
class Half:
    Settings, recipes, version, queries = object, {}, "1", False
    def step(self): ...
    def scores(self): ...
"""
CONTRACTS = "nasbench_harness.contracts"


@pytest.mark.parametrize(
    ("group", "source", "target", "fault"),
    [
        ("spaces", SPACE, "Stranger", "calls itself `yours`; its entry point and its `name` must"),
        ("tables", TABLE, "Stranger", "calls itself `yours`; its entry point and its `name` must"),
        ("spaces", SPACE, "Half",
         f"lacks mask, mutate, weights, cost, describe, draw; see `{CONTRACTS}.SearchSpace`."),
        ("tables", TABLE, "Half", "lacks space, version, content_hash, metrics, caveat, value"),
        ("methods", METHOD, "Half",
         "lacks requires, architecture, state_dict, load_state_dict; see"
         f" `{CONTRACTS}.Searcher`."),
        ("setups", METHOD, "object", "lacks Settings, recipes, version"),
        ("data", "", "object", f"lacks name, what, tables, holds, origins, licence, size, how,"
         f" citation, is_installed, facts, verify; see `{CONTRACTS}.DataSource`."),
    ],
    ids=lambda value: value if len(value) < 10 else "",
)  # fmt: skip
def test_plugin_that_does_not_keep_the_contract_is_refused_in_a_sentence(
    install_plugin: Callable[..., None], group: str, source: str, target: str, fault: str
) -> None:
    module = "builtins" if target == "object" else "my_plugin"
    install_plugin(group, "mine", f"{module}:{target}", source if module == "my_plugin" else None)
    plugins = anew(group)
    kind = plugins.kind
    with pytest.raises(PluginError) as caught:
        plugins.open("mine")
    start = f"The {kind} `mine` ({module}:{target}, from plugin-mine 1.5) {fault}"
    assert str(caught.value).startswith(start)
    assert str(caught.value).count(".\n") == 0


@pytest.mark.parametrize(
    ("group", "source", "target"),
    [("spaces", SPACE, "Mine"), ("tables", TABLE, "Mine"), ("spaces", SPACE, "Dear")],
)
def test_plugin_that_keeps_the_contract_is_opened(
    install_plugin: Callable[..., None], group: str, source: str, target: str
) -> None:
    install_plugin(group, "mine", f"my_plugin:{target}", source)
    assert anew(group).open("mine").name == "mine"


def test_a_wrong_plugin_does_not_take_the_others_down(install_plugin: Callable[..., None]) -> None:
    install_plugin("spaces", "mine", "my_plugin:Half", SPACE)
    plugins = anew("spaces")
    assert {"mine", "nb201"} <= set(plugins.names())
    assert plugins.summary("mine") == ""
    assert plugins.open("nb201").name == "nb201"


def test_members_of_a_contract_are_told_in_its_order() -> None:
    asked = members_of(Searcher)
    assert asked[:5] == ["Settings", "recipes", "version", "queries", "requires"]
    assert asked[-2:] == ["state_dict", "load_state_dict"]


# --- what is searched where nothing is said ----------------------------------------------------


@pytest.fixture
def fresh_default(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The default as a process that starts now would find it."""
    monkeypatch.setattr(registry, "spaces", anew("spaces"))
    defaults = (registry.default_space, registry.default_problem, registry.installed)
    for default in defaults:
        default.cache_clear()
    yield
    for default in defaults:
        default.cache_clear()


def declare(site: Path, distribution: str, space: str) -> None:
    info = site / f"{distribution.replace('-', '_')}-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text(f"[nasbench_harness.defaults]\nspace = {space}\n")


def test_the_package_of_the_engine_declares_the_default_kind_of_problem(
    fresh_default: None,
) -> None:
    (declared,) = entry_points(group="nasbench_harness.defaults", name="problem")
    assert registry.default_problem() == declared.value


def test_the_package_of_the_engine_declares_the_default_space() -> None:
    assert registry.default_space() == "nb201"
    assert registry.default_space() in registry.spaces.names()


def test_another_package_cannot_change_what_is_searched_by_default(
    tmp_path: Path, install_plugin: Callable[..., None], fresh_default: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    install_plugin("spaces", "aaa", "my_plugin:Mine", SPACE)
    declare(tmp_path / "site", "a-package", "aaa")
    monkeypatch.setattr(registry, "spaces", anew("spaces"))
    assert "aaa" in registry.spaces.names()
    assert registry.default_space() == "nb201"


def test_default_is_the_first_space_where_none_is_declared(
    fresh_default: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "installed", lambda: lambda **asked: [])
    monkeypatch.setattr(registry, "spaces", Registry("space"))
    assert registry.default_space() == ""
    monkeypatch.undo()


# --- summaries ---------------------------------------------------------------------------------


def test_summary_is_the_first_line_of_the_docstring() -> None:
    assert registry.methods.summary("darts").startswith("DARTS: Differentiable Architecture Search")


def test_summary_is_read_without_importing(with_broken: Registry[Any]) -> None:
    assert with_broken.summary("broken") == "A method that cannot be loaded."
    assert "broken_plugin" not in sys.modules


def test_summary_of_an_undocumented_plugin_is_empty(install_plugin: Callable[..., None]) -> None:
    install_plugin("methods", "mute", "mute_plugin:Method", "class Method: ...\n")
    assert Registry("method").summary("mute") == ""


@pytest.mark.parametrize("source", [None, "def (\n"], ids=["no module", "no Python"])
def test_summary_of_a_broken_plugin_says_so(
    install_plugin: Callable[..., None], source: str | None
) -> None:
    install_plugin("methods", "faulty", "faulty_plugin:Method", source)
    assert "cannot be" in Registry("method").summary("faulty")


# --- set-ups -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", registry.methods.names())
def test_setup_says_what_the_method_says(name: str) -> None:
    setup, method = registry.open_setup(name), registry.methods.load(name)
    for member in ("Settings", "recipes", "version"):
        assert getattr(setup, member) is getattr(method, member)


def test_setups_of_the_built_in_methods_import_no_torch() -> None:
    code = (
        "import sys; from nasbench_harness import registry as r;"
        "[r.open_setup(n) for n in ('darts', 'drnas', 'edas', 'random', 'rea', 'unas')];"
        "print([name for name in ('torch', 'numpy', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def fresh_setups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry as a process that starts now would see it."""
    monkeypatch.setattr(registry, "methods", Registry("method"))
    monkeypatch.setattr(registry, "setups", Registry("setup"))


def test_method_without_a_setup_is_its_own(
    install_plugin: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    install_plugin("methods", "mine", "my_plugin:Method", "class Method: ...\n")
    fresh_setups(monkeypatch)
    assert registry.open_setup("mine") is registry.methods.load("mine")


def test_setup_from_elsewhere_is_not_taken(
    install_plugin: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's plugin cannot change what a method of ours says of itself."""
    install_plugin("setups", "unas", "other_setup:Setup", "class Setup: ...\n")
    fresh_setups(monkeypatch)
    assert registry.open_setup("unas").__module__ != "other_setup"


def test_unknown_method_has_no_setup() -> None:
    with pytest.raises(UnknownNameError, match="no method called `unsa`"):
        registry.open_setup("unsa")
