"""What query methods share: asking for single architectures and remembering the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Log, Problem, SearchSpace, StandAloneAccuracy
from nasbench_harness.methods.shared.relaxations import one_hot
from nasbench_harness.settings import Settings

S = TypeVar("S", bound=Settings)


def query(problem: Problem, arch: Architecture) -> float:
    """What the architecture is worth, trained alone: percent of an accuracy, else in its unit.

    The problem has the capability, for methods require it.
    """
    return cast("StandAloneAccuracy", problem).query(arch)


def whole(problem: Problem) -> float:
    """How much of that is a loss of 1: 100 of an accuracy, unless the problem says another."""
    return float(getattr(problem, "whole", 100.0))


def restored(space: SearchSpace, saved: str | Sequence[int]) -> Architecture:
    """The architecture of a saved state: its text; earlier versions wrote an option a decision."""
    if isinstance(saved, str):
        return space.parse(saved)
    return space.derive(one_hot(torch.tensor(saved), space.mask.shape[1], torch.float32))


class QuerySearcher(Generic[S]):
    """A searcher that asks for one architecture a step; a method adds its `step`."""

    queries = True

    def __init__(self, problem: Problem, settings: S, seed: int) -> None:
        self.problem, self.space, self.settings = problem, problem.space, settings
        self.generator = torch.Generator().manual_seed(seed)
        self.best: Architecture = self.space.sample(self.generator)
        self.best_score = float("-inf")

    @classmethod
    def requires(cls, settings: S) -> Sequence[type]:
        """Accuracies of single architectures, as one would train them."""
        return (StandAloneAccuracy,)

    def ask(self, arch: Architecture) -> Log:
        """One query; remembers the best answer."""
        score = query(self.problem, arch)
        if score > self.best_score:
            self.best, self.best_score = arch, score
        return {"score": score, "best_score": self.best_score}

    def scores(self) -> Tensor:
        """The weights of the best architecture so far."""
        return self.space.weights(self.best).to(self.problem.device, self.problem.dtype)

    def architecture(self) -> Architecture:
        """The best architecture of the whole history."""
        return self.best

    def state_dict(self) -> dict[str, Any]:
        """The best so far and the generator."""
        return {
            "best": str(self.best),
            "best_score": self.best_score,
            "generator": self.generator.get_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        self.best = restored(self.space, state["best"])
        self.best_score = state["best_score"]
        self.generator.set_state(state["generator"].cpu())
