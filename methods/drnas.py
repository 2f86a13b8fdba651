"""DrNAS: Dirichlet Neural Architecture Search (Chen et al., ICLR 2021, arXiv 2006.10355).

The mixing weights of an edge are a sample of a Dirichlet distribution with concentration
beta = elu(alpha) + 1. Alpha descends the validation loss through the sample (pathwise gradient);
an anchor pulls beta towards 1, the uniform distribution over the simplex. There is no temperature.

Progressive learning (section 3.3) searches in stages: at the start of a later one every decision
keeps only its best options, and more channels pass through the operations of the supernet.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import elu

from nasbench_harness.contracts import Log
from nasbench_harness.methods.setups.drnas import DrNASSettings, DrNASSetup
from nasbench_harness.methods.shared.composed import ComposedSearcher
from nasbench_harness.methods.shared.relaxations import dirichlet


class DrNAS(DrNASSetup, ComposedSearcher[DrNASSettings]):
    """Pathwise gradient through Dirichlet samples, a fresh one in every forward pass.

        theta ~ Dirichlet(beta),  beta = elu(alpha) + 1
        alpha <- alpha - Adam(grad_alpha L_val(w, theta) + lambda alpha)
        w     <- w - SGD(grad_w L_train(w, theta')),  theta' another sample

    lambda alpha, the default anchor, is weight decay: it pulls alpha to 0 and so beta to 1. With
    `anchor=kl` it is lambda grad_alpha KL(Dirichlet(beta) || Dirichlet(1)) instead.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=200)
    >>> drnas = DrNAS(problem, DrNASSettings(learning_rate=0.05, anchor="none"), seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = drnas.step()
    >>> str(drnas.architecture())
    '2-0-0'
    """

    batched = True

    def adam(self, parameters: Any) -> torch.optim.Adam:
        """Adam, whose weight decay carries the l2 anchor."""
        optimizer = super().adam(parameters)
        if self.settings.anchor == "l2":
            optimizer.param_groups[0]["weight_decay"] += self.settings.anchor_weight
        return optimizer

    def step(self) -> Log:
        """Alpha on the validation batch, then the network weights on the train batch."""
        self.begin_stage()
        if self.ends():
            return {"early_stop": 1.0}
        log: Log = {} if self.warming_up else self.update_alpha()
        with torch.no_grad():
            weights = self.sample()
        return log | self.fit(weights)

    # --- one step of alpha ---------------------------------------------------------------------

    def update_alpha(self) -> Log:
        """Descend E[L_val(theta)] (eq. 3) with the anchor."""
        loss = self.loss_at(self.sample())
        self.descend(self.anchored(loss), self.settings.clip_norm)
        return {"valid_loss": loss.detach(), "concentration": self.total_concentration()}

    def loss_at(self, theta: Tensor) -> Tensor:
        """Mean validation loss of a mixture."""
        return self.problem.losses(self.composed(theta), "valid", self.active).mean(dim=-1)

    def anchored(self, loss: Tensor) -> Tensor:
        """With the KL anchor; the l2 anchor is Adam's weight decay."""
        if self.settings.anchor != "kl":
            return loss
        return loss + self.settings.anchor_weight * self.divergence()

    def concentration(self) -> Tensor:
        """beta = elu(alpha) + 1, positive: [D, K]; a constant 1 where the option was dropped."""
        beta = (elu(self.alpha) + 1).clamp(min=self.settings.concentration_floor)
        return beta if self.dropped is None else beta.masked_fill(self.dropped, 1.0)

    @torch.no_grad()
    def total_concentration(self) -> Tensor:
        """Sum of beta over a decision's options, mean over decisions: samples are soft if large."""
        kept = self.mask if self.dropped is None else self.mask & ~self.dropped
        return (self.concentration() * kept).sum(dim=-1).mean(dim=-1)

    def sample(self) -> Tensor:
        """theta ~ Dirichlet(beta) per decision; options that do not exist get 0.

        Zeroing and renormalising a Dirichlet sample leaves a Dirichlet sample of the rest.
        """
        theta = dirichlet(self.concentration(), self.generators or self.generator)
        if self.active is None:
            return theta
        kept = theta * self.mask
        return kept / kept.sum(dim=-1, keepdim=True)

    def divergence(self) -> Tensor:
        """Sum over decisions of KL(Dirichlet(beta) || Dirichlet(1)), closed form."""
        beta = self.concentration()
        exists = self.mask.to(beta.dtype)
        total = (beta * exists).sum(dim=-1)
        digammas = torch.digamma(beta) - torch.digamma(total).unsqueeze(-1)
        per_option = (beta - 1) * digammas - torch.lgamma(beta)
        per_decision = (per_option * exists).sum(dim=-1)
        return (per_decision + torch.lgamma(total) - torch.lgamma(exists.sum(dim=-1))).sum(dim=-1)

    def scores(self) -> Tensor:
        """softmax(alpha) as in the authors' derivation, or the mean of the Dirichlet."""
        rows = super().scores() if self.settings.scores == "softmax" else self.mean()
        return self.composed(rows).detach()

    def mean(self) -> Tensor:
        """Mean of the Dirichlet among the options that exist, 0 elsewhere: [D, K]."""
        beta = self.concentration() * self.mask
        return beta / beta.sum(dim=-1, keepdim=True)

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """The pathwise gradient at a fresh sample, with the KL anchor."""
        return self.gradient(self.anchored(self.loss_at(self.sample())))

    def exact(self) -> Tensor:
        """Gradient of the loss at the mean mixture, with the KL anchor."""
        return self.gradient(self.anchored(self.loss_at(self.mean())))
