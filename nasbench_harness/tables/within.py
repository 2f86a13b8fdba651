"""What every architecture costs, and the best of a table within the targets."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from nasbench_harness import registry
from nasbench_harness.contracts import CompleteTable, Cost
from nasbench_harness.study.costs import column_of, counted_cost
from nasbench_harness.study.heldcost import HeldCost, HeldCosts
from nasbench_harness.tables.enumeration import enumerable, lists
from nasbench_harness.tables.library import find_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nasbench_harness.study.spec import TrialSpec


def costs_of(spec: TrialSpec, held: HeldCost) -> NDArray[np.float64]:
    """[size] the cost of every architecture in rank order, in the cost's unit; NaN if unknown.

    For what can be asked of all of them (`Cost.of_all`); HarnessError where the space does not list
    its architectures.
    """
    return _costs(spec.space, spec.table, spec.table_hash, spec.dataset, held.cost)


def known_of_all(spec: TrialSpec) -> bool:
    """Is there a complete table, of a space that lists its architectures."""
    listed = lists(registry.open_space(spec.space))
    return listed and isinstance(find_table(spec.table), CompleteTable)


def best_within(spec: TrialSpec, held: HeldCosts) -> float | None:
    """The highest value of the report metric within all targets, worked out once.

    None if nothing is within them, and where nobody knows what all architectures cost and are
    worth: without a complete table.
    """
    if not held.of_all or not known_of_all(spec) or any(one.target is None for one in held):
        return None
    where = spec.space, spec.table, spec.table_hash, spec.dataset
    return _best(where, spec.report_metric, held)


def within(spec: TrialSpec, held: HeldCosts) -> NDArray[np.bool_]:
    """[size] which architectures keep all targets that there are, in rank order."""
    return _within((spec.space, spec.table, spec.table_hash, spec.dataset), held)


@lru_cache(maxsize=64)
def _best(where: tuple[str, str, str, str], metric: str, held: HeldCosts) -> float | None:
    import numpy as np

    column = registry.open_complete(where[1]).column(metric)
    kept = column[_within(where, held) & np.isfinite(column)]
    return float(kept.max()) if len(kept) else None


def _within(where: tuple[str, str, str, str], held: HeldCosts) -> NDArray[np.bool_]:
    import numpy as np

    kept = [_costs(*where, one.cost) <= one.target for one in held if one.target is not None]
    together: NDArray[np.bool_] = np.logical_and.reduce(kept)
    return together


@lru_cache(maxsize=16)
def _costs(space: str, table: str, content: str, dataset: str, cost: Cost) -> NDArray[np.float64]:
    import numpy as np

    if cost.measured:
        benchmark = registry.open_complete(table)
        return benchmark.column(column_of(cost, benchmark, dataset)) / cost.scale
    opened = enumerable(registry.open_space(space), "costs are compared over all of them")
    costs = (cost.shown(counted_cost(cost, opened, arch, dataset)) for arch in opened.enumerate())
    return np.fromiter(costs, dtype=np.float64, count=opened.size)
