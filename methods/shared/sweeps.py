"""Decisions that are visited one by one: in sweeps, at random, or by how undecided they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self, TypeVar

import torch
from torch import Tensor

from nasbench_harness.contracts import Problem, SearchSpace
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.shared.relaxations import categorical, entropy, masked_log_softmax
from nasbench_harness.methods.shared.rows import RowIndex, RowSearcher

S = TypeVar("S", bound=AlphaSettings)


class SweepSearcher(RowSearcher[S]):
    """A step updates a row of all decisions, or one of each type of cell; a method adds its `step`.

    A sweep visits each once in random order; what is left of it is the `queue`, of all cells.
    """

    def __init__(
        self,
        problem: Problem,
        settings: S,
        seed: int,
        policy: Literal["sweep", "uniform", "entropy"] = "sweep",
        *,
        by_cell: bool = False,
    ) -> None:
        super().__init__(problem, settings, seed)
        self.policy = policy
        self.queue: list[RowIndex] = []
        self.cells = rows_by_cell(problem.space) if by_cell else [[*range(len(self.mask))]]
        """Decisions of which one is visited in a step, each."""

    def next_edge(self, cell: int = 0) -> RowIndex:
        """The decision to relax, of those of a cell."""
        if self.policy != "sweep":
            return self.draw_edge(cell)
        of_cell = [place for place, edge in enumerate(self.queue) if self._is_of(edge, cell)]
        if not of_cell:
            order = self.drawn(lambda generator: self._order(generator, cell))
            self.queue += order.tolist() if order.ndim == 1 else list(order.unbind(dim=-1))
        return self.queue.pop(of_cell[-1] if of_cell else -1)

    def draw_edge(self, cell: int = 0) -> RowIndex:
        """A decision of a cell by its entropy where that is the policy, else uniformly."""
        if self.policy == "entropy":
            weight = entropy(masked_log_softmax(self.alpha.detach(), self.mask), self.mask)
        else:
            weight = torch.ones(self.alpha.shape[:-1], device=self.device)
        if len(self.cells) > 1:
            others = torch.ones(len(self.mask), dtype=torch.bool, device=weight.device)
            others[self.cells[cell]] = False
            weight = weight.masked_fill(others, 0.0)
        drawn = categorical(weight, self.generators or self.generator)
        return drawn if drawn.ndim else int(drawn)

    # --- runs and state ------------------------------------------------------------------------

    @classmethod
    def join(cls, searchers: Sequence[Self], problem: Problem) -> Self:
        """With the rest of their sweeps, which are equally long."""
        joint = super().join(searchers, problem)
        queues = (searcher.queue for searcher in searchers)
        joint.queue = [torch.tensor(edges) for edges in zip(*queues, strict=True)]
        return joint

    def part(self, searchers: Sequence[Self]) -> None:
        """With the rest of its sweep."""
        super().part(searchers)
        edges = [torch.as_tensor(edge).tolist() for edge in self.queue]
        for place, searcher in enumerate(searchers):
            searcher.queue = [of_all[place] for of_all in edges]

    def state_dict(self) -> dict[str, Any]:
        """With the rest of the sweep."""
        return {**super().state_dict(), "queue": list(self.queue)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        self.queue = list(state["queue"])

    def _order(self, generator: torch.Generator, cell: int) -> Tensor:
        """A random order of a cell's decisions."""
        rows = torch.tensor(self.cells[cell], device=self.device)
        return rows[torch.randperm(len(rows), generator=generator, device=self.device)]

    def _is_of(self, edge: RowIndex, cell: int) -> bool:
        """Is a decision one of a cell; those of joined runs are of the same."""
        return len(self.cells) == 1 or int(torch.as_tensor(edge).flatten()[0]) in self.cells[cell]


def rows_by_cell(space: SearchSpace) -> list[list[int]]:
    """The decisions of each type of cell, by place; all of them where the space has no types."""
    rows: dict[str, list[int]] = {}
    for place, decision in enumerate(space.decisions):
        rows.setdefault(decision.cell, []).append(place)
    return list(rows.values())
