"""Which version wrote what, and how older tables become as the present version has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from nasbench_harness.store.outcomes import SCHEMA_VERSION
from nasbench_harness.store.provenance import PACKAGE

if TYPE_CHECKING:
    import pyarrow as pa

FIRST_RELEASE: Mapping[int, str] = {1: "0.1.0"}
"""Schema version -> the first release that wrote it."""

Upgrade = Callable[["pa.Table", "pa.Table"], tuple["pa.Table", "pa.Table"]]
UPGRADES: dict[int, Upgrade] = {}
"""Schema version -> what turns a study's `trials` and `history` into those of the next version.

A study may have grown over two versions: what is new in its rows already has to stay as it is.
"""


def oldest(upgrades: Mapping[int, Upgrade] = UPGRADES) -> int:
    """The oldest schema version that can be read."""
    version = SCHEMA_VERSION
    while version - 1 in upgrades:
        version -= 1
    return version


def refusal(schema: Any, facts: Any, upgrades: Mapping[int, Upgrade] = UPGRADES) -> str:
    """Why a study of this schema version is not read, and what reads it; empty if it is read.

    `facts` are the study's, with the versions that wrote it; ValueError if `schema` is no version.
    """
    if not isinstance(schema, int) or isinstance(schema, bool):
        raise ValueError(f"schema_version is {schema!r}")
    if oldest(upgrades) <= schema <= SCHEMA_VERSION:
        return ""
    writer = _writer(facts)
    said = f"was written by nasharness{f' {writer}' if writer else ''} with schema version {schema}"
    if schema > SCHEMA_VERSION:
        wanted = f"{PACKAGE}>={writer}" if writer else f"a newer {PACKAGE}"
        return f"{said}; this one reads up to {SCHEMA_VERSION}: install {wanted}."
    wanted = f"{PACKAGE}<{FIRST_RELEASE[oldest(upgrades)]}"
    return f"{said}; this one reads from {oldest(upgrades)} on: install {wanted}."


def _writer(facts: Any) -> str:
    """The release that touched a study last."""
    if not isinstance(facts, Mapping):
        return ""
    last = facts.get("last_run", facts)
    known = last.get("versions") if isinstance(last, Mapping) else None
    found = known.get(PACKAGE) if isinstance(known, Mapping) else None
    return found if isinstance(found, str) and found[:1].isdigit() else ""


def upgraded(
    trials: pa.Table, history: pa.Table, upgrades: Mapping[int, Upgrade]
) -> tuple[pa.Table, pa.Table]:
    """Tables as they were written, as the present version has them."""
    for version in range(_written_with(trials, upgrades), SCHEMA_VERSION):
        trials, history = upgrades[version](trials, history)
    return trials, history


def is_current(trials: pa.Table, upgrades: Mapping[int, Upgrade]) -> bool:
    """Are tables as the present version has them, so that `upgraded` leaves them as they are."""
    return _written_with(trials, upgrades) == SCHEMA_VERSION


def _written_with(trials: pa.Table, upgrades: Mapping[int, Upgrade]) -> int:
    """The oldest schema version among the rows; the present one if they do not say."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if "schema_version" not in trials.column_names:
        return SCHEMA_VERSION
    column = trials["schema_version"]
    if not pa.types.is_integer(column.type) or column.null_count == len(column):
        return SCHEMA_VERSION
    return max(oldest(upgrades), int(pc.min(column).as_py()))
