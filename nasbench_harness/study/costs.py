"""The costs that can be told in a study: of its space, of its benchmark, measured on this machine.

The engine knows none by name but the one that it measures itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from nasbench_harness import registry
from nasbench_harness.contracts import (
    Architecture,
    Benchmark,
    Cost,
    Costed,
    Layerwise,
    SearchSpace,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.kinds import open_kind
from nasbench_harness.tables.latencies import LatencyTable, kept

LATENCY = "latency:"
"""How costs begin that are latencies on a device: `latency:pixel3`."""
MEASURED = Cost(
    f"{LATENCY}measured",
    "latency of the stand-alone network, measured on this machine",
    "ms",
    "Latency here",
    of_all=False,
)
"""Of every space with networks, where a kind of problem builds them: see `problems.costs`."""


def space_costs(space: SearchSpace) -> tuple[Cost, ...]:
    """What a space counts; HarnessError where it names them otherwise than by a `Cost`."""
    for cost in space.costs:
        if not isinstance(cost, Cost):
            raise HarnessError(
                f"The space `{space.name}` has {cost!r} among its costs; each must be a"
                " `nasbench_harness.contracts.Cost`."
            )
    return tuple(space.costs)


def table_costs(table: Benchmark | None) -> tuple[Cost, ...]:
    """What a benchmark has measured."""
    return tuple(table.costs) if isinstance(table, Costed) else ()


def layer_costs(space: SearchSpace) -> tuple[Cost, ...]:
    """Latencies of the tables that were measured layer by layer of this space and are kept here."""
    if not isinstance(space, Layerwise):
        return ()
    return tuple(
        Cost(
            f"{LATENCY}{table.name}",
            f"latency as a sum of layers measured alone, {table.told}",
            "ms",
            f"Latency of layers on {table.device}",
            sum_of=lambda table=table: table.additive,  # type: ignore[misc]
        )
        for table in kept(space.name).values()
        if is_of(table, space)
    )


def is_of(table: LatencyTable, space: SearchSpace) -> bool:
    """Has the table the space's options, in the version that is installed."""
    counts = [len(decision.options) for decision in space.decisions]
    same = (table.space, table.space_version) == (space.name, space.version)
    return same and [len(row) for row in table.layers] == counts


def device_latencies(table: Benchmark) -> dict[str, Cost]:
    """The latencies that a benchmark has measured, by device."""
    costs = (cost for cost in table_costs(table) if cost.name.startswith(LATENCY))
    return {cost.name.removeprefix(LATENCY): cost for cost in costs}


def named_costs(
    space: SearchSpace, table: Benchmark | None = None, *, measured: bool = False
) -> dict[str, Cost]:
    """All that can be told, by name; with `measured` also what is measured on this machine."""
    here = [MEASURED] if measured else []
    costs = (*here, *layer_costs(space), *table_costs(table), *space_costs(space))
    return {cost.name: cost for cost in costs}


def costs_in(space: str, table: str, problem: str) -> dict[str, Cost]:
    """The same of a trial's space, benchmark (or none: "") and kind of problem.

    Of what is not installed, nothing.
    """
    found: dict[str, Cost] = {}
    with suppress(HarnessError):
        found |= {MEASURED.name: MEASURED} if open_kind(problem).measures else {}
    with suppress(HarnessError):
        found |= {c.name: c for c in table_costs(registry.open_table(table) if table else None)}
    with suppress(HarnessError):
        opened = registry.open_space(space)
        found |= {c.name: c for c in (*layer_costs(opened), *space_costs(opened))}
    return found


def told(costs: Iterable[Cost]) -> str:
    """`params (million), flops (million)`."""
    return ", ".join(f"{cost.name} ({cost.shown_unit})" for cost in costs)


def cost_of(
    cost: Cost, space: SearchSpace, table: Benchmark | None, arch: Architecture, dataset: str
) -> float:
    """What an architecture costs, in the cost's `unit`; not for what is measured when asked for."""
    if not cost.measured:
        return counted_cost(cost, space, arch, dataset)
    if table is None:
        raise HarnessError(f"`{cost.name}` needs the benchmark that has it.")
    return table.value(column_of(cost, table, dataset), arch)


def counted_cost(cost: Cost, space: SearchSpace, arch: Architecture, dataset: str) -> float:
    """The same of what the space counts, or what is a sum of layers measured alone."""
    if cost.sum_of is not None and cost not in space.costs:
        return cost.sum_of().of(arch.choices)
    return space.cost(arch, cost.name, dataset)


def column_of(cost: Cost, table: Benchmark, dataset: str) -> str:
    """The column with a measured cost of networks for a data set; HarnessError where none has."""
    if column := cost.column(dataset):
        return column
    there = ", ".join(name for name, _ in cost.by_dataset)
    raise HarnessError(
        f"Table `{table.name}` has no `{cost.name}` of `{dataset}` networks, only of {there}."
    )
