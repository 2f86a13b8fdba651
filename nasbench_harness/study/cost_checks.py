"""What can be wrong with the costs that a method is asked to hold down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from nasbench_harness.contracts import (
    NO_COST,
    TOGETHER,
    Benchmark,
    CompleteTable,
    Cost,
    Kind,
    SearchSpace,
    held_down,
)
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.problems.kinds import kinds
from nasbench_harness.settings import Settings, by_role, named
from nasbench_harness.study.costs import MEASURED, named_costs
from nasbench_harness.study.heldcost import COST, TARGET
from nasbench_harness.study.notation import ConfigError
from nasbench_harness.tables.metrics import OTHERS


def check_costs(
    method: str, settings: Settings, space: SearchSpace, table: Benchmark | None, kind: Kind
) -> None:
    """Each cost must be one that there is, named once, with a target of its own or one for all."""
    values = by_role(type(settings), settings.model_dump(mode="json"))
    what = values.get(COST, NO_COST)
    if not isinstance(what, str) or what == NO_COST:
        return
    names = what.split(TOGETHER)
    for name in names:
        _check(method, name, space, table, kind)
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise ConfigError(f"`{method}` is to hold {twice[0]} twice; name each cost once.")
    if len(names) > 1 and not takes_several(type(settings)):
        setting = named(type(settings), COST)
        raise ConfigError(
            f"`{method}` holds one cost at a time, and is to hold {len(names)} ({what}); choose one"
            f" of them, as `{method}[{setting}={names[0]}]`."
        )
    _check_targets(method, what, values.get(TARGET, 0.0))


def _check_targets(method: str, what: str, target: Any) -> None:
    if not isinstance(target, list):  # of all
        return
    try:
        held_down(what, target)
    except ValueError:
        names, told = what.split(TOGETHER), ", ".join(f"{one:g}" for one in target)
        costs = "1 cost" if len(names) == 1 else f"{len(names)} costs"
        raise ConfigError(
            f"`{method}` holds {costs} ({', '.join(names)}) and has {len(target)} targets"
            f" ({told}); give one for each cost, in the order of the costs, or one number for all."
        ) from None


def takes_several(settings: type[Settings]) -> bool:
    """Can a method of these settings hold more than one cost: has its target a list for them."""
    if (name := named(settings, TARGET)) is None:
        return False
    schema = settings.model_json_schema()["properties"][name]
    return any(form.get("type") == "array" for form in schema.get("anyOf", [schema]))


def _check(method: str, name: str, space: SearchSpace, table: Benchmark | None, kind: Kind) -> None:
    known = named_costs(space, table, measured=kind.measures)
    if name == MEASURED.name and not kind.measures:
        building = " or ".join(f"`--search {one.name}`" for one in kinds() if one.measures)
        raise ConfigError(
            f"`{name}` is measured on networks, and a {kind.name} builds none; search with"
            f" {building}, or choose another cost ({', '.join(known)})."
        )
    if name not in known:
        there = "" if table is None else f" or in table `{table.name}`"
        where = f"cost of space `{space.name}`{there} for `{method}`"
        raise UnknownNameError(where, name, known, OTHERS)
    _check_whole(method, known[name], known, table)


def _check_whole(
    method: str, cost: Cost, known: Mapping[str, Cost], table: Benchmark | None
) -> None:
    """A complete table must have it of every architecture."""
    if not cost.metric or not isinstance(table, CompleteTable):
        return
    column = table.column(cost.metric)
    if holes := int((column != column).sum()):  # noqa: PLR0124 - NaN
        others = ", ".join(other for other in known if other != cost.name)
        raise ConfigError(
            f"Table `{table.name}` has no {cost.name} of {holes:,} of its {len(column):,}"
            f" architectures, so that `{method}` cannot hold it down; choose another ({others})."
        )
