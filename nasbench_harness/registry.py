"""Finds plugins by entry point: methods, spaces, tables, data, problems, recipes, suites, proxies.

Listing names imports nothing; a plugin is imported when it is asked for. What is installed when
the process starts is what there is: nothing can be registered later.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
from contextlib import suppress
from functools import cache, cached_property
from importlib.metadata import Distribution, EntryPoint, EntryPoints, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from nasbench_harness.contracts import (
    Benchmark,
    CompleteTable,
    DataSource,
    Kind,
    Proxy,
    Searcher,
    SearchSpace,
    Setup,
    Suite,
)
from nasbench_harness.errors import HarnessError, UnknownNameError, reason
from nasbench_harness.fields.parameters import base_of, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

P = TypeVar("P")
T = TypeVar("T")
DISTRIBUTION = "nasbench-harness"
"""The package of the engine."""
_MISSING = object()


@cache
def installed() -> Callable[..., EntryPoints]:
    """What tells the entry points of a `group`; to find any, every package is looked at, once."""
    return entry_points().select


@cache
def _told(dist: Distribution) -> tuple[str, str]:
    """Its name and version; a distribution parses all of its metadata every time it is asked."""
    return dist.name, dist.version


class PluginError(HarnessError):
    """A registered plugin that cannot be used."""


class Registry(Generic[P]):
    """All plugins of one kind, by name.

    Where a contract is named, plugins that lack a member of it are refused, and those that call
    themselves otherwise than their entry point: `loaded` is that of what an entry point names,
    `opened` that of what it makes.
    """

    def __init__(
        self,
        kind: str,
        group: str | None = None,
        *,
        loaded: type | None = None,
        opened: type | None = None,
    ) -> None:
        self.kind = kind
        self.group = f"nasbench_harness.{group or f'{kind}s'}"
        self.contracts = loaded, opened
        self._loaded: dict[str, P] = {}
        self._origins: dict[str, str] = {}

    @cached_property
    def entries(self) -> Mapping[str, EntryPoint]:
        """Name to entry point, sorted; read once."""
        found = installed()(group=self.group)
        return MappingProxyType({e.name: e for e in sorted(found, key=lambda e: e.name)})

    def names(self) -> list[str]:
        """Every registered name; nothing is imported."""
        return list(self.entries)

    def built_in(self) -> list[str]:
        """Those of the engine's own package; nothing is imported."""
        owners = {name: entry.dist for name, entry in self.entries.items()}
        return [name for name, dist in owners.items() if dist and _told(dist)[0] == DISTRIBUTION]

    def load(self, name: str) -> P:
        """Import the plugin, by itself or as `NAME[parameter=value]`.

        UnknownNameError or PluginError name what is wrong.
        """
        name = base_of(name)
        if name not in self.entries:
            raise UnknownNameError(self.kind, name, self.entries)
        if name not in self._loaded:
            self._loaded[name] = self._import(name)
        return self._loaded[name]

    def origin(self, name: str) -> str:
        """The distribution a plugin comes from, with its version."""
        name = base_of(name)
        if name not in self._origins:
            dist = self.entries[name].dist
            self._origins[name] = " ".join(_told(dist)) if dist else "unknown"
        return self._origins[name]

    def summary(self, name: str) -> str:
        """First line of the plugin's module docstring, read from its source without importing."""
        try:
            docstring = ast.get_docstring(self._source(name))
        except Exception as error:  # a broken plugin must not take the listing down
            return f"cannot be found: {reason(error)}"
        return (docstring or "").partition("\n")[0]

    def docstring(self, name: str) -> str:
        """That of the class or function that the entry point names, read in the same way."""
        with suppress(Exception):  # as above; `summary` tells
            for node in ast.walk(self._source(name)):
                if getattr(node, "name", None) == self.entries[base_of(name)].attr:
                    return ast.get_docstring(cast("ast.ClassDef", node)) or ""
        return ""

    def _source(self, name: str) -> ast.Module:
        """The module of an entry point, which is not imported."""
        module = self.entries[base_of(name)].module
        spec = importlib.util.find_spec(module)
        if spec is None or spec.origin is None:
            raise PluginError(f"there is no module {module}")
        return ast.parse(importlib.util.decode_source(Path(spec.origin).read_bytes()))

    def open(self, name: str) -> Any:
        """Import the plugin and call it with its parameters, if any; errors as those of `load`.

        ParameterError where it has no such parameter, or the parameter no such value.
        """
        plugin = cast("Callable[..., Any]", self.load(name))
        called, given = canonical(self.kind, name, getattr(plugin, "parameters", {}))
        opened = self._guarded(called, lambda: plugin(**given))
        self._check(called, opened, self.contracts[1])
        return opened

    def error(self, name: str, fault: str) -> PluginError:
        """The sentence about a plugin that is there; `fault` is its predicate."""
        entry, where = self.entries.get(base_of(name)), ""
        if entry is not None:
            where = f" ({entry.value}, from {self.origin(name)})"
        return PluginError(f"The {self.kind} `{name}`{where} {fault}.")

    def asked(self, name: str, member: str, call: Callable[[], T]) -> T:
        """What a plugin says when its `member` is asked; whatever it raises names both."""
        try:
            return call()
        except HarnessError:
            raise
        except Exception as error:
            told = f"fails in its `{member}`: {type(error).__name__}: {reason(error).rstrip('.')}"
            raise self.error(name, told) from error

    def _import(self, name: str) -> P:
        plugin = self._guarded(name, self.entries[name].load)
        self._check(name, plugin, self.contracts[0])
        return cast("P", plugin)

    def _check(self, name: str, plugin: Any, contract: type | None) -> None:
        """Members may be properties, which raise what they like."""
        if contract is None:
            return
        if fault := self._guarded(name, lambda: fault_of(name, plugin, contract)):
            raise self.error(name, fault)

    def _guarded(self, name: str, call: Callable[[], Any]) -> Any:
        """Whatever a plugin's code raises becomes a sentence with the plugin's name."""
        try:
            return call()
        except HarnessError:
            raise
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}"
            raise self.error(name, f"cannot be loaded: {reason}") from error


def fault_of(name: str, plugin: Any, contract: type) -> str:
    """What is wrong with the plugin of that entry point, as a predicate; empty if nothing is."""
    if missing := lacking(plugin, contract):
        return f"lacks {', '.join(missing)}; see `nasbench_harness.contracts.{contract.__name__}`"
    return _misnamed(name, plugin) if "name" in members_of(contract) else ""


def _misnamed(name: str, plugin: Any) -> str:
    if plugin.name == name:
        return ""
    return f"calls itself `{plugin.name}`; its entry point and its `name` must be the same"


def lacking(plugin: Any, contract: type) -> list[str]:
    """The members of a contract that are not there."""
    return [member for member in members_of(contract) if not _has(plugin, member)]


def members_of(contract: type) -> list[str]:
    """What a protocol asks for, in its order, after those that it derives from."""
    asked = [base for base in reversed(contract.__mro__) if getattr(base, "_is_protocol", False)]
    members = (name for base in asked for name in (*inspect.get_annotations(base), *vars(base)))
    return [name for name in dict.fromkeys(members) if not name.startswith("_")]


def _has(plugin: Any, member: str) -> bool:
    """Is the member there; a property is not computed, for it may be dear."""
    there = inspect.getattr_static(plugin, member, _MISSING) is not _MISSING
    return there or hasattr(plugin, member)


methods: Registry[type[Searcher]] = Registry("method", loaded=Searcher)
setups: Registry[type[Setup]] = Registry("setup", loaded=Setup)
spaces: Registry[Any] = Registry("space", opened=SearchSpace)
tables: Registry[Any] = Registry("table", opened=Benchmark)
data: Registry[Any] = Registry("benchmark", "data", opened=DataSource)
problems: Registry[Kind] = Registry("problem")
recipes: Registry[Any] = Registry("recipe")
"""Packages with files of recipes; they are read, and not imported."""
suites: Registry[Any] = Registry("suite")
proxies: Registry[Any] = Registry("proxy", "proxies")


@cache
def default_space() -> str:
    """What is searched where nothing is said; empty where no space is installed."""
    return _default(spaces)


@cache
def default_problem() -> str:
    """The kind of problem of a study that says none; empty where none is installed."""
    return _default(problems)


def _default(registry: Registry[Any]) -> str:
    """The plugin that stands for all of its kind where nothing is said.

    An entry point in the group `nasbench_harness.defaults` has the kind for a name and the plugin's
    name for a value. More than one: the package of the engine has the last word. None: the first
    plugin by name.
    """
    declared = {
        entry.value: entry.dist is not None and _told(entry.dist)[0] == DISTRIBUTION
        for entry in installed()(group="nasbench_harness.defaults", name=registry.kind)
        if entry.value in registry.entries
    }
    names = sorted(declared, key=lambda name: (not declared[name], name)) or registry.names()
    return names[0] if names else ""


def open_setup(method: str, *members: str) -> type[Setup]:
    """Settings, recipes and version of a method, without what it computes with where it can be.

    With `members` that a set-up may have: the method itself, where its set-up lacks one of them. A
    set-up that another distribution brought under the same name is not this method's.
    """
    own = method in methods.entries and method in setups.entries
    if own and setups.origin(method) == methods.origin(method):
        setup = setups.load(method)
        if all(hasattr(setup, member) for member in members):
            return setup
    return methods.load(method)


@cache
def open_space(name: str) -> SearchSpace:
    """The search space of that name, or a variant of it: `NAME[parameter=value]`."""
    space: SearchSpace = spaces.open(name)
    return space


def canonical_space(name: str) -> str:
    """The one name of a variant, however it is written; what is none stays as it is."""
    if base_of(name) == name:
        return name
    with suppress(HarnessError):  # told where it is opened
        return open_space(name).name
    return name


@cache
def open_table(name: str) -> Benchmark:
    """The benchmark of that name, opened once per process."""
    table: Benchmark = tables.open(name)
    return table


def open_complete(name: str) -> CompleteTable:
    """The same where it knows every architecture of its space; HarnessError where it does not."""
    from nasbench_harness.contracts import CompleteTable

    table = open_table(name)
    if not isinstance(table, CompleteTable):
        raise HarnessError(
            f"The benchmark `{name}` has numbers of some architectures of `{table.space}` only, so"
            " that it has no columns, no best and no ranks; `value` and `lookup` answer for single"
            " architectures."
        )
    return table


@cache
def open_data(name: str) -> DataSource:
    """The benchmark's files or the set of images of that name."""
    source: DataSource = data.open(name)
    return source


@cache
def open_suite(name: str) -> Suite:
    """The suite of that name; PluginError where what its entry point calls gives no such."""
    return _made(suites, name, suites.open(name), Suite, "gives")


def open_proxy(name: str) -> Proxy:
    """The zero-cost proxy of that name; PluginError where its entry point names no `Proxy`."""
    if (plain := base_of(name)) != name:
        raise HarnessError(f"`{name}` is no proxy: proxies have no parameters; write `{plain}`.")
    return _made(proxies, name, proxies.load(name), Proxy, "is")


def _made(registry: Registry[Any], name: str, plugin: Any, kind: type[T], verb: str) -> T:
    """The plugin where it is of a class of the contracts and has its name; PluginError says not."""
    if not isinstance(plugin, kind):
        raise registry.error(name, f"{verb} no `nasbench_harness.contracts.{kind.__name__}`")
    if fault := _misnamed(name, plugin):
        raise registry.error(name, fault)
    return plugin


def data_of(table: str) -> DataSource | None:
    """What brings a table; None where its package says nothing of its files."""
    for name in data.names():
        with suppress(PluginError):  # somebody else's fault is told where it is asked for
            if table in open_data(name).tables:
                return open_data(name)
    return None
