"""Do methods and spaces declare the columns that they write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from nasbench_harness.contracts import Architecture, Column, SearchSpace
from nasbench_harness.problems.kinds import kinds
from nasbench_harness.store.declarations import fault_of, logged_by, told_by
from nasbench_harness.store.schema import Part


def check_logged(method: type[Any], names: Collection[str]) -> None:
    """A method declares what its steps log, and nothing that cannot be.

    What the problem's `fit` gives is declared by its kind.
    """
    part = Part(f"the method `{method.__name__}`", logged_by(method))
    fitted = [column for kind in kinds() for column in kind.columns.history]
    _check(part, "history", names, fitted)


def check_told(space: SearchSpace, drawn: Sequence[Architecture]) -> None:
    """A space declares what `describe` tells, and nothing that cannot be."""
    part = Part(f"the space `{space.name}`", told_by(space))
    _check(part, "trials", {name for arch in drawn for name in space.describe(arch)})


def _check(part: Part, table: str, names: Collection[str], more: Iterable[Column] = ()) -> None:
    fault = fault_of(part)
    assert not fault, fault
    known = (*part.of(table), *more)
    left = sorted(name for name in names if not any(column.covers(name) for column in known))
    assert not left, (
        f"{part.writer} writes {', '.join(f'`{name}`' for name in left)} into {table} and declares"
        " no such column: its `columns` need a `nasbench_harness.contracts.Column` of each"
    )
