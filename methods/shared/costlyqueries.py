"""What query methods share that mind what the architectures they ask for cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from nasbench_harness.contracts import NO_COST, Architecture, Log, Problem, held_down
from nasbench_harness.methods.setups.costs import CostSettings
from nasbench_harness.methods.shared.domination import crowding, violation
from nasbench_harness.methods.shared.queries import QuerySearcher, query, restored

LARGEST_FRONT = 256
"""Architectures that an archive keeps; of more the most crowded is forgotten."""
S = TypeVar("S", bound=CostSettings)
Member = tuple[Architecture, float, tuple[float, ...]]
"""What was asked for, what it was worth, and its costs."""


class CostlyQueries(QuerySearcher[S]):
    """A query method with an archive of what no other that it asked for dominates.

    With costs c_j and targets t_j (ours, in all of a query method's parts):

        v(z) = sum over the t_j > 0 of relu(c_j(z) - t_j) / t_j
        answer = the least v, of these the most accurate, of these the cheapest

    Without targets the answer is the most accurate one. Nothing of it happens where no cost is
    held.
    """

    def __init__(self, problem: Problem, settings: S, seed: int) -> None:
        super().__init__(problem, settings, seed)
        cost = getattr(settings, "cost", NO_COST)  # a method's own settings may have none
        self.held = held_down(cost, getattr(settings, "cost_target", 0.0))
        self.targets = [target for _, target in self.held]
        self.best_costs: tuple[float, ...] = ()
        self.archive: list[Member] = []
        self._known: dict[str, tuple[float, ...]] = {}

    def ask(self, arch: Architecture) -> Log:
        """One query; remembers the best answer, and the front where costs are held."""
        if not self.held:
            return super().ask(arch)
        score, costs = query(self.problem, arch), self.costs(arch)
        best = self.best, self.best_score, self.best_costs
        if not self.best_costs or self.order(arch, score, costs) < self.order(*best):
            self.best, self.best_score, self.best_costs = arch, score, costs
        self._archive((arch, score, costs))
        return {"score": score, "best_score": self.best_score}

    def costs(self, arch: Architecture) -> tuple[float, ...]:
        """What it costs, by every cost that is held, as these are told; () where none is."""
        if arch.text not in self._known:
            known = self.problem.costs
            self._known[arch.text] = tuple(
                known[name].shown(self.problem.cost(arch, name)) for name, _ in self.held
            )
        return self._known[arch.text]

    def objectives(self, score: float, costs: Sequence[float]) -> tuple[float, ...]:
        """What is minimised under the targets: minus the score, and the costs without a target."""
        free = (c for c, target in zip(costs, self.targets, strict=True) if target == 0.0)
        return (-score, *free)

    def order(self, arch: Architecture, score: float, costs: Sequence[float]) -> tuple[float, ...]:
        """What answers are compared by; the least is the best."""
        del arch
        return unknown_last(violation(costs, self.targets), -score, *costs)

    # --- the front of everything that was asked for ----------------------------------------------

    def front(self) -> Sequence[Architecture]:
        """Of all that were asked for those that no other dominates, most accurate first.

        By score and costs, whatever the targets; at most `LARGEST_FRONT`.
        """
        return [arch for arch, *_ in sorted(self.archive, key=lambda one: (-one[1], one[2]))]

    def _archive(self, new: Member) -> None:
        point = _point(new)
        if not all(map(math.isfinite, point)) or any(
            _no_worse(_point(kept), point) for kept in self.archive
        ):
            return
        self.archive = [one for one in self.archive if not _no_worse(point, _point(one))]
        self.archive.append(new)
        if len(self.archive) > LARGEST_FRONT:
            del self.archive[_most_crowded([_point(one) for one in self.archive])]

    # --- state -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """With the archive where costs are held."""
        state = super().state_dict()
        if self.held:
            archive = [(str(arch), score, list(costs)) for arch, score, costs in self.archive]
            state |= {"best_costs": list(self.best_costs), "archive": archive}
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        if self.held:
            self.best_costs = tuple(state["best_costs"])
            self.archive = [
                (restored(self.space, text), score, tuple(costs))
                for text, score, costs in state["archive"]
            ]


def unknown_last(*values: float) -> tuple[float, ...]:
    """The same with infinity for what is not known."""
    return tuple(math.inf if math.isnan(value) else value for value in values)


def _point(member: Member) -> tuple[float, ...]:
    return (-member[1], *member[2])


def _no_worse(one: Sequence[float], other: Sequence[float]) -> bool:
    """Is it as good as the other in everything, or better."""
    return all(mine <= its for mine, its in zip(one, other, strict=True))


def _most_crowded(points: Sequence[Sequence[float]]) -> int:
    import numpy as np

    return int(crowding(points, np.zeros(len(points), dtype=np.intp)).argmin())
