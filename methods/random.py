"""Random search: the line every method has to beat (Li & Talwalkar, UAI 2019, arXiv 1902.07638).

Every step draws an architecture uniformly and asks for its accuracy; the answer is the best seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Log, Problem, Recipe
from nasbench_harness.methods.alpha import one_hot
from nasbench_harness.settings import Settings


class RandomSettings(Settings):
    """Random search has none: its budget is the number of steps."""


class RandomSearch:
    """One uniform architecture a step."""

    Settings = RandomSettings
    version = "1"
    queries = True
    recipes = {  # noqa: RUF012 - ClassVar by the contract
        name: Recipe(
            epochs=100,
            steps=100,
            source="design decision of this project: 100 queries, for the embedded table has no"
            " training times to simulate the authors' budget with",
        )
        for name in ("landscape", "nb201")
    }

    def __init__(self, problem: Problem, settings: RandomSettings, seed: int) -> None:
        self.problem, self.space = problem, problem.space
        self.generator = torch.Generator().manual_seed(seed)
        self.best: Architecture = self.space.sample(self.generator)
        self.best_score = float("-inf")

    @classmethod
    def requires(cls, settings: RandomSettings) -> Sequence[type]:
        """No optional capability."""
        return ()

    def step(self) -> Log:
        """Draw, ask, keep the better."""
        candidate = self.space.sample(self.generator)
        score = self.problem.score(candidate)
        if score > self.best_score:
            self.best, self.best_score = candidate, score
        return {"score": score, "best_score": self.best_score}

    def scores(self) -> Tensor:
        """One-hot of the best architecture so far."""
        choices = torch.tensor(self.best.choices)
        return one_hot(choices, self.space.mask.shape[1], self.problem.dtype)

    def architecture(self) -> Architecture:
        """The best architecture so far."""
        return self.best

    def state_dict(self) -> dict[str, Any]:
        """The best so far and the generator."""
        return {
            "best": list(self.best.choices),
            "best_score": self.best_score,
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self.best = self.space.architecture(state["best"])
        self.best_score = state["best_score"]
        self.generator.set_state(state["generator"])
