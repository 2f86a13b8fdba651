"""Finds plugins by entry point: methods, spaces, tables, data, kinds of problem; all alike.

Listing names imports nothing; a plugin is imported when it is asked for. What is installed when
the process starts is what there is: nothing can be registered later.
"""

from __future__ import annotations

import ast
import importlib.util
from contextlib import suppress
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from nasbench_harness.errors import HarnessError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nasbench_harness.contracts import DataSource, Kind, Searcher, SearchSpace, Setup, Table

P = TypeVar("P")
DEFAULT_SPACE = "nb201"
"""What is searched where nothing is said."""
_DATA_MEMBERS = (
    "name", "what", "tables", "holds", "origins", "licence", "size", "how", "citation",
    "is_installed", "facts", "verify",
)  # fmt: skip


class PluginError(HarnessError):
    """A registered plugin that cannot be used."""


class Registry(Generic[P]):
    """All plugins of one kind, by name."""

    def __init__(self, kind: str, group: str | None = None) -> None:
        self.kind = kind
        self.group = f"nasbench_harness.{group or f'{kind}s'}"
        self._loaded: dict[str, P] = {}
        self._origins: dict[str, str] = {}

    @cached_property
    def entries(self) -> Mapping[str, EntryPoint]:
        """Name to entry point, sorted; read once."""
        found = entry_points(group=self.group)
        return MappingProxyType({e.name: e for e in sorted(found, key=lambda e: e.name)})

    def names(self) -> list[str]:
        """Every registered name; nothing is imported."""
        return list(self.entries)

    def load(self, name: str) -> P:
        """Import the plugin; UnknownNameError or PluginError name what is wrong."""
        if name not in self.entries:
            raise UnknownNameError(self.kind, name, self.entries)
        if name not in self._loaded:
            self._loaded[name] = self._import(name)
        return self._loaded[name]

    def origin(self, name: str) -> str:
        """The distribution a plugin comes from, with its version."""
        if name not in self._origins:  # a distribution parses its metadata every time
            dist = self.entries[name].dist
            self._origins[name] = f"{dist.name} {dist.version}" if dist else "unknown"
        return self._origins[name]

    def summary(self, name: str) -> str:
        """First line of the plugin's module docstring, read from its source without importing."""
        try:
            spec = importlib.util.find_spec(self.entries[name].module)
            if spec is None or spec.origin is None:
                return f"cannot be found: there is no module {self.entries[name].module}"
            source = importlib.util.decode_source(Path(spec.origin).read_bytes())
            docstring = ast.get_docstring(ast.parse(source))
        except Exception as error:  # a broken plugin must not take the listing down
            return f"cannot be found: {error}"
        return (docstring or "").partition("\n")[0]

    def open(self, name: str) -> Any:
        """Import the plugin and call it without arguments."""
        plugin = cast("Callable[[], Any]", self.load(name))
        return self._guarded(name, plugin)

    def _import(self, name: str) -> P:
        return cast("P", self._guarded(name, self.entries[name].load))

    def _guarded(self, name: str, call: Callable[[], Any]) -> Any:
        """Whatever a plugin's code raises becomes a sentence with the plugin's name."""
        try:
            return call()
        except HarnessError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"The {self.kind} `{name}` ({self.entries[name].value}, from {self.origin(name)})"
                f" cannot be loaded: {type(error).__name__}: {error}."
            ) from error


methods: Registry[type[Searcher]] = Registry("method")
setups: Registry[type[Setup]] = Registry("setup")
spaces: Registry[Any] = Registry("space")
tables: Registry[Any] = Registry("table")
data: Registry[Any] = Registry("benchmark", "data")
problems: Registry[Kind] = Registry("problem")


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
    """The search space of that name."""
    space: SearchSpace = spaces.open(name)
    return space


@cache
def open_table(name: str) -> Table:
    """The tabular benchmark of that name, opened once per process."""
    table: Table = tables.open(name)
    return table


@cache
def open_data(name: str) -> DataSource:
    """The benchmark's files or the set of images of that name.

    PluginError if it is called otherwise than its entry point or lacks a member.
    """
    source: DataSource = data.open(name)
    lacking = [member for member in _DATA_MEMBERS if not hasattr(source, member)]
    if lacking or source.name != name:
        wrong = f"lacks {', '.join(lacking)}" if lacking else f"calls itself `{source.name}`"
        raise PluginError(
            f"The benchmark `{name}` ({data.entries[name].value}, from {data.origin(name)})"
            f" {wrong}; see `nasbench_harness.contracts.DataSource`."
        )
    return source


def data_of(table: str) -> DataSource | None:
    """What brings a table; None where its package says nothing of its files."""
    for name in data.names():
        with suppress(PluginError):  # somebody else's fault is told where it is asked for
            if table in open_data(name).tables:
                return open_data(name)
    return None
