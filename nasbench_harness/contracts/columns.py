"""Columns: whoever writes one into `trials` or `history` declares what it means.

A method declares what its `step` logs (`columns`, a sequence), a space what `describe` tells
(`columns` as well), a kind of problem all that is its own (`columns`, of both tables). A space's
and a benchmark's costs and metrics are declared by the `Cost` and the `Metric` themselves, options
of a kind by their fields. The tables of a study are checked and documented by what it used. What
nobody declares is kept as it is, and a run says so at its end.

    class MySearch:
        columns = (Column("sharpness", Value.NUMBER, Role.RECORD, "largest eigenvalue", "nats"),)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar, runtime_checkable

METRIC = "<metric>"
"""The family of what a benchmark holds: which columns these are, only that can tell."""
_NAME = re.compile(rf"[A-Za-z_][\w.:-]*(<\w+>)?|{METRIC}")


class Value(StrEnum):
    """What stands in a column."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "true or false"
    LIST = "list"
    ANY = "any"


class Role(StrEnum):
    """What a column is for."""

    IDENTITY = "identity"
    SETTING = "setting"
    STATUS = "status"
    RESULT = "result"
    COST = "cost"
    RECORD = "record"


E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True)
class Column:
    """One column, or a family of them whose name ends with a part in angle brackets.

    ValueError for what is no name, value or role.
    """

    name: str
    """`valid_loss`; of a family `network_<name>`."""
    value: Value
    role: Role
    meaning: str
    """In words, without a full stop at the end."""
    unit: str = ""
    always: bool = False
    """Has every table of at least one row this column, and every row a value."""
    missing: str = ""
    """Which rows have no value there; empty: none of a table that has the column."""
    since: int = 1
    """The schema version that brought it."""

    def __post_init__(self) -> None:
        """Values and roles may be given as text."""
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ValueError(f"a column cannot be called {self.name!r}")
        object.__setattr__(self, "value", _member(self, "value", self.value, Value))
        object.__setattr__(self, "role", _member(self, "role", self.role, Role))
        if not self.meaning or "|" in self.meaning or "\n" in self.meaning:
            raise ValueError(f"column `{self.name}` must say what it means, in one line without |")

    @property
    def is_family(self) -> bool:
        """Whether it stands for several columns."""
        return "<" in self.name

    def covers(self, name: str) -> bool:
        """Is the column `name` meant, as far as its name tells."""
        stem = self.name.partition("<")[0]
        return bool(stem) and name.startswith(stem) if self.is_family else name == self.name

    def differs(self, other: Column) -> str:
        """In what another declaration of the same name cannot stand beside it; empty if it can."""
        for part in ("value", "role", "unit"):
            mine, its = getattr(self, part), getattr(other, part)
            if mine != its:
                return f"{part} `{mine}` and `{its}`"
        return ""


def _member(column: Column, part: str, given: object, known: type[E]) -> E:
    try:
        return known(given)
    except ValueError:
        raise ValueError(
            f"column `{column.name}` has the {part} {given!r}, expected one of {', '.join(known)}"
        ) from None


@dataclass(frozen=True)
class Columns:
    """What somebody writes into the two tables of a folder."""

    trials: Sequence[Column] = ()
    """One row per job."""
    history: Sequence[Column] = ()
    """One row per line of its history."""


@runtime_checkable
class Declaring(Protocol):
    """Capability of a method (or its set-up) and of a space: it says what it writes."""

    columns: Sequence[Column]
    """Of a method, what `step` logs into the history; of a space, what `describe` tells."""
