"""The costs that a method holds down: their units, their targets, and what answers make of both.

A method takes costs where a setting of it has the role `cost`; that of the role `cost_target` says
how much of each is free, in the unit that the cost is told in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nasbench_harness import registry
from nasbench_harness.contracts import NO_COST, TOGETHER, Cost, held_down
from nasbench_harness.errors import HarnessError
from nasbench_harness.study.costs import costs_in

if TYPE_CHECKING:
    from nasbench_harness.study.spec import TrialSpec

COST, TARGET, RAMP = "cost", "cost_target", "cost_ramp"
"""Roles of settings."""
WITHIN = "regret_within_target"
"""What misses to the best within all targets; known with a complete table only."""
COLUMNS = (
    "cost", "cost_name", "cost_unit", "cost_target", "target_met", WITHIN,
)  # fmt: skip
HISTORY_COLUMNS = ("cost", WITHIN)
"""Those that a recorded step has; the others are the same in all of a trial."""
COST_OF, UNIT_OF, TARGET_OF = "cost_of_", "cost_unit_of_", "cost_target_of_"
"""How columns begin that there is one of for each cost, where a method holds several."""


def of_costs(name: str) -> bool:
    """Is this a column of what is held."""
    return name in COLUMNS or name.startswith((COST_OF, UNIT_OF, TARGET_OF))


def in_passing(name: str) -> bool:
    """Is it one that a recorded step has as well."""
    return name in HISTORY_COLUMNS or name.startswith(COST_OF)


@dataclass(frozen=True)
class HeldCost:
    """A cost and how much of it is free."""

    cost: Cost
    """Of the space or the benchmark; without a unit where neither is installed."""
    target: float | None
    """In `unit`; None where the methods of a study do not agree, or the whole front is sought."""

    @property
    def unit(self) -> str:
        """What the numbers are in."""
        return self.cost.shown_unit

    @property
    def what(self) -> str:
        """The cost's name."""
        return self.cost.name

    def scaled(self, cost: float) -> float:
        """What the space or the benchmark says, in `unit`."""
        return self.cost.shown(cost)


@dataclass(frozen=True)
class HeldCosts:
    """All costs that a method holds down: one at least."""

    each: tuple[HeldCost, ...]

    def __iter__(self) -> Iterator[HeldCost]:
        """One after the other, as the setting names them."""
        return iter(self.each)

    @property
    def name(self) -> str:
        """`params`; of several `params+flops`."""
        return TOGETHER.join(held.what for held in self)

    @property
    def of_all(self) -> bool:
        """Can all be asked of every architecture of a small space."""
        return all(held.cost.of_all for held in self)

    @property
    def columns(self) -> tuple[str, ...]:
        """Where it stands what an answer costs, for each."""
        if len(self.each) == 1:
            return HISTORY_COLUMNS[:1]
        return tuple(f"{COST_OF}{held.what}" for held in self)

    def facts(self) -> dict[str, Any]:
        """The columns that say what is held; the rest is missing.

        Of several costs each has columns of its own, and those of a single one are missing.
        """
        found: dict[str, Any] = {**dict.fromkeys(COLUMNS), "cost_name": self.name}
        if len(self.each) == 1:
            (held,) = self
            return {**found, "cost_unit": held.unit or None, "cost_target": held.target}
        for held in self:
            found |= {
                f"{COST_OF}{held.what}": None,
                f"{UNIT_OF}{held.what}": held.unit or None,
                f"{TARGET_OF}{held.what}": held.target,
            }
        return found

    def judged(self, costs: Sequence[float], accuracy: float, best: float | None) -> dict[str, Any]:
        """All columns of an answer of these costs (each in its `unit`) and accuracy.

        `best` is the highest accuracy within all targets. An answer that exceeds one has no regret
        within them: it may be better than all that keep them.
        """
        told = {
            column: cost if math.isfinite(cost) else None
            for column, cost in zip(self.columns, costs, strict=True)
        }
        met = self._met(costs)
        regret = best - accuracy if met and best is not None else None
        return {**self.facts(), **told, "target_met": met, WITHIN: regret}

    def _met(self, costs: Sequence[float]) -> bool | None:
        """Is no cost above its target; None where a cost or a target is not known."""
        if not all(math.isfinite(cost) for cost in costs):
            return None
        kept = [
            None if held.target is None else cost <= held.target
            for held, cost in zip(self, costs, strict=True)
        ]
        return None if None in kept else all(kept)


def held_names(roles: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """Names and targets of what a method holds down whose settings have these roles."""
    what, target = roles.get(COST, NO_COST), roles.get(TARGET, 0.0)
    targets = target if isinstance(target, list | tuple) else [target]
    numbers = all(isinstance(t, int | float) and not isinstance(t, bool) for t in targets)
    if not isinstance(what, str) or not numbers:
        return ()
    try:
        return held_down(what, target)
    except ValueError:  # a setting that means something else
        return ()


def held_costs(spec: TrialSpec) -> HeldCosts | None:
    """What the method of a trial holds down; None if nothing."""
    if not (named := held_names(spec.roles)):
        return None
    known = costs_in(spec.space, spec.table, spec.problem)
    costs = ((known.get(name) or Cost(name, meaning="", unit=""), free) for name, free in named)
    sought = seeks_fronts(spec.method)
    return HeldCosts(
        tuple(HeldCost(cost, None if sought and not free else free) for cost, free in costs)
    )


def seeks_fronts(method: str) -> bool:
    """Is a target of 0 none to this method (`fronts` of its set-up)."""
    try:
        return bool(getattr(registry.open_setup(method), "fronts", False))
    except HarnessError:  # not installed here
        return False


def common_costs(specs: Iterable[TrialSpec]) -> HeldCosts | None:
    """The costs by which the other methods of a study may be measured as well.

    None where nobody holds any, or not all hold the same; those have no target whose targets
    differ.
    """
    held = {found: None for spec in specs if (found := held_costs(spec)) is not None}
    if len({frozenset(one.cost for one in found) for found in held}) != 1:
        return None
    targets: dict[Cost, set[float | None]] = {}
    for one in (one for found in held for one in found):
        targets.setdefault(one.cost, set()).add(one.target)
    return HeldCosts(
        tuple(HeldCost(cost, next(iter(t)) if len(t) == 1 else None) for cost, t in targets.items())
    )
