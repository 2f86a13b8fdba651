"""UNAS: Differentiable Architecture Search Meets RL (Vahdat et al., CVPR 2020, arXiv 1912.07651).

Minimises the expected loss of discrete architectures z ~ p with an unbiased score-function
gradient. Its control variate is the same loss at a correlated Gumbel-softmax sample zeta, whose own
gradient is put back through a second sample zeta~ that is conditioned on z (REBAR, Tucker et al.
2017, arXiv 1703.07370):

    g = [L(z) - c(zeta)] grad log p(z) + grad c(zeta) - grad c(zeta~).

Whatever c is, g is unbiased; a good c only makes it quieter. So losses that cannot be
differentiated, such as a latency, are treated in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Self, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, EnumerableSpace, Log, Problem
from nasbench_harness.methods.setups.unas import UNASSettings, UNASSetup
from nasbench_harness.methods.shared.alpha import AlphaSearcher
from nasbench_harness.methods.shared.relaxations import (
    Sample,
    draw,
    entropy,
    masked_log_softmax,
    masked_softmax,
)


class UNAS(UNASSetup, AlphaSearcher[UNASSettings]):
    """Unbiased gradients of an expected loss, differentiable or not."""

    batched = True

    def __init__(self, problem: Problem, settings: UNASSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.baseline = torch.zeros((), **self._like())
        self.cost_error = 0.0  # of the linear model, in the cost's unit
        self.cost_model: Tensor | None = None  # [D * K + 1] weights, then the bias
        self.updates = 0  # of the logits, so far

    @classmethod
    def joins(cls, settings: UNASSettings) -> bool:
        """Not where every run fits a cost model of its own."""
        return super().joins(settings) and settings.cost == "none"

    @classmethod
    def join(cls, searchers: Sequence[Self], problem: Problem) -> Self:
        """With the reward baselines [R]."""
        joint = super().join(searchers, problem)
        joint.baseline = torch.stack([searcher.baseline for searcher in searchers])
        return joint

    def part(self, searchers: Sequence[Self]) -> None:
        """With its baseline and the count of updates."""
        super().part(searchers)
        for searcher, baseline in zip(searchers, self.baseline, strict=True):
            searcher.baseline, searcher.updates = baseline.clone(), self.updates

    # --- one step (section "one step, in order" of the authors' code) -------------------------

    def step(self) -> Log:
        """Logits first, then the network weights, on the same architecture samples."""
        sample = self.sample(self.samples)
        log: Log = {}
        if self.problem.progress.epoch >= self.settings.warmup_epochs:
            log = self.update_logits(sample)
        mixed = self.heavy(sample.soft.detach())
        per_example = self.settings.sample_per == "example"
        return log | self.problem.fit(mixed if per_example else first(mixed))

    def update_logits(self, sample: Sample) -> Log:
        """One Adam step along the estimated gradient of the expected loss."""
        surrogate, discrete, log = self.surrogate(sample)
        if self.settings.control_variate == "baseline":  # 0.1 old + 0.9 new, as in the code
            self.baseline = 0.1 * self.baseline + 0.9 * discrete.mean(dim=-1)
        self._set_learning_rate()
        self.descend(surrogate)
        if self.settings.cost != "none":
            log |= {"cost_model_error": self.cost_error, "cost_weight": self.cost_coefficient()}
        self.updates += 1
        return {"discrete_loss": discrete.mean(dim=-1), **log}

    def surrogate(self, sample: Sample) -> tuple[Tensor, Tensor, Log]:
        """A scalar whose gradient is the estimator; L(z) [..., B] without gradient; what to log."""
        with torch.no_grad():
            discrete = self.objective(sample.discrete, self.only(sample))
        surrogate, log = self.loss_surrogate(discrete, sample)
        if self.settings.cost != "none":
            surrogate = surrogate + self.cost_surrogate()
        if self.settings.entropy_weight:
            surrogate = surrogate - self.settings.entropy_weight * self.entropy()
        return surrogate, discrete, log

    def loss_surrogate(self, discrete: Tensor, sample: Sample) -> tuple[Tensor, Log]:
        """The part of the loss; `discrete` is L(z) [..., B], no gradient."""
        if self.settings.control_variate == "loss":
            continuous = self.objective(self.heavy(sample.soft))
            advantage = (discrete - continuous).detach()
            loss = (advantage * sample.log_p + continuous).mean(dim=-1)
            return loss, {"soft_loss": continuous.detach().mean(dim=-1)}
        baseline = self.baseline.unsqueeze(-1)
        return ((discrete - baseline) * sample.log_p).mean(dim=-1), {}

    @property
    def samples(self) -> int:
        """Architectures drawn in a step."""
        return self.problem.batch_size if self.settings.sample_per == "example" else 1

    def only(self, sample: Sample) -> Tensor | None:
        """The choices of z where one z serves the whole batch, on the host: nothing else is run."""
        one = self.settings.sample_per == "batch"
        return first(sample.discrete).bool().cpu() if one else None

    def objective(self, weights: Tensor, active: Tensor | None = None) -> Tensor:
        """L_train + gap_weight |L_val - L_train| per example [..., B] (eq. 11)."""
        if self.settings.sample_per == "batch":
            weights = first(weights)
        train = self.problem.losses(weights, "train", active)
        if not self.settings.gap_weight:
            return train
        valid = self.problem.losses(weights, "valid", active)
        if self.settings.gap == "per_example":
            return train + self.settings.gap_weight * (valid - train).abs()
        gap = valid.mean(dim=-1, keepdim=True) - train.mean(dim=-1, keepdim=True)
        return train + self.settings.gap_weight * gap.abs()

    def heavy(self, soft: Tensor) -> Tensor:
        """Soft samples [..., n, D, K] as networks mix them: without options of hardly any weight.

        What is left is not renormalised. An option stays for all n samples if it weighs enough in
        one of them.
        """
        if not self.settings.least_weight:
            return soft
        return soft * (soft.detach().amax(dim=-3, keepdim=True) >= self.settings.least_weight)

    # --- sampling ------------------------------------------------------------------------------

    def log_probabilities(self) -> Tensor:
        """log p [D, K] of the (softened) logits; minus infinity where masked."""
        if not self.settings.probability_floor:
            return masked_log_softmax(self.alpha, self.mask)
        floored = masked_softmax(self.alpha, self.mask) + self.settings.probability_floor
        return masked_log_softmax(floored.log(), self.mask)

    def sample(self, count: int) -> Sample:
        """`count` architectures with their soft counterparts."""
        clamp = self.settings.uniform_clamp
        uniforms = self.uniform((count, *self.mask.shape)).clamp(clamp, 1 - clamp)
        return draw(self.log_probabilities(), uniforms, self.settings.temperature)

    def entropy(self) -> Tensor:
        """Summed entropy of the decisions, in nats."""
        return entropy(self.log_probabilities(), self.mask).sum(dim=-1)

    def scores(self) -> Tensor:
        """p, 0 where masked."""
        return self.log_probabilities().detach().exp()

    # --- cost ----------------------------------------------------------------------------------

    def cost_surrogate(self) -> Tensor:
        """kappa_t relu(cost(z) - target), with a linear model of the cost as control variate.

        It draws one architecture of its own, as the authors' code does.
        """
        if self.cost_model is None:
            self.cost_model, self.cost_error = self.fit_cost_model()
        sample = self.sample(1)
        target = self.settings.cost_target
        measured = max(self.measure(sample.discrete[0]) - target, 0.0)
        predicted = (linear(self.cost_model, sample.soft[0]) - target).relu()
        surrogate = (measured - predicted.detach()) * sample.log_p[0] + predicted
        return self.cost_coefficient() * surrogate

    def cost_coefficient(self) -> float:
        """kappa_t: 0 at first, `cost_weight` after `cost_ramp` steps."""
        after_warmup = self.settings.schedules == "after_warmup"
        step = self.updates if after_warmup else self.problem.progress.step
        return self.settings.cost_weight * min(step / self.settings.cost_ramp, 1.0)

    def measure(self, discrete: Tensor) -> float:
        """Cost of a one-hot [D, K], in the unit that it is told in."""
        return self.cost_of(self.problem.space.derive(discrete))

    def cost_of(self, arch: Architecture) -> float:
        """The same of an architecture."""
        cost = self.problem.cost(arch, self.settings.cost)
        return self.problem.costs[self.settings.cost].shown(cost)

    def fit_cost_model(self) -> tuple[Tensor, float]:
        """Ridge regression (coefficient 1) of the cost on one-hot architectures drawn from p.

        Fitted on 80 % of them; with the root mean squared error on the rest.
        """
        with torch.no_grad():
            drawn = self.sample(self.settings.cost_fit_samples).discrete
        fitted = len(drawn) * 4 // 5
        model = fit_linear(drawn[:fitted], self.measure, ridge=1.0)
        errors = [self.measure(z) - float(linear(model, z)) for z in drawn[fitted:]]
        return model, math.sqrt(sum(error**2 for error in errors) / len(errors))

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """The gradient of fresh samples, with the terms of cost and entropy."""
        surrogate, _, _ = self.surrogate(self.sample(self.samples))
        return self.gradient(surrogate)

    def exact(self) -> Tensor:
        """Gradient of E[L(z)], the expected cost and the entropy under p; no relaxation in it.

        The expected cost is a sum over the whole space.
        """
        p = self.log_probabilities().exp()
        loss = self.objective(p.unsqueeze(0)).mean()
        if self.settings.cost != "none":
            loss = loss + self.cost_coefficient() * self.expected_excess(p)
        if self.settings.entropy_weight:
            loss = loss - self.settings.entropy_weight * self.entropy()
        return self.gradient(loss)

    def expected_excess(self, p: Tensor) -> Tensor:
        """E over z ~ p of what the cost exceeds its target by, a decision after the other."""
        expected = self.excess
        for row in p.flip(0):
            expected = expected @ row[: expected.shape[-1]]
        return expected

    @cached_property
    def excess(self) -> Tensor:
        """What the cost of every architecture exceeds its target by; one axis per decision."""
        space = cast("EnumerableSpace", self.problem.space)  # as every landscape is
        options = [len(decision.options) for decision in space.decisions]
        costs = [self.cost_of(arch) for arch in space.enumerate()]
        excess = (torch.tensor(costs, **self._like()) - self.settings.cost_target).relu()
        return excess.reshape(options)

    # --- state ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """With the reward baseline and the fitted cost model."""
        own = {
            "baseline": self.baseline,
            "cost_model": self.cost_model,
            "cost_error": self.cost_error,
            "updates": self.updates,
        }
        return {**super().state_dict(), **own}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        device = self.problem.device
        self.baseline = state["baseline"].to(device)
        model, self.cost_error = state["cost_model"], state["cost_error"]
        self.cost_model = None if model is None else model.to(device)
        self.updates = state.get("updates", 0)  # checkpoints of earlier versions have none

    def _set_learning_rate(self) -> None:
        low, high = self.settings.learning_rate_min, self.settings.learning_rate
        if low is not None:
            progress = self.problem.progress
            after_warmup = self.settings.schedules == "after_warmup"
            first = self.settings.warmup_epochs if after_warmup else 0
            passed, all_epochs = progress.epoch - first, progress.epochs - first
            share = (1 + math.cos(math.pi * passed / all_epochs)) / 2
            self.optimizer.param_groups[0]["lr"] = low + (high - low) * share


def first(samples: Tensor) -> Tensor:
    """[..., D, K]: the first of n samples [..., n, D, K]."""
    return samples[..., 0, :, :]


def fit_linear(drawn: Tensor, measure: Callable[[Tensor], float], ridge: float) -> Tensor:
    """[D * K + 1] coefficients (bias last) of a ridge regression on the drawn samples."""
    costs = [measure(sample) for sample in drawn]
    x = torch.cat([drawn.flatten(1), drawn.new_ones(len(drawn), 1)], dim=1)
    y = torch.tensor(costs, dtype=drawn.dtype, device=drawn.device)
    gram = x.T @ x + ridge * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    solved: Tensor = torch.linalg.solve(gram, x.T @ y)
    return solved


def linear(coefficients: Tensor, weights: Tensor) -> Tensor:
    """The fitted cost of weights [D, K]."""
    return weights.flatten() @ coefficients[:-1] + coefficients[-1]
