"""What every architecture costs, and the best of a table within a target."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from nasbench_harness import registry
from nasbench_harness.contracts import CompleteTable, Enumerable
from nasbench_harness.study.heldcost import LATENCY, HeldCost
from nasbench_harness.tables.enumeration import enumerable
from nasbench_harness.tables.library import find_table
from nasbench_harness.tables.metrics import latency_metric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nasbench_harness.study.spec import TrialSpec


def costs_of(spec: TrialSpec, held: HeldCost) -> NDArray[np.float64]:
    """[size] the cost of every architecture in rank order, in the cost's unit; NaN if unknown.

    For what is counted or looked up, not for what is measured; HarnessError where the space does
    not list its architectures.
    """
    return _costs(spec.space, spec.table, spec.table_hash, spec.dataset, held.what)


def best_within(spec: TrialSpec, held: HeldCost) -> float | None:
    """The highest value of the report metric within the target.

    None if nothing is within it, and without a complete table.
    """
    import numpy as np

    table = find_table(spec.table)
    if held.is_measured or held.target is None or not isinstance(table, CompleteTable):
        return None
    if not isinstance(registry.open_space(spec.space), Enumerable):
        return None
    column = table.column(spec.report_metric)
    within = column[(costs_of(spec, held) <= held.target) & np.isfinite(column)]
    return float(within.max()) if len(within) else None


@lru_cache(maxsize=16)
def _costs(space: str, table: str, content: str, dataset: str, what: str) -> NDArray[np.float64]:
    import numpy as np

    held = HeldCost(what, None)
    if what.startswith(LATENCY):
        device = what.removeprefix(LATENCY)
        return registry.open_complete(table).column(latency_metric(device))
    opened = enumerable(registry.open_space(space), "costs are compared over all of them")
    costs = (held.scaled(opened.cost(arch, what, dataset)) for arch in opened.enumerate())
    return np.fromiter(costs, dtype=np.float64, count=opened.size)
