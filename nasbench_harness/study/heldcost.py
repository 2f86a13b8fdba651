"""The cost that a method holds down: its unit, its target, and what the answer makes of both.

A method takes a cost where a setting of it has the role `cost`; that of the role `cost_target` says
how much is free. Parameters and multiply-adds are counted in millions, latencies in milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasbench_harness.study.spec import TrialSpec

COST, TARGET = "cost", "cost_target"
"""Roles of settings."""
NONE = "none"
LATENCY = "latency:"
"""`latency:pixel3` is the cost that a table's column for that device holds."""
MEASURED = "measured"
COLUMNS = (
    "cost", "cost_name", "cost_unit", "cost_target", "target_met", "regret_within_target",
)  # fmt: skip


@dataclass(frozen=True)
class HeldCost:
    """A cost and how much of it is free."""

    what: str
    """`params`, `flops`, `latency:DEVICE`, or what else the space names."""
    target: float | None
    """In `unit`; None where the methods of a study do not agree."""

    @property
    def unit(self) -> str:
        """What the numbers are in."""
        return "ms" if self.what.startswith(LATENCY) else "million"

    @property
    def is_measured(self) -> bool:
        """Is it measured here, so that nobody knows it of architectures that were no answer."""
        return self.what == LATENCY + MEASURED

    def scaled(self, cost: float) -> float:
        """A count or milliseconds, in `unit`."""
        return float(cost) if self.unit == "ms" else cost / 1e6

    def facts(self) -> dict[str, Any]:
        """The columns that say what is held; the rest is missing."""
        empty: dict[str, Any] = dict.fromkeys(COLUMNS)
        return {
            **empty, "cost_name": self.what, "cost_unit": self.unit, "cost_target": self.target,
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


def held_cost(roles: Mapping[str, Any]) -> HeldCost | None:
    """What a method holds down whose settings have these roles; None if nothing."""
    what, target = roles.get(COST, NONE), roles.get(TARGET, 0.0)
    if not isinstance(what, str) or what == NONE or isinstance(target, bool):
        return None
    return HeldCost(what, float(target)) if isinstance(target, int | float) else None


def common_cost(specs: Iterable[TrialSpec]) -> HeldCost | None:
    """The cost by which the other methods of a study may be measured as well.

    None where nobody holds one, or several are held; without a target where targets differ.
    """
    held = {found for spec in specs if (found := held_cost(spec.roles)) is not None}
    if len({one.what for one in held}) != 1:
        return None
    first = next(iter(held))
    return first if len(held) == 1 else HeldCost(first.what, None)
