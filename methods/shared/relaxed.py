"""A step of DARTS' first order with parts to choose: what its descendants have in common."""

from __future__ import annotations

from typing import TypeVar

from torch import Tensor

from nasbench_harness.contracts import Log
from nasbench_harness.methods.setups.relaxed import RelaxedSettings
from nasbench_harness.methods.shared.composed import ComposedSearcher
from nasbench_harness.methods.shared.relaxations import masked_softmax

S = TypeVar("S", bound=RelaxedSettings)


class RelaxedSearcher(ComposedSearcher[S]):
    """One gradient step on alpha, one on the network weights, under a relaxation without noise.

    A method says what its rows are (`relaxed`, by default softmax(alpha)), what else alpha descends
    (`penalty`), and what stands beside the rows in the network (`composed`).
    """

    def step(self) -> Log:
        """Alpha, unless it warms up, and network weights, in the recipe's order."""
        self.begin_stage()
        if self.ends():
            return {"early_stop": 1.0}
        if self.settings.arch_before_weight:
            log = self.update_alpha()
            return log | self.fit(self.relaxed())
        fitted = self.fit(self.relaxed())
        return fitted | self.update_alpha()

    def update_alpha(self) -> Log:
        """Descend the validation loss of the mixture, and the penalty; nothing in a warm-up."""
        if self.warming_up:
            return {}
        loss = self.mixture_loss()
        self.descend(loss + self.penalty())
        return {"valid_loss": loss.detach()}

    def relaxed(self) -> Tensor:
        """The rows [D, K] of the mixture, 0 where masked."""
        return masked_softmax(self.alpha, self.mask)

    def penalty(self) -> Tensor | float:
        """What alpha descends beside the loss; of joined runs [R]."""
        return 0.0

    def mixture_loss(self) -> Tensor:
        """Mean validation loss of the mixture."""
        weights = self.composed(self.relaxed())
        return self.problem.losses(weights, "valid", self.active).mean(dim=-1)

    def scores(self) -> Tensor:
        """The rows, times their edges' shares."""
        rows = self.relaxed()
        return (rows if self.edges is None else self.edges.weighed(rows)).detach()

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """The gradient that a step follows; nothing in it is random but the batch."""
        return self.gradient(self.mixture_loss() + self.penalty())

    def exact(self) -> Tensor:
        """The same: there is nothing to be averaged over."""
        return self.estimate()
