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

from nasbench_harness.contracts import Architecture, Log, Problem, Recipe
from nasbench_harness.methods.alpha import one_hot
from nasbench_harness.settings import Settings, setting


class REASettings(Settings):
    """The NAS-Bench-201 authors' values."""

    population: int = setting(10, "architectures alive at a time", ge=2)
    tournament: int = setting(3, "members drawn, with replacement, for the best to breed", ge=1)


class RegularisedEvolution:
    """One query a step; the first `population` steps fill the population."""

    Settings = REASettings
    version = "1"
    queries = True
    recipes = {  # noqa: RUF012 - ClassVar by the contract
        name: Recipe(
            epochs=100,
            steps=100,
            source="NAS-Bench-201 authors' code; 100 queries are a design decision of this project,"
            " for the embedded table has no training times to simulate their budget with",
        )
        for name in ("landscape", "nb201")
    }

    def __init__(self, problem: Problem, settings: REASettings, seed: int) -> None:
        self.problem, self.space, self.settings = problem, problem.space, settings
        self.generator = torch.Generator().manual_seed(seed)
        self.population: list[tuple[Architecture, float]] = []  # oldest first
        self.best: Architecture = self.space.sample(self.generator)
        self.best_score = float("-inf")

    @classmethod
    def requires(cls, settings: REASettings) -> Sequence[type]:
        """No optional capability."""
        return ()

    def step(self) -> Log:
        """Fill the population, then breed."""
        full = len(self.population) >= self.settings.population
        child = self.mutate(self.parent()) if full else self.space.sample(self.generator)
        score = self.problem.score(child)
        self.population.append((child, score))
        if full:
            self.population.pop(0)
        if score > self.best_score:
            self.best, self.best_score = child, score
        return {"score": score, "best_score": self.best_score}

    def parent(self) -> Architecture:
        """The best of a tournament."""
        drawn = [self.population[self._draw(len(self.population))] for _ in range(self._rivals)]
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
        counted = one_hot(torch.tensor(alive), self.space.mask.shape[1], self.problem.dtype)
        return counted.mean(dim=0)

    def architecture(self) -> Architecture:
        """The best of the whole history."""
        return self.best

    def state_dict(self) -> dict[str, Any]:
        """Population, best so far and the generator."""
        return {
            "population": [(list(arch.choices), score) for arch, score in self.population],
            "best": list(self.best.choices),
            "best_score": self.best_score,
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self.population = [(self.space.architecture(c), s) for c, s in state["population"]]
        self.best = self.space.architecture(state["best"])
        self.best_score = state["best_score"]
        self.generator.set_state(state["generator"])

    @property
    def _rivals(self) -> int:
        return self.settings.tournament

    def _draw(self, below: int) -> int:
        return int(torch.randint(below, (), generator=self.generator))
