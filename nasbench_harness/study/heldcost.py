"""The cost that a method holds down: its unit, its target, and what the answer makes of both.

A method takes a cost where a setting of it has the role `cost`; that of the role `cost_target` says
how much is free, in the unit that the cost is told in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import Cost
from nasbench_harness.study.costs import costs_in

if TYPE_CHECKING:
    from nasbench_harness.study.spec import TrialSpec

COST, TARGET, RAMP = "cost", "cost_target", "cost_ramp"
"""Roles of settings."""
NONE = "none"
WITHIN = "regret_within_target"
"""What misses to the best within the target; known with a complete table only."""
COLUMNS = (
    "cost", "cost_name", "cost_unit", "cost_target", "target_met", WITHIN,
)  # fmt: skip
HISTORY_COLUMNS = ("cost", WITHIN)
"""Those that a recorded step has; the others are the same in all of a trial."""


@dataclass(frozen=True)
class HeldCost:
    """A cost and how much of it is free."""

    cost: Cost
    """Of the space or the benchmark; without a unit where neither is installed."""
    target: float | None
    """In `unit`; None where the methods of a study do not agree."""

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

    def facts(self) -> dict[str, Any]:
        """The columns that say what is held; the rest is missing."""
        empty: dict[str, Any] = dict.fromkeys(COLUMNS)
        return {
            **empty,
            "cost_name": self.what,
            "cost_unit": self.unit or None,
            "cost_target": self.target,
        }  # fmt: skip

    def judged(self, cost: float, accuracy: float, best: float | None) -> dict[str, Any]:
        """All columns of an answer of this cost (in `unit`) and accuracy.

        `best` is the highest accuracy within the target. An answer that exceeds the target has no
        regret within it: it may be better than all that keep it.
        """
        known = self.target is not None and math.isfinite(cost)
        met = cost <= self.target if known and self.target is not None else None
        regret = best - accuracy if met and best is not None else None
        return {
            **self.facts(),
            "cost": cost if math.isfinite(cost) else None,
            "target_met": met,
            "regret_within_target": regret,
        }


def held_name(roles: Mapping[str, Any]) -> str | None:
    """Name of the cost that a method holds down whose settings have these roles; None if none."""
    what, target = roles.get(COST, NONE), roles.get(TARGET, 0.0)
    if not isinstance(what, str) or what == NONE or isinstance(target, bool):
        return None
    return what if isinstance(target, int | float) else None


def held_cost(spec: TrialSpec) -> HeldCost | None:
    """What the method of a trial holds down; None if nothing."""
    roles = spec.roles
    if (name := held_name(roles)) is None:
        return None
    known = costs_in(spec.space, spec.table, spec.problem)
    cost = known.get(name) or Cost(name, meaning="", unit="")
    return HeldCost(cost, float(roles.get(TARGET, 0.0)))


def common_cost(specs: Iterable[TrialSpec]) -> HeldCost | None:
    """The cost by which the other methods of a study may be measured as well.

    None where nobody holds one, or several are held; without a target where targets differ.
    """
    held = {found for spec in specs if (found := held_cost(spec)) is not None}
    if len({one.cost for one in held}) != 1:
        return None
    first = next(iter(held))
    return first if len(held) == 1 else HeldCost(first.cost, None)
