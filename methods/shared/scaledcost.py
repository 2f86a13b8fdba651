"""A cost in units of the loss that it stands beside.

Our own form, no published one: UNAS' term weighs a millisecond as 0.1 nats, which is little beside
the loss of a network on images and ten points beside the accuracies of a table. Here both are
measured by their spread over the space, so that the weight means the same on any benchmark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nasbench_harness.methods.shared.costs import CostTerm, LinearCost

CHARGE = 0.2
"""What the least excess costs at once, in spreads: without it the best answers are those a hair
beyond the target."""


class ScaledCost(LinearCost):
    """In units of the loss, what architectures cost beyond a target.

        excess = S_L (relu(T(z) - target) / S_T + 0.2 [T(z) > target])

    S are the ranges between the quartiles of losses and costs of architectures drawn at the start;
    quartiles, for a few networks that do not learn would decide a standard deviation.
    """

    loss_spread, cost_spread = 0.0, 0.0

    def measure_spreads(self, drawn: Tensor, losses: Sequence[float]) -> None:
        """Of one-hot samples [n, D, K] with these losses; a spread of 0 counts as 1."""
        self.loss_spread = interquartile(losses)
        self.cost_spread = interquartile([self.measure(z) for z in drawn])

    def excess(self, discrete: Tensor) -> float:
        """Of a one-hot [D, K], measured."""
        return float(self.penalty(torch.tensor(self.measure(discrete), dtype=torch.float64)))

    def predicted_excess(self, soft: Tensor) -> Tensor:
        """Of weights [..., D, K], by the fitted model; the charge has no gradient."""
        return self.loss_spread / self.cost_spread * super().predicted_excess(soft)

    def penalty(self, cost: Tensor) -> Tensor:
        """The formula."""
        over = cost - self.target
        relative = over.relu() / self.cost_spread + CHARGE * (over > 0)
        return self.loss_spread * relative

    def state_dict(self) -> dict[str, Any]:
        """With the spreads."""
        return {**super().state_dict(), "cost_spreads": (self.loss_spread, self.cost_spread)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        self.loss_spread, self.cost_spread = state["cost_spreads"]


class ScaledTerm(CostTerm):
    """Several of them: every cost's excess by its own spread, all by that of the loss."""

    def __init__(self, parts: Sequence[ScaledCost]) -> None:
        super().__init__(parts)
        self.scaled = tuple(parts)

    @property
    def loss_spread(self) -> float:
        """What all are in units of."""
        return self.scaled[0].loss_spread

    def measure_spreads(self, drawn: Tensor, loss: Callable[[Tensor], float]) -> None:
        """Of one-hot samples [n, D, K]; the losses are asked for once."""
        losses = [loss(z) for z in drawn]
        for part in self.scaled:
            part.measure_spreads(drawn, losses)


def interquartile(numbers: Sequence[float]) -> float:
    """From the first to the third quartile; 1 where that is nothing."""
    low, high = np.quantile(np.asarray(numbers, dtype=float), [0.25, 0.75])
    return float(high - low) or 1.0
