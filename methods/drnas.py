"""DrNAS: Dirichlet Neural Architecture Search (Chen et al., ICLR 2021, arXiv 2006.10355).

The mixing weights of an edge are a sample of a Dirichlet distribution with concentration
beta = elu(alpha) + 1. Alpha descends the validation loss through the sample (pathwise gradient);
an anchor keeps beta near 1, the uniform distribution over the simplex. There is no temperature.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import FunctionCtx
from torch.nn.functional import elu

from nasbench_harness.contracts import Log, Recipe
from nasbench_harness.methods.alpha import AlphaSearcher, AlphaSettings
from nasbench_harness.settings import setting


class DrNASSettings(AlphaSettings):
    """The authors' values for NAS-Bench-201."""

    anchor: Literal["l2", "kl", "none"] = setting(
        "l2", "what keeps the concentration near 1: L2 on alpha (authors' default), KL, or nothing"
    )
    anchor_weight: float = setting(1e-3, "weight of the anchor", ge=0)
    weight_decay: float = setting(0.0, "further L2 on alpha; the l2 anchor is added to it", ge=0)
    concentration_floor: float = setting(
        0.0, "smallest concentration; above 0 tames very negative alpha (our addition)", ge=0
    )
    warmup_epochs: int = setting(
        0, "epochs at the start that leave alpha alone", unit="epochs", ge=0
    )
    scores: Literal["softmax", "mean"] = setting(
        "softmax", "what edges are ranked by: softmax of alpha (authors' code) or Dirichlet mean"
    )


class DrNAS(AlphaSearcher[DrNASSettings]):
    """Pathwise gradient through Dirichlet samples, a fresh one in every forward pass."""

    Settings = DrNASSettings
    version = "1"
    recipes = {  # noqa: RUF012 - ClassVar by the contract
        "landscape": Recipe(
            epochs=100,
            steps=2000,
            source="design decision of this project: Adam 0.05, no anchor, 2,000 steps",
            settings={"learning_rate": 0.05, "anchor": "none"},
        ),
        "nb201": Recipe(
            epochs=100,
            source="DrNAS authors' code, NAS-Bench-201 without progressive stages",
            network={
                "batch_size": 64, "learning_rate": 0.025, "learning_rate_min": 0.001,
                "momentum": 0.9, "nesterov": False, "weight_decay": 3e-4, "clip_norm": 5.0,
            },
        ),
    }  # fmt: skip

    def adam(self, parameters: Any) -> torch.optim.Adam:
        """Adam, whose weight decay carries the l2 anchor."""
        optimizer = super().adam(parameters)
        if self.settings.anchor == "l2":
            optimizer.param_groups[0]["weight_decay"] += self.settings.anchor_weight
        return optimizer

    def step(self) -> Log:
        """Alpha on the validation batch, then the network weights on the train batch."""
        log: Log = {}
        if self.problem.progress.epoch >= self.settings.warmup_epochs:
            log = self.update_alpha()
        with torch.no_grad():
            weights = self.sample()
        return log | self.problem.fit(weights)

    def update_alpha(self) -> Log:
        """Descend E[L_val(theta)] + anchor (eq. 3)."""
        loss = self.problem.losses(self.sample(), "valid").mean()
        anchored = loss
        if self.settings.anchor == "kl":
            anchored = loss + self.settings.anchor_weight * self.divergence()
        self.descend(anchored)
        return {"valid_loss": loss.detach()}

    def concentration(self) -> Tensor:
        """beta = elu(alpha) + 1, positive: [D, K]."""
        return (elu(self.alpha) + 1).clamp(min=self.settings.concentration_floor)

    def sample(self) -> Tensor:
        """theta ~ Dirichlet(beta) per decision; options that do not exist get 0.

        Zeroing and renormalising a Dirichlet sample leaves a Dirichlet sample of the rest.
        """
        theta = dirichlet(self.concentration(), self.generator)
        if self.mask.all():
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
        return (per_decision + torch.lgamma(total) - torch.lgamma(exists.sum(dim=-1))).sum()

    def scores(self) -> Tensor:
        """softmax(alpha) as in the authors' derivation, or the mean of the Dirichlet."""
        if self.settings.scores == "softmax":
            return super().scores()
        beta = self.concentration().detach() * self.mask
        return beta / beta.sum(dim=-1, keepdim=True)


class _Dirichlet(Function):
    """torch.distributions.Dirichlet.rsample with a generator of one's own."""

    @staticmethod
    def forward(ctx: FunctionCtx, beta: Tensor, generator: torch.Generator) -> Tensor:
        theta = torch._sample_dirichlet(beta, generator=generator)
        ctx.save_for_backward(theta, beta)
        return theta

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        theta, beta = ctx.saved_tensors
        total = beta.sum(dim=-1, keepdim=True).expand_as(beta)
        implicit = torch._dirichlet_grad(theta, beta, total)
        return implicit * (grad - (theta * grad).sum(dim=-1, keepdim=True)), None


def dirichlet(concentration: Tensor, generator: torch.Generator) -> Tensor:
    """A sample of Dirichlet(concentration) per row, with its pathwise gradient (float64 inside)."""
    theta: Tensor = _Dirichlet.apply(concentration.double(), generator)
    return theta.to(concentration.dtype)
