"""DARTS: Differentiable Architecture Search (Liu, Simonyan & Yang, ICLR 2019, arXiv 1806.09055).

Every edge outputs the softmax(alpha)-weighted sum of its operations. Alpha descends the validation
loss, the network weights the training loss, in turn. On NAS-Bench-201 with weight sharing DARTS is
known to collapse to skip connections; that is a result, not a bug.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Log, UnrolledGradient
from nasbench_harness.methods.setups.darts import DARTSSettings, DARTSSetup
from nasbench_harness.methods.shared.alpha import AlphaSearcher
from nasbench_harness.methods.shared.relaxations import masked_softmax


class DARTS(DARTSSetup, AlphaSearcher[DARTSSettings]):
    """One gradient step on alpha, one on the network weights.

        alpha <- alpha - Adam(grad_alpha L_val(w, softmax(alpha)))
        w     <- w - SGD(grad_w L_train(w, softmax(alpha)))

    With `order=second` the first gradient is taken one step of SGD ahead (eq. 7; as in the
    authors' code with its momentum v and weight decay lambda), at
    w - xi (mu v + grad_w L_train + lambda w).

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=200)
    >>> darts = DARTS(problem, DARTSSettings(learning_rate=0.05, weight_decay=0.0), seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = darts.step()
    >>> str(darts.architecture())
    '1-2-0'
    """

    batched = True

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
        return self.problem.losses(self.weights(), "valid").mean(dim=-1)

    def unrolled(self) -> Tensor:
        """A scalar whose gradient in alpha is the unrolled one: the chain rule from the weights."""
        weights = self.weights()
        gradient = cast("UnrolledGradient", self.problem).unrolled_gradient(weights.detach())
        return (weights * gradient).sum(dim=(-2, -1))

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """The gradient that a step follows; nothing in it is random but the batch."""
        second = self.settings.order == "second"
        return self.gradient(self.unrolled() if second else self.mixture_loss())

    def exact(self) -> Tensor:
        """Gradient of the loss at the mixture; where there are no network weights, both orders'."""
        return self.gradient(self.mixture_loss())
