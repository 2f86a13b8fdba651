"""SNAS: Stochastic Neural Architecture Search (Xie et al., ICLR 2019, arXiv 1812.09926).

The mixing weights of an edge are a concrete (Gumbel-softmax) sample at a temperature that falls
towards 0, where samples are architectures. Alpha and network weights descend the same training
loss, in one pass; others run it on two levels, as they run DARTS.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from nasbench_harness.contracts import FittedGradient, Log, Problem
from nasbench_harness.methods.setups.snas import SNASSettings, SNASSetup
from nasbench_harness.methods.shared.perturbed import PerturbedSearcher
from nasbench_harness.methods.shared.relaxations import gumbel_soft


class SNAS(SNASSetup, PerturbedSearcher[SNASSettings]):
    """Gradient through a soft sample.

        zeta = softmax((log p + g) / tau),  p = softmax(alpha),  g ~ Gumbel
        (w, alpha) <- (w - SGD, alpha - Adam) of grad L_train(w, zeta), one pass

    With `levels=two` alpha descends L_val(w, zeta) first, and then w L_train(w, zeta'), zeta' of
    another draw.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=200)
    >>> snas = SNAS(problem, SNASSettings(learning_rate=0.05, weight_decay=0.0), seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = snas.step()
    >>> str(snas.architecture())
    '1-3-0'
    """

    batched = True

    def __init__(self, problem: Problem, settings: SNASSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        with torch.no_grad():
            self.alpha += settings.init_mean

    def step(self) -> Log:
        """One pass for both, or alpha and then the network weights."""
        if self.settings.levels == "single":
            return self.update_both()
        log = self.update_alpha()
        with torch.no_grad():
            sample = self.sample()
        return log | self.problem.fit(sample)

    def sample(self) -> Tensor:
        """zeta [D, K]: rows on the simplex, 0 where masked."""
        return gumbel_soft(self.perturbed(), self.temperature)

    def update_both(self) -> Log:
        """Network weights and alpha along the gradients of one training loss."""
        zeta = self.sample()
        log, gradient = cast("FittedGradient", self.problem).fit_gradient(zeta.detach())
        self.descend((zeta * gradient).sum(dim=(-2, -1)), self.settings.clip_norm)
        return {**log, "temperature": self.told_temperature()}

    def update_alpha(self) -> Log:
        """Descend the validation loss of a soft sample."""
        loss = self.loss_at(self.sample())
        self.descend(loss, self.settings.clip_norm)
        return {"valid_loss": loss.detach(), "temperature": self.told_temperature()}

    def loss_at(self, zeta: Tensor) -> Tensor:
        """Mean validation loss of a sample."""
        return self.problem.losses(zeta, "valid").mean(dim=-1)

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """The gradient at a fresh sample, which is not shortened."""
        return self.gradient(self.loss_at(self.sample()))
