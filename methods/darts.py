"""DARTS: Differentiable Architecture Search (Liu, Simonyan & Yang, ICLR 2019, arXiv 1806.09055).

Every edge outputs the softmax(alpha)-weighted sum of its operations. Alpha descends the validation
loss, the network weights the training loss, in turn. On NAS-Bench-201 with weight sharing DARTS is
known to collapse to skip connections; that is a result, not a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Log, Recipe, UnrolledGradient
from nasbench_harness.methods.alpha import AlphaSearcher, AlphaSettings, masked_softmax
from nasbench_harness.methods.networks import (
    DARTS_FAMILY,
    NB201_AUTHORS,
    QUICK,
    QUICK_EPOCHS,
    QUICK_SOURCE,
)
from nasbench_harness.settings import setting


class DARTSSettings(AlphaSettings):
    """The paper's values, but for `weight_decay`, which depends on the scale of the loss."""

    weight_decay: float = setting(
        1e-3, "L2 pull on the architecture parameters, added to their gradient", ge=0
    )
    order: Literal["first", "second"] = setting(
        "first", "whether the gradient looks through one step of the network weights"
    )
    arch_before_weight: Literal[True, False, "second_order"] = setting(
        True,
        "update alpha before the network weights within a step: always, never, or in the second"
        " order only (NAS-Bench-201: w, alpha in DARTS-V1 and alpha, w in DARTS-V2)",
    )


class DARTS(AlphaSearcher[DARTSSettings]):
    """One gradient step on alpha, one on the network weights."""

    Settings = DARTSSettings
    version = "1"
    recipes = {  # noqa: RUF012 - ClassVar by the contract
        "landscape": Recipe(
            epochs=100,
            steps=2000,
            source="design decision of this project: Adam 0.05, no regulariser, 2,000 steps",
            settings={"learning_rate": 0.05, "weight_decay": 0.0},
        ),
        "nb201": Recipe(
            epochs=50,
            source="NAS-Bench-201 authors' code (DARTS-V1; with order=second DARTS-V2); but that"
            " their gradient clip counts alpha in, and ours does not",
            settings={"arch_before_weight": "second_order"},
            network=NB201_AUTHORS,
        ),
        "nats": Recipe(
            epochs=100,
            source="NATS-Bench authors' code; but that the last batch norm of their search network"
            " has no affine map and no running statistics, as in the cells, and ours has both",
            settings={"arch_before_weight": False},
            network={**NB201_AUTHORS, "clip_norm": 0.0, "track_running_stats": False},
        ),
        "drnas": Recipe(
            epochs=100,
            source="DrNAS authors' code: DARTS on NAS-Bench-201 as they compare with it; but that"
            " their gradient clip counts alpha in, and ours does not",
            network=DARTS_FAMILY,
        ),
        "darts": Recipe(
            epochs=50,
            source="DARTS authors' code",
            network=DARTS_FAMILY,
        ),
        "quick": Recipe(
            epochs=QUICK_EPOCHS,
            source=QUICK_SOURCE,
            settings={"learning_rate": 0.01},
            network=QUICK,
        ),
    }  # fmt: skip

    @classmethod
    def requires(cls, settings: DARTSSettings) -> Sequence[type]:
        """The second order needs a problem that can look one weight step ahead."""
        return (UnrolledGradient,) if settings.order == "second" else ()

    def step(self) -> Log:
        """Alpha and network weights, in the recipe's order."""
        if self.arch_first:
            log = self.update_alpha()
            return log | self.problem.fit(self.weights().detach())
        fitted = self.problem.fit(self.weights().detach())
        return fitted | self.update_alpha()

    @property
    def arch_first(self) -> bool:
        """Is alpha updated before the network weights."""
        first = self.settings.arch_before_weight
        return self.settings.order == "second" if first == "second_order" else first

    def weights(self) -> Tensor:
        """The mixture: softmax of alpha, [D, K]."""
        return masked_softmax(self.alpha, self.mask)

    def update_alpha(self) -> Log:
        """Descend the validation loss of the mixture (eq. 5), or its unrolled form (eq. 7-8)."""
        if self.settings.order == "second":
            with torch.no_grad():  # to be logged only
                loss = self.mixture_loss()
            self.descend(self.unrolled())
        else:
            loss = self.mixture_loss()
            self.descend(loss)
        return {"valid_loss": loss.detach()}

    def mixture_loss(self) -> Tensor:
        """Mean validation loss of the mixture."""
        return self.problem.losses(self.weights(), "valid").mean()

    def unrolled(self) -> Tensor:
        """A scalar whose gradient in alpha is the unrolled one: the chain rule from the weights."""
        weights = self.weights()
        gradient = cast("UnrolledGradient", self.problem).unrolled_gradient(weights.detach())
        return (weights * gradient).sum()

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """The gradient that a step follows; nothing in it is random but the batch."""
        second = self.settings.order == "second"
        return self.gradient(self.unrolled() if second else self.mixture_loss())

    def exact(self) -> Tensor:
        """Gradient of the loss at the mixture; where there are no network weights, both orders'."""
        return self.gradient(self.mixture_loss())
