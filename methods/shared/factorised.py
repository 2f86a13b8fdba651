"""A factorised categorical of architectures, and Gumbel samples of it."""

from __future__ import annotations

from typing import Protocol, TypeVar, cast

from torch import Tensor

from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.shared.alpha import AlphaSearcher
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

    The settings have what `SamplingSettings` says.
    """

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

    def scores(self) -> Tensor:
        """p, 0 where masked."""
        return self.log_probabilities().detach().exp()


def heavy_options(soft: Tensor, least: float) -> Tensor:
    """Soft samples [..., n, D, K] as networks mix them: without options that weigh less.

    What is left is not renormalised. An option stays for all n samples if it weighs enough in one
    of them.
    """
    return soft * (soft.detach().amax(dim=-3, keepdim=True) >= least) if least else soft


def first(samples: Tensor) -> Tensor:
    """[..., D, K]: the first of n samples [..., n, D, K]."""
    return samples[..., 0, :, :]
