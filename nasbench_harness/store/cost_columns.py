"""The columns of held costs in a study's tables, for every method that can be compared by them.

A trial records the costs that its own method holds. Methods that hold none are measured by those
of the study's other methods when the tables are gathered, where space and table are at hand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.store.outcomes import Status
from nasbench_harness.study.costs import MEASURED, cost_of
from nasbench_harness.study.heldcost import (
    COLUMNS,
    HISTORY_COLUMNS,
    WITHIN,
    HeldCost,
    HeldCosts,
    common_costs,
    held_costs,
    held_names,
    of_costs,
)
from nasbench_harness.tables.library import find_table

if TYPE_CHECKING:
    import pyarrow as pa

    from nasbench_harness.contracts import EnumerableSpace
    from nasbench_harness.study.spec import TrialSpec


class CostColumns:
    """What a study's trials cost by what is held in it."""

    def __init__(self, specs: Sequence[TrialSpec]) -> None:
        self._specs = specs
        self._common = common_costs(specs)
        self._best: dict[tuple[HeldCosts, str, str], float | None] = {}

    @cached_property
    def is_held(self) -> bool:
        """Does any method of the study hold a cost; if not, there are no columns."""
        return any(held_names(spec.roles) for spec in self._specs)

    @cached_property
    def _at_hand(self) -> bool:
        """Are space and table those of the study, so that costs can be looked up."""
        spec = self._specs[0]
        try:
            registry.open_space(spec.space)
            table = find_table(spec.table)
            return table is None or table.content_hash == spec.table_hash
        except HarnessError:
            return False

    def of(self, spec: TrialSpec, result: Mapping[str, Any], accuracy: float) -> dict[str, Any]:
        """The columns of one trial; empty if no cost is held in the study."""
        if not self.is_held:
            return {}
        recorded = {name: value for name, value in result.items() if of_costs(name)}
        if (held := self._held(spec)) is None:
            return {**dict.fromkeys(COLUMNS), **recorded}
        if result["status"] != Status.DONE or recorded:
            return {**held.facts(), **recorded}
        answer = [str(result.get("architecture"))]
        costs = [self._costs(spec, one, answer)[0] for one in held]
        return held.judged(costs, accuracy, self._best_within(spec, held))

    def _held(self, spec: TrialSpec) -> HeldCosts | None:
        return held_costs(spec) or self._common

    def _costs(self, spec: TrialSpec, held: HeldCost, texts: Sequence[str]) -> list[float]:
        """What architectures cost; NaN where that is not known."""
        from nasbench_harness.tables.within import costs_of, known_of_all

        unknown = [math.nan] * len(texts)
        if held.cost == MEASURED or not self._at_hand:
            return unknown
        try:
            space = registry.open_space(spec.space)
            answers = [space.parse(text) for text in texts]
            if held.cost.of_all and known_of_all(spec):
                listed, all_costs = cast("EnumerableSpace", space), costs_of(spec, held)
                return [float(all_costs[listed.rank(arch)]) for arch in answers]
            table = find_table(spec.table)
            costs = (cost_of(held.cost, space, table, arch, spec.dataset) for arch in answers)
            return [held.scaled(cost) for cost in costs]
        except HarnessError:  # a table without that cost, a text from elsewhere
            return unknown

    def _best_within(self, spec: TrialSpec, held: HeldCosts) -> float | None:
        from nasbench_harness.tables.within import best_within

        key = held, spec.dataset, spec.report_metric
        if key not in self._best:
            try:
                self._best[key] = best_within(spec, held) if self._at_hand else None
            except HarnessError:
                self._best[key] = None
        return self._best[key]

    # --- recorded steps ------------------------------------------------------------------------

    def with_costs(self, history: pa.Table, place: int) -> pa.Table:
        """The history with costs and `regret_within_target` of every recorded answer."""
        import numpy as np

        if not self.is_held or "architecture" not in history.column_names:
            return history
        trial = history["trial"].combine_chunks().dictionary_encode()
        owner = np.asarray(trial.indices)
        answers = history["architecture"].combine_chunks().dictionary_encode()
        answer, texts = np.asarray(answers.indices), answers.dictionary.to_pylist()
        accuracy = np.asarray(history["accuracy"], dtype=float)
        groups = self._groups()
        several = [name for held, _, _ in groups for name in held.columns if name not in COLUMNS]
        numbers = {name: _recorded(history, name) for name in (*HISTORY_COLUMNS, *several)}
        for held, spec, trials in groups:
            known = [i for i, name in enumerate(trial.dictionary.to_pylist()) if name in trials]
            here = np.isin(owner, known)
            used = np.unique(answer[here])
            for column, one in zip(held.columns, held, strict=True):
                by_text = np.full(len(texts), np.nan)
                by_text[used] = self._costs(spec, one, [texts[i] for i in used])
                numbers[column][here] = _first(numbers[column][here], by_text[answer[here]])
            best = self._best_within(spec, held)
            if best is not None:
                kept = _kept(held, [numbers[column][here] for column in held.columns])
                regret = numbers[WITHIN]
                regret[here] = _first(regret[here], np.where(kept, best - accuracy[here], np.nan))
        return _with_numbers(history, place, numbers)

    def _groups(self) -> list[tuple[HeldCosts, TrialSpec, set[str]]]:
        """The trials that hold the same, with one of them that says where costs are looked up."""
        groups: dict[HeldCosts, tuple[TrialSpec, set[str]]] = {}
        for spec in self._specs:
            if (held := self._held(spec)) is not None:
                groups.setdefault(held, (spec, set()))[1].add(spec.trial_id)
        return [(held, spec, trials) for held, (spec, trials) in groups.items()]


def _kept(held: HeldCosts, costs: Sequence[Any]) -> Any:
    """Which answers keep all targets, given the costs of each."""
    import numpy as np

    pairs = zip(held, costs, strict=True)
    kept = [cost <= one.target for one, cost in pairs if one.target is not None]
    return np.logical_and.reduce(kept)


def _recorded(history: pa.Table, name: str) -> Any:
    """A column of numbers as trials wrote it, NaN where they did not; a copy."""
    import numpy as np

    if name not in history.column_names:
        return np.full(history.num_rows, np.nan)
    return np.array(history[name].cast("double").to_numpy())


def _first(recorded: Any, worked_out: Any) -> Any:
    """What was recorded, and where nothing was what is worked out now."""
    import numpy as np

    return np.where(np.isnan(recorded), worked_out, recorded)


def _with_numbers(table: pa.Table, place: int, columns: Mapping[str, Any]) -> pa.Table:
    """The table with these columns from that place on; NaN is missing."""
    import pyarrow as pa

    table = table.drop_columns([name for name in columns if name in table.column_names])
    for offset, (name, values) in enumerate(columns.items()):
        table = table.add_column(place + offset, name, pa.array(values, from_pandas=True))
    return table
