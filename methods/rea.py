"""Regularised evolution, "REA" (Real et al., AAAI 2019, arXiv 1802.01548).

As the NAS-Bench-201 authors run it: a random population; each step the best of a small tournament
has one decision changed, the child joins and the oldest member dies. The answer is the best of the
whole history.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Log, Problem
from nasbench_harness.methods.setups.rea import REASettings, RegularisedEvolutionSetup
from nasbench_harness.methods.shared.costlyqueries import CostlyQueries, unknown_last
from nasbench_harness.methods.shared.domination import crowding, front_ranks, violation
from nasbench_harness.methods.shared.queries import restored


class RegularisedEvolution(RegularisedEvolutionSetup, CostlyQueries[REASettings]):
    """One query a step; the first `population` steps fill the population.

        parent = the best of `tournament` members drawn;  child = mutate(parent)
        population <- population + child - its oldest;  answer = the best ever asked for

    Where costs are held, `best` in a tournament is that of NSGA-II (Deb et al., 2002): of the
    population's fronts by constraint domination the first, and of one front the least crowded.
    Costs with a target are constraints, costs without one objectives beside the accuracy. That
    it chooses parents of regularised evolution, whose members die of age, is ours.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=60)
    >>> rea = RegularisedEvolution(problem, REASettings(population=5), seed=0)
    >>> for _ in range(60):
    ...     problem.advance()
    ...     log = rea.step()
    >>> str(rea.architecture())
    '1-0-1'
    """

    def __init__(self, problem: Problem, settings: REASettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.population: list[tuple[Architecture, float]] = []  # oldest first

    def step(self) -> Log:
        """Fill the population, then breed."""
        full = len(self.population) >= self.settings.population
        if full:
            child = self.space.mutate(self.parent(), self.generator)
        else:
            child = self.space.sample(self.generator)
        log = self.ask(child)
        self.population.append((child, float(log["score"])))
        if full:
            self.population.pop(0)
        return log

    def parent(self) -> Architecture:
        """The best of a tournament; one of unknown accuracy only where all of them are."""
        drawn = [self._draw(len(self.population)) for _ in range(self.settings.tournament)]
        if self.held:
            return self.population[self._least_dominated(drawn)][0]
        return min((self.population[i] for i in drawn), key=lambda one: unknown_last(-one[1]))[0]

    def _least_dominated(self, drawn: Sequence[int]) -> int:
        """Of these members the one in the first front, then the least crowded, then the first."""
        costs = [self.costs(arch) for arch, _ in self.population]
        points = [
            self.objectives(score, its)
            for (_, score), its in zip(self.population, costs, strict=True)
        ]
        ranks = front_ranks(points, [violation(its, self.targets) for its in costs])
        apart = crowding(points, ranks)
        return min(drawn, key=lambda i: (ranks[i], -apart[i]))

    def scores(self) -> Tensor:
        """Mean weights of the population, those of the best before the first step."""
        alive = [arch for arch, _ in self.population] or [self.best]
        weights = torch.stack([self.space.weights(arch) for arch in alive])
        return weights.to(self.problem.device, self.problem.dtype).mean(dim=0)

    def state_dict(self) -> dict[str, Any]:
        """With the population."""
        alive = [(str(arch), score) for arch, score in self.population]
        return {**super().state_dict(), "population": alive}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        self.population = [
            (restored(self.space, arch), score) for arch, score in state["population"]
        ]

    def _draw(self, below: int) -> int:
        return int(torch.randint(below, (), generator=self.generator))
