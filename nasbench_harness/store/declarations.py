"""Who declares what: the columns of methods, spaces, costs, benchmarks and kinds of problem.

What is not installed declares nothing; its columns stay in the tables all the same. Who imports
much is asked last, and only where a column is left that nobody else has declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.contracts import Column, Columns, Cost, Kind, Role, Value
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.base import PlainKind
from nasbench_harness.problems.kinds import kinds, open_kind
from nasbench_harness.store.schema import STUDIES, STUDY_PARTS, TABLES, UNDONE, Part, Schema

if TYPE_CHECKING:
    import pyarrow as pa

    from nasbench_harness.study.spec import TrialSpec


# --- each writer -------------------------------------------------------------------------------


def of_kind(name: str) -> Part:
    """What a kind of problem writes; its options where it tells them as they are."""
    kind = open_kind(name)
    columns = kind.columns
    if type(kind).identity is PlainKind.identity:
        declared = {column.name for part in STUDY_PARTS for column in part.of("trials")}
        declared |= {column.name for column in columns.trials}
        options = [option for option in _options(kind) if option.name not in declared]
        columns = Columns((*columns.trials, *options), columns.history)
    return Part(f"the kind of problem `{name}`", columns)


def _options(kind: Kind) -> Iterator[Column]:
    for name, field in kind.Options.model_fields.items():
        meaning = " ".join((field.description or f"option `--{name}`").replace("|", "/").split())
        missing = "where it was left open" if field.default is None else ""
        yield Column(name, Value.ANY, Role.SETTING, meaning.rstrip("."), missing=missing)


def of_space(name: str) -> Part:
    """What a space tells of an answer, and its costs."""
    space = registry.open_space(name)
    costs = tuple(_of_cost(cost) for cost in space.costs if isinstance(cost, Cost))
    return Part(f"the space `{name}`", Columns(trials=(*_declared(space), *costs)))


def _of_cost(cost: Cost) -> Column:
    value = Value.WHOLE if cost.unit == "count" else Value.NUMBER
    return Column(cost.name, value, Role.RESULT, cost.meaning, cost.unit, missing=UNDONE)


def of_method(name: str) -> Part:
    """What the step of a method logs."""
    setup = registry.open_setup(name, "columns")
    return Part(f"the method `{name}`", Columns(history=_declared(setup)))


def _declared(writer: Any) -> tuple[Column, ...]:
    return tuple(getattr(writer, "columns", ()))


def _installed(ask: Callable[[str], Part], names: Iterable[str]) -> Iterator[Part]:
    """Those of the names that can be asked; what is wrong with others is told where it is used."""
    for name in names:
        with suppress(HarnessError, TypeError, ValueError, AttributeError):
            yield ask(name)


def installed() -> dict[str, list[Part]]:
    """All that is installed, by what it is: `kinds`, `spaces`, `methods`."""
    return {
        "kinds": list(_installed(of_kind, [kind.name for kind in kinds()])),
        "spaces": list(_installed(of_space, registry.spaces.names())),
        "methods": list(_installed(of_method, registry.methods.names())),
    }


# --- the schema of tables ----------------------------------------------------------------------


def study_schema(trials: pa.Table, history: pa.Table) -> Schema:
    """What the tables of one or more studies are to be, by all that was used in them."""
    metrics = [*_used(trials, "report_metric"), *_used(trials, "search_metric")]
    schema = replace(STUDIES, metrics=frozenset(metrics))
    schema = schema.with_parts(_installed(of_kind, _used(trials, "problem")))
    schema = with_spaces(schema, trials, history)
    if not _is_complete(schema, trials, history):
        schema = schema.with_parts(_installed(of_method, _used(trials, "method_name")))
    if not _is_complete(schema, trials, history):
        held = [metric for name in _used(trials, "table") for metric in _metrics(name)]
        schema = replace(schema, metrics=schema.metrics.union(held))
    return schema


def with_spaces(schema: Schema, trials: pa.Table, history: pa.Table) -> Schema:
    """With what the spaces of the tables tell."""
    if _is_complete(schema, trials, history):
        return schema
    return schema.with_parts(_installed(of_space, _used(trials, "space")))


def _is_complete(schema: Schema, trials: pa.Table, history: pa.Table) -> bool:
    tables = zip(TABLES, (trials, history), strict=True)
    return not any(schema.undeclared(name, table.column_names) for name, table in tables)


def _used(trials: pa.Table, column: str) -> list[str]:
    """The texts of a column; none where it is not there or holds others."""
    import pyarrow.compute as pc

    if column not in trials.column_names:
        return []
    found = pc.unique(trials[column]).to_pylist() if trials.num_rows else []
    return sorted(text for text in found if isinstance(text, str) and text)


def _metrics(table: str) -> list[str]:
    with suppress(HarnessError):
        return list(registry.open_table(table).metrics)
    return []


# --- what cannot be ----------------------------------------------------------------------------


def refusal(specs: Iterable[TrialSpec]) -> str:
    """Why a study cannot have the columns that are declared by all it uses; empty if it can."""
    parts: list[Part] = []
    used = list(specs)
    for ask, names in (
        (of_kind, {spec.problem for spec in used}),
        (of_space, {spec.space for spec in used}),
        (of_method, {spec.method for spec in used}),
    ):
        for name in sorted(names):
            try:
                part = ask(name)
            except HarnessError:
                continue  # told where it is opened
            except (TypeError, ValueError, AttributeError) as error:
                what = {of_kind: "kind of problem", of_space: "space"}.get(ask, "method")
                return f"The {what} `{name}` declares its columns in no way that can be: {error}."
            if fault := fault_of(part, parts):
                return fault
            parts.append(part)
    return ""


def fault_of(part: Part, others: Iterable[Part] = ()) -> str:
    """What is wrong with the columns of one writer, in a sentence; empty if nothing is."""
    who = f"{part.writer[:1].upper()}{part.writer[1:]}"
    for table in TABLES:
        seen: dict[str, tuple[str, Column]] = {
            column.name: (f"than {other.writer} does", column)
            for other in others
            for column in other.of(table)
        }
        for column in part.of(table):
            if not isinstance(column, Column):
                return (
                    f"{who} declares {column!r} as a column of {table}; expected a"
                    " `nasbench_harness.contracts.Column`."
                )
            if taken := _of_every_study(table, column):
                return (
                    f"{who} declares the column `{column.name}` of {table}, which {taken} have;"
                    " choose another name."
                )
            where, other = seen.setdefault(column.name, ("twice", column))
            if difference := column.differs(other):
                return (
                    f"{who} declares the column `{column.name}` of {table} otherwise {where}:"
                    f" {difference}; choose another name."
                )
            seen[column.name] = ("than it does before", column)
    return ""


def _of_every_study(table: str, column: Column) -> str:
    """Which studies have a column of that name, whoever searches what."""
    for part in STUDY_PARTS:
        if any(own.name == column.name or own.covers(column.name) for own in part.of(table)):
            return part.writer.replace("every study", "all studies")
    return ""
