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

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import Log, Multilinear, Problem, held_down
from nasbench_harness.methods.setups.unas import UNASSettings, UNASSetup, check_parts
from nasbench_harness.methods.shared.costs import CostTerm, LinearCost
from nasbench_harness.methods.shared.factorised import FactorisedSearcher, first
from nasbench_harness.methods.shared.factors import FactoredProblem, heavy_options
from nasbench_harness.methods.shared.parts import by_part, for_each
from nasbench_harness.methods.shared.placed import placed
from nasbench_harness.methods.shared.relaxations import Sample
from nasbench_harness.methods.shared.scaledcost import ScaledCost, ScaledTerm
from nasbench_harness.methods.shared.schedules import cosine, fading, growth, ramp

ANNEALED = 0.8
"""Share of the search after which a scaled cost has its last weight and no entropy beside it."""
SPREAD_SAMPLES = 400
"""Architectures by which spreads are measured."""


class UNAS(UNASSetup, FactorisedSearcher[UNASSettings]):
    """Unbiased gradients of an expected loss, differentiable or not.

        g = [L(z) - c(zeta)] grad log p(z) + grad c(zeta) - grad c(zeta~)
        L = L_train + 0.5 |L_val - L_train|

    A cost held down adds kappa times the same g, of L = relu(cost - target) at a sample of its own
    and with a c of its own, a fitted linear model; several add the sum of theirs. On landscapes
    costs are scaled to the loss, which is ours: see `ScaledCost`.

    With several `arch_samples` a step follows the mean of as many independent g, as the authors'
    devices do: each has samples of its own, also of the cost, and on images an equal part of the
    batch.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=300)
    >>> unas = UNAS(problem, UNASSettings(learning_rate=0.1, gap_weight=0.0), seed=0)
    >>> for _ in range(300):
    ...     problem.advance()
    ...     log = unas.step()
    >>> str(unas.architecture())
    '2-3-0'
    """

    batched = True
    own = ("baseline", "updates")

    def __init__(self, problem: Problem, settings: UNASSettings, seed: int) -> None:
        super().__init__(problem, settings, seed, settings.least_weight, settings.arch_samples)
        self.images = 0 if isinstance(problem, Multilinear) else problem.batch_size
        check_parts(self.images, settings.arch_samples)
        self.baseline = torch.zeros((), dtype=problem.dtype, device=problem.device)
        self.cost = self._cost_term(held_down(settings.cost, settings.cost_target))
        self.updates = 0  # of the logits, so far

    def _cost_term(self, held: Iterable[tuple[str, float]]) -> CostTerm:
        """Of costs with their targets; of none a term that is never asked."""
        if self.scaled:
            return ScaledTerm([ScaledCost(self.problem, what, free) for what, free in held])
        return CostTerm([LinearCost(self.problem, what, free) for what, free in held])

    @property
    def on_host(self) -> bool:
        """Does what was drawn say what runs or is asked for a cost, or what is left out.

        Where every example has an architecture of its own, of which all options are run, alpha
        stays on the device, and no step waits for it.
        """
        asked = not self.per_example or self.settings.cost != "none"
        return asked or (
            isinstance(self.problem, FactoredProblem) and self.problem.least_weight > 0
        )

    # --- one step (section "one step, in order" of the authors' code) --------------------------

    def step(self) -> Log:
        """Logits first, then the network weights, on the same architecture samples."""
        sample = self.sample(self.samples)
        log: Log = {}
        if self.problem.progress.epoch >= self.settings.warmup_epochs:
            log = self.update_logits(sample)
        soft = self.dealt(self.heavy(sample.soft.detach()))
        return log | self.problem.fit(*self.on_device(soft))

    def update_logits(self, sample: Sample) -> Log:
        """One Adam step along the estimated gradient of the expected loss."""
        surrogate, log = self.surrogate(sample)
        if self.settings.control_variate == "baseline":  # 0.1 old + 0.9 new, as in the code
            self.baseline = 0.1 * self.baseline + 0.9 * log["discrete_loss"]
        self.optimizer.param_groups[0]["lr"] = self.learning_rate()
        self.descend(surrogate)
        self.updates += 1
        return log

    def surrogate(self, sample: Sample) -> tuple[Tensor, Log]:
        """A scalar whose gradient is g, with what is worth logging of it."""
        with torch.no_grad():
            loss = self.objective(sample.discrete, self.only(sample))
        *soft, log_p = self.on_device(sample.soft, also=sample.log_p)
        control = self.control(replace(sample, soft=soft[0]))
        if self.samples > 1:
            log_p = for_each(log_p, self.images, -1)
        surrogate = score_function(loss, control, log_p).mean(dim=-1)
        log: Log = {"discrete_loss": loss.mean(dim=-1)}
        if self.settings.control_variate == "loss":
            log["soft_loss"] = control.detach().mean(dim=-1)
        terms = []
        if self.settings.cost != "none":
            terms.append(self.cost_surrogate())
            log |= {**self.cost.errors, "cost_weight": self.cost_coefficient()}
        if weight := self.entropy_coefficient():
            terms.append(-weight * self.entropy())
        return reduce(add, placed(self.problem.device, *terms), surrogate), log

    def objective(self, weights: Tensor, active: Tensor | None = None) -> Tensor:
        """L_train + gap_weight |L_val - L_train| per example [..., B] (eq. 11).

        And where cells choose two paths a node, what it costs to choose one twice.
        """
        (weights,) = self.on_device(self.dealt(weights))
        loss = self.generalisation(weights, active)
        if isinstance(self.problem, FactoredProblem) and (of := self.settings.duplicate_weight):
            (overlap,) = placed(self.problem.device, self.problem.factorised.overlap(weights))
            loss = loss + of * overlap
        return loss

    def generalisation(self, weights: Tensor, active: Tensor | None) -> Tensor:
        """The same without the penalty."""
        train = self.problem.losses(weights, "train", active)
        if not self.settings.gap_weight:
            return train
        valid = self.problem.losses(weights, "valid", active)
        if self.settings.gap == "per_example":
            return train + self.settings.gap_weight * (valid - train).abs()
        train, valid = (by_part(of, self.settings.arch_samples, -1) for of in (train, valid))
        gap = valid.mean(dim=-1, keepdim=True) - train.mean(dim=-1, keepdim=True)
        return (train + self.settings.gap_weight * gap.abs()).flatten(-2)

    def control(self, sample: Sample) -> Tensor:
        """c(zeta): the same objective of the soft samples; or a baseline, which is 0 if unused."""
        if self.settings.control_variate == "loss":
            return self.objective(self.heavy(sample.soft))
        return self.baseline.unsqueeze(-1)

    def cost_surrogate(self) -> Tensor:
        """The same of kappa relu(cost(z) - target), with a linear model of the cost as c.

        Of several costs it is of their sum, at the same samples. It draws architectures of its
        own; as published one, as the authors' code does on every device.
        """
        self.prepare_cost()
        parts = self.settings.arch_samples
        if not self.scaled:
            sample = self.sample(parts)
            published = [
                score_function(self.cost.excess(z), self.cost.predicted_excess(soft), log_p)
                for z, soft, log_p in zip(sample.discrete, sample.soft, sample.log_p, strict=True)
            ]
            return self.cost_coefficient() * torch.stack(published).mean()
        sample = self.sample(parts * self.settings.cost_samples)
        excesses = [self.cost.excess(z) for z in sample.discrete]
        predicted = self.cost.predicted_excess(sample.soft)
        terms = score_function(predicted.new_tensor(excesses), predicted, sample.log_p)
        return self.cost_coefficient() * terms.mean()

    @torch.no_grad()
    def prepare_cost(self) -> None:
        """Fit the models of the costs, once; where these are scaled, to the losses of now."""
        if self.cost.fitted:
            return
        drawn = self.sample(self.settings.cost_fit_samples).discrete
        self.cost.fit(drawn)
        if isinstance(self.cost, ScaledTerm):
            self.cost.measure_spreads(drawn[:SPREAD_SAMPLES], self.loss_of)

    def loss_of(self, discrete: Tensor) -> float:
        """The mean loss of one architecture, a one-hot [D, K], on the batch of now."""
        weights = discrete.expand(self.samples, -1, -1)
        active = None if self.per_example else discrete.bool()
        return float(self.objective(weights, active).mean())

    # --- samples -------------------------------------------------------------------------------

    @property
    def per_example(self) -> bool:
        """Is one architecture drawn per example, and not one for the whole batch."""
        return self.settings.sample_per == "example"

    @property
    def samples(self) -> int:
        """Architectures drawn in a step."""
        parts = self.settings.arch_samples
        if not self.per_example or self.images:
            return self.images if self.per_example else parts
        return parts * max(self.problem.batch_size, self.settings.cost_samples * self.scaled)

    def dealt(self, samples: Tensor) -> Tensor:
        """Samples [..., n, D, K] as a batch takes them: one for all [..., D, K], or one each."""
        if not self.per_example and samples.shape[-3] == 1:
            return first(samples)
        return for_each(samples, self.images, -3)

    def only(self, sample: Sample) -> Tensor | None:
        """What any z chooses, on the host, where not every example has its own: no more is run."""
        return None if self.per_example else sample.discrete.bool().any(dim=-3)

    def on_device(self, weights: Tensor, also: Tensor | None = None) -> tuple[Tensor, ...]:
        """Weights of networks where these run, and what else has a gradient there.

        By factors the problem brings what they expand to there.
        """
        beside = () if also is None else (also,)
        if isinstance(self.problem, FactoredProblem):
            return weights, *placed(self.problem.device, *beside)
        return placed(self.problem.device, weights, *beside)

    def heavy(self, soft: Tensor) -> Tensor:
        """Soft samples as networks mix them: without options of hardly any weight.

        By factors the problem leaves them out, of what they expand to.
        """
        if isinstance(self.problem, FactoredProblem):
            return soft
        return heavy_options(soft, self.settings.least_weight, self.settings.arch_samples)

    @property
    def scaled(self) -> bool:
        """Is a cost held in units of the loss."""
        return self.settings.cost != "none" and self.settings.cost_form == "scaled"

    # --- schedules -----------------------------------------------------------------------------

    @property
    def after_warmup(self) -> bool:
        """Do schedules begin after the warm-up, and not with the search."""
        return self.settings.schedules == "after_warmup"

    def cost_coefficient(self) -> float:
        """kappa_t: 0 at first, `cost_weight` after `cost_ramp` steps; scaled, it grows on."""
        step = self.updates if self.after_warmup else self.problem.progress.step
        settings = self.settings
        if not self.scaled:
            return ramp(settings.cost_weight, step, settings.cost_ramp)
        begun, ended = settings.cost_ramp, ANNEALED * self.problem.progress.steps
        grown = growth(settings.cost_growth, step - begun, ended - begun)
        return ramp(settings.cost_share, step, settings.cost_ramp) * grown

    def entropy_coefficient(self) -> float:
        """Of the bonus: constant as published, and with a scaled cost what fades beside it."""
        weight = self.settings.entropy_weight
        if not isinstance(self.cost, ScaledTerm):
            return weight
        self.prepare_cost()
        progress = self.problem.progress
        left = fading(self.settings.cost_entropy, progress.step, ANNEALED * progress.steps)
        return weight + left * self.cost.loss_spread

    def learning_rate(self) -> float:
        """Adam's step now: a cosine over the epochs, or constant."""
        low, high = self.settings.learning_rate_min, self.settings.learning_rate
        high *= self.settings.cost_rate if self.scaled else 1.0
        if low is None:
            return high
        progress = self.problem.progress
        begun = self.settings.warmup_epochs if self.after_warmup else 0
        return cosine(high, low, progress.epoch - begun, progress.epochs - begun)

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """The gradient of fresh samples, with the terms of cost and entropy."""
        return self.gradient(self.surrogate(self.sample(self.samples))[0])

    def exact(self) -> Tensor:
        """Gradient of E[L(z)], the expected cost and the entropy under p; no relaxation in it."""
        p = self.log_probabilities().exp()
        loss = self.objective(p.unsqueeze(0)).mean()
        if self.settings.cost != "none":
            if self.scaled:
                self.prepare_cost()
            cost = self.cost_coefficient() * self.cost.expected_excess(p)
            loss = loss + placed(self.problem.device, cost)[0]
        if weight := self.entropy_coefficient():
            loss = loss - weight * placed(self.problem.device, self.entropy())[0]
        return self.gradient(loss)

    # --- runs and state ------------------------------------------------------------------------

    @classmethod
    def joins(cls, settings: UNASSettings) -> bool:
        """Not where every run fits a cost model of its own, nor with several samples of a step."""
        return super().joins(settings) and settings.cost == "none" and settings.arch_samples == 1

    def state_dict(self) -> dict[str, Any]:
        """With the reward baseline and the fitted models of costs."""
        return {**super().state_dict(), **self.cost.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        self.baseline = self.baseline.to(self.problem.device)
        self.cost.load_state_dict(state)


def score_function(loss: Tensor | float, control: Tensor, log_p: Tensor) -> Tensor:
    """Whose gradient is [L(z) - c(zeta)] grad log p(z) + grad c(zeta) - grad c(zeta~).

    `control` has the value c(zeta) and the gradient of c(zeta) - c(zeta~); none of a baseline.
    """
    return (loss - control.detach()) * log_p + control
