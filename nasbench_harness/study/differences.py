"""What two descriptions of a trial do not agree on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from nasbench_harness.fields.scalars import said

_FIRST = ("space", "table", "table_hash")
NOTHING = "not there"


class Difference(NamedTuple):
    """A field that two configs do not agree on."""

    field: str
    old: Any
    new: Any


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """The fields that differ, settings one by one, the table first."""
    before, after = dict(_flat(old)), dict(_flat(new))
    names = sorted(before.keys() | after.keys(), key=lambda name: (name not in _FIRST, name))
    return [
        Difference(name, before.get(name, NOTHING), after.get(name, NOTHING))
        for name in names
        if before.get(name, NOTHING) != after.get(name, NOTHING)
    ]


def told(difference: Difference) -> str:
    """`settings.temperature` was 1.0 and is 0.5; of hashes only their heads."""
    old, new = (
        said(value)[:12] if difference.field.endswith(("hash", "digest")) else said(value)
        for value in (difference.old, difference.new)
    )
    return f"`{difference.field}` was {old} and is {new}"


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
