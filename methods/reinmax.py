"""ReinMax (Liu et al., NeurIPS 2023, arXiv 2304.08612) as the estimator of GDAS' search.

Bridging Discrete and Backpropagation: Straight-Through and Beyond. The straight-through estimator
is the gradient of an expected loss to the first order; ReinMax, at the cost of a softmax more, to
the second: it is exact where the loss is quadratic in a decision's weights. The search around it
is GDAS', one drawn option run an edge.
"""

from __future__ import annotations

from torch import Tensor

from nasbench_harness.methods.setups.reinmax import ReinMaxSettings, ReinMaxSetup
from nasbench_harness.methods.shared.chosen import ChosenSearcher
from nasbench_harness.methods.shared.relaxations import (
    gumbel_hard,
    masked_softmax,
    reinmax,
    straight_through,
)


class ReinMax(ReinMaxSetup, ChosenSearcher[ReinMaxSettings]):
    """A drawn option's gradient by Heun's rule.

        z ~ p = softmax(alpha);  q = (softmax(alpha / tau) + z) / 2;  J(x) = diag(x) - x x'
        alpha <- alpha - Adam(2 J(q) grad_m L - J(p) grad_m L / 2),  m = z

    With `estimator=straight_through` it is J(softmax(alpha / tau)) grad_m L / tau, of first order.
    Where the loss is linear in a decision's weights, as on a table, both are unbiased at
    temperature 1, and at no other.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=200)
    >>> settings = ReinMaxSettings(
    ...     learning_rate=0.05, weight_decay=0.0, unchosen="exact", temperature_start=1.0,
    ...     temperature_end=1.0,
    ... )
    >>> searcher = ReinMax(problem, settings, seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = searcher.step()
    >>> str(searcher.architecture())
    '2-0-0'
    """

    batched = True

    def choose(self) -> Tensor:
        """One-hot [D, K], with the gradient of the estimator."""
        hard = gumbel_hard(self.perturbed())
        if self.settings.estimator == "reinmax":
            return reinmax(self.alpha, self.mask, hard, self.temperature)
        return straight_through(hard, masked_softmax(self.alpha / self.temperature, self.mask))
