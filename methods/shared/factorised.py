"""A factorised categorical of architectures, and Gumbel samples of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, cast

from torch import Tensor

from nasbench_harness.contracts import Architecture, Factorised, Problem
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.shared.alpha import AlphaSearcher
from nasbench_harness.methods.shared.factors import FactoredProblem
from nasbench_harness.methods.shared.relaxations import (
    Sample,
    draw,
    entropy,
    masked_log_softmax,
    masked_softmax,
)

S = TypeVar("S", bound=AlphaSettings)


class SamplingSettings(Protocol):
    """What such a method has among its settings."""

    temperature: float
    """Of the soft samples."""
    uniform_clamp: float
    """How far the uniform numbers behind a sample keep from 0 and 1."""
    probability_floor: float
    """What is added to every probability before the logarithm; 0: nothing."""


class FactorisedSearcher(AlphaSearcher[S]):
    """Alpha [D, K] as the logits of p, a categorical of every decision; a method adds its `step`.

    Where the space is no free product but has factors (`Factorised`), these are the decisions:
    alpha, p and samples are [F, M]. The settings have what `SamplingSettings` says.
    """

    mixture: Callable[[], Tensor]
    """Of searches by factors, whose network's rows do not sum to 1; see `MixtureSearcher`."""

    def __init__(
        self, problem: Problem, settings: S, seed: int, least_weight: float = 0.0, parts: int = 1
    ) -> None:
        if isinstance(problem.space, Factorised):
            problem = cast("Problem", FactoredProblem(problem, least_weight, parts))
            self.mixture = self.scores
        super().__init__(problem, settings, seed)

    def sample(self, count: int) -> Sample:
        """`count` architectures z with their soft counterparts zeta and log p(z)."""
        settings = cast("SamplingSettings", self.settings)
        clamp = settings.uniform_clamp
        uniforms = self.uniform((count, *self.mask.shape)).clamp(clamp, 1 - clamp)
        return draw(self.log_probabilities(), uniforms, settings.temperature)

    def log_probabilities(self) -> Tensor:
        """log p [D, K] of the (softened) logits; minus infinity where masked."""
        floor = cast("SamplingSettings", self.settings).probability_floor
        if not floor:
            return masked_log_softmax(self.alpha, self.mask)
        floored = masked_softmax(self.alpha, self.mask) + floor
        return masked_log_softmax(floored.log(), self.mask)

    def entropy(self) -> Tensor:
        """Summed entropy of the decisions, in nats."""
        return entropy(self.log_probabilities(), self.mask).sum(dim=-1)

    def probabilities(self) -> Tensor:
        """p, detached; 0 where masked."""
        return self.log_probabilities().detach().exp()

    def scores(self) -> Tensor:
        """p, or what it expands to: the expected number of paths with each operation."""
        p = self.probabilities()
        return self.problem.expand(p) if isinstance(self.problem, FactoredProblem) else p

    def architecture(self) -> Architecture:
        """The most probable option of every decision."""
        return self.problem.space.derive(self.probabilities())


def first(samples: Tensor) -> Tensor:
    """[..., D, K]: the first of n samples [..., n, D, K]."""
    return samples[..., 0, :, :]
