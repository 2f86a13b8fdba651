"""DARTS: Differentiable Architecture Search (Liu, Simonyan & Yang, ICLR 2019, arXiv 1806.09055).

Every edge outputs the softmax(alpha)-weighted sum of its operations. Alpha descends the validation
loss, the network weights the training loss, in turn. On NAS-Bench-201 with weight sharing DARTS is
known to collapse to skip connections; that is a result, not a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from torch import Tensor

from nasbench_harness.contracts import Log, Recipe, UnrolledGradient
from nasbench_harness.methods.alpha import AlphaSearcher, AlphaSettings, masked_softmax
from nasbench_harness.settings import setting


class DARTSSettings(AlphaSettings):
    """The paper's values, but for `weight_decay`, which depends on the scale of the loss."""

    weight_decay: float = setting(
        1e-3, "L2 pull on the architecture parameters, added to their gradient", ge=0
    )
    order: Literal["first", "second"] = setting(
        "first", "whether the gradient looks through one step of the network weights"
    )
    arch_before_weight: bool = setting(
        True, "update alpha before the network weights within a step (NAS-Bench-201: after)"
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
            source="NAS-Bench-201 authors' code (DARTS-V1)",
            settings={"arch_before_weight": False},
            network={
                "batch_size": 64, "learning_rate": 0.025, "learning_rate_min": 0.001,
                "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4, "clip_norm": 5.0,
            },
        ),
        "darts": Recipe(
            epochs=50,
            source="DARTS authors' code",
            network={
                "batch_size": 64, "learning_rate": 0.025, "learning_rate_min": 0.001,
                "momentum": 0.9, "nesterov": False, "weight_decay": 3e-4, "clip_norm": 5.0,
            },
        ),
    }  # fmt: skip

    @classmethod
    def requires(cls, settings: DARTSSettings) -> Sequence[type]:
        """The second order needs a problem that can look one weight step ahead."""
        return (UnrolledGradient,) if settings.order == "second" else ()

    def step(self) -> Log:
        """Alpha and network weights, in the recipe's order."""
        if self.settings.arch_before_weight:
            log = self.update_alpha()
            return log | self.problem.fit(self.weights().detach())
        fitted = self.problem.fit(self.weights().detach())
        return fitted | self.update_alpha()

    def weights(self) -> Tensor:
        """The mixture: softmax of alpha, [D, K]."""
        return masked_softmax(self.alpha, self.mask)

    def update_alpha(self) -> Log:
        """Descend the validation loss of the mixture (eq. 5), or its unrolled form (eq. 7-8)."""
        weights = self.weights()
        loss = self.problem.losses(weights, "valid").mean()
        if self.settings.order == "second":
            problem = cast("UnrolledGradient", self.problem)
            gradient = problem.unrolled_gradient(weights.detach())
            self.descend((weights * gradient).sum())  # the chain rule from weights to alpha
        else:
            self.descend(loss)
        return {"valid_loss": loss.detach()}
