"""DrNAS: Dirichlet Neural Architecture Search (Chen et al., ICLR 2021, arXiv 2006.10355).

The mixing weights of an edge are a sample of a Dirichlet distribution with concentration
beta = elu(alpha) + 1. Alpha descends the validation loss through the sample (pathwise gradient);
an anchor keeps beta near 1, the uniform distribution over the simplex. There is no temperature.

Progressive learning (section 3.3) searches in stages: at the start of a later one every decision
keeps only its best options, and more channels pass through the operations of the supernet.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import elu

from nasbench_harness.contracts import Log, PartialChannels, Problem
from nasbench_harness.methods.setups.drnas import DrNASSettings, DrNASSetup
from nasbench_harness.methods.shared.alpha import AlphaSearcher
from nasbench_harness.methods.shared.relaxations import dirichlet


class DrNAS(DrNASSetup, AlphaSearcher[DrNASSettings]):
    """Pathwise gradient through Dirichlet samples, a fresh one in every forward pass."""

    batched = True

    def __init__(self, problem: Problem, settings: DrNASSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.stage = 0
        self._keep(self.best_options(0))
        if self.requires(settings):
            self._use_channels(0)

    @classmethod
    def joins(cls, settings: DrNASSettings) -> bool:
        """Not where every run drops options of its own."""
        return super().joins(settings) and not settings.kept_options

    def adam(self, parameters: Any) -> torch.optim.Adam:
        """Adam, whose weight decay carries the l2 anchor."""
        optimizer = super().adam(parameters)
        if self.settings.anchor == "l2":
            optimizer.param_groups[0]["weight_decay"] += self.settings.anchor_weight
        return optimizer

    def step(self) -> Log:
        """Alpha on the validation batch, then the network weights on the train batch."""
        epoch = self.problem.progress.epoch
        while self.stage + 1 < self.settings.stages and epoch >= self.first_epoch(self.stage + 1):
            self.next_stage()
        log: Log = {}
        if epoch - self.first_epoch(self.stage) >= self.settings.warmup_epochs:
            log = self.update_alpha()
        with torch.no_grad():
            weights = self.sample()
        return log | self.problem.fit(weights, self.active)

    # --- stages --------------------------------------------------------------------------------

    def first_epoch(self, stage: int) -> int:
        """Where a stage begins: stages are equal shares of the epochs."""
        return math.ceil(stage * self.problem.progress.epochs / self.settings.stages)

    def next_stage(self) -> None:
        """Drop the options with the smallest alpha, and widen what the supernet mixes."""
        self.stage += 1
        self._keep(self.best_options(self.stage))
        if self.requires(self.settings):
            self._use_channels(self.stage)

    def best_options(self, stage: int) -> Tensor:
        """bool [D, K]: of the options that are left, those a stage keeps."""
        if not self.settings.kept_options:
            return self.mask
        count = min(_of_stage(self.settings.kept_options, stage), self.mask.shape[1])
        ranked = self.alpha.detach().masked_fill(~self.mask, -torch.inf)
        best = torch.zeros_like(self.mask).scatter(-1, ranked.topk(count).indices, True)
        return best & self.mask

    def _keep(self, mask: Tensor) -> None:
        """From now on only these options exist; the device is asked once a stage."""
        self.mask = mask
        host, whole = mask.cpu(), self.problem.space.mask.cpu()
        self.active = None if host.all() else host
        self.dropped = None if torch.equal(host, whole) else (whole & ~host).to(mask.device)

    def _use_channels(self, stage: int) -> None:
        problem = cast("PartialChannels", self.problem)
        problem.use_channels(_of_stage(self.settings.partial_channels, stage))

    # --- one step of alpha ---------------------------------------------------------------------

    def update_alpha(self) -> Log:
        """Descend E[L_val(theta)] + anchor (eq. 3)."""
        loss = self.loss_at(self.sample())
        self.descend(self.anchored(loss))
        return {"valid_loss": loss.detach()}

    def loss_at(self, theta: Tensor) -> Tensor:
        """Mean validation loss of a mixture."""
        return self.problem.losses(theta, "valid", self.active).mean(dim=-1)

    def anchored(self, loss: Tensor) -> Tensor:
        """With the KL anchor; the l2 anchor is Adam's weight decay."""
        if self.settings.anchor != "kl":
            return loss
        return loss + self.settings.anchor_weight * self.divergence()

    def descend(self, loss: Tensor) -> None:
        """As ever, but alpha of dropped options stays where it is: no momentum, no decay."""
        if self.dropped is None:
            super().descend(loss)
            return
        before = self.alpha.detach().clone()
        super().descend(loss)
        with torch.no_grad():
            self.alpha.copy_(torch.where(self.dropped, before, self.alpha))

    def concentration(self) -> Tensor:
        """beta = elu(alpha) + 1, positive: [D, K]; a constant 1 where the option was dropped."""
        beta = (elu(self.alpha) + 1).clamp(min=self.settings.concentration_floor)
        return beta if self.dropped is None else beta.masked_fill(self.dropped, 1.0)

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
        if self.settings.scores == "softmax":
            return super().scores()
        return self.mean().detach()

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

    # --- state ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """With the stage and the options that are left."""
        return {**super().state_dict(), "stage": self.stage, "mask": self.mask.clone()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`; the problem restores its channels itself."""
        super().load_state_dict(state)
        self.stage = state["stage"]
        self._keep(state["mask"].to(self.problem.device))


def _of_stage(numbers: Sequence[int], stage: int) -> int:
    """A stage's number; a single one holds for all stages."""
    return numbers[min(stage, len(numbers) - 1)]
