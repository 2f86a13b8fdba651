"""Regularised evolution, "REA" (Real et al., AAAI 2019, arXiv 1802.01548).

As the NAS-Bench-201 authors run it: a random population; each step the best of a small tournament
has one decision changed, the child joins and the oldest member dies. The answer is the best of the
whole history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Log, Problem
from nasbench_harness.methods.alpha import one_hot
from nasbench_harness.methods.queries import QuerySearcher
from nasbench_harness.methods.setups.rea import REASettings, RegularisedEvolutionSetup


class RegularisedEvolution(RegularisedEvolutionSetup, QuerySearcher[REASettings]):
    """One query a step; the first `population` steps fill the population."""

    def __init__(self, problem: Problem, settings: REASettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.population: list[tuple[Architecture, float]] = []  # oldest first

    def step(self) -> Log:
        """Fill the population, then breed."""
        full = len(self.population) >= self.settings.population
        child = self.mutate(self.parent()) if full else self.space.sample(self.generator)
        log = self.ask(child)
        self.population.append((child, float(log["score"])))
        if full:
            self.population.pop(0)
        return log

    def parent(self) -> Architecture:
        """The best of a tournament."""
        drawn = [
            self.population[self._draw(len(self.population))]
            for _ in range(self.settings.tournament)
        ]
        return max(drawn, key=lambda member: member[1])[0]

    def mutate(self, arch: Architecture) -> Architecture:
        """Another option for one decision: uniform group (node), then decision, then option."""
        groups = list(dict.fromkeys(decision.group for decision in self.space.decisions))
        group = groups[self._draw(len(groups))]
        members = [i for i, d in enumerate(self.space.decisions) if d.group == group]
        chosen = members[self._draw(len(members))]
        options = len(self.space.decisions[chosen].options)
        shift = 1 + self._draw(options - 1)
        choices = list(arch.choices)
        choices[chosen] = (choices[chosen] + shift) % options
        return self.space.architecture(choices)

    def scores(self) -> Tensor:
        """Share of the population that made each choice (uniform before the first step)."""
        alive = [arch.choices for arch, _ in self.population] or [self.best.choices]
        choices = torch.tensor(alive, device=self.problem.device)
        counted = one_hot(choices, self.space.mask.shape[1], self.problem.dtype)
        return counted.mean(dim=0)

    def state_dict(self) -> dict[str, Any]:
        """With the population."""
        alive = [(list(arch.choices), score) for arch, score in self.population]
        return {**super().state_dict(), "population": alive}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        self.population = [(self.space.architecture(c), s) for c, s in state["population"]]

    def _draw(self, below: int) -> int:
        return int(torch.randint(below, (), generator=self.generator))
