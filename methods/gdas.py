"""GDAS: Searching for a Robust Neural Architecture in Four GPU Hours (Dong & Yang, CVPR 2019).

arXiv 1910.04465. Every edge runs one operation, drawn by Gumbel noise; alpha descends the
validation loss through the soft counterpart of the draw, at a temperature that falls. What is run
is a single architecture, so that a step costs little more than training one; the gradient is
biased unless the temperature is low, where it is loud.
"""

from __future__ import annotations

from torch import Tensor

from nasbench_harness.methods.setups.gdas import GDASSettings, GDASSetup
from nasbench_harness.methods.shared.chosen import ChosenSearcher
from nasbench_harness.methods.shared.relaxations import (
    gumbel_hard,
    gumbel_soft,
    straight_through,
)


class GDAS(GDASSetup, ChosenSearcher[GDASSettings]):
    """Straight-through Gumbel-softmax, one option run an edge.

        zeta  = softmax((log p + g) / tau),  p = softmax(alpha),  g ~ Gumbel
        z     = one-hot of the largest;  m = z - sg(zeta) + zeta
        w     <- w - SGD(grad_w L_train(w, z))
        alpha <- alpha - Adam(grad_alpha L_val(w, m')),  m' of another draw

    Options that were not drawn weigh 0, and what gradient they have is a setting (`unchosen`):
    running them is what GDAS saves.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=200)
    >>> settings = GDASSettings(learning_rate=0.05, weight_decay=0.0, unchosen="exact")
    >>> gdas = GDAS(problem, settings, seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = gdas.step()
    >>> str(gdas.architecture())
    '1-3-0'
    """

    batched = True

    def choose(self) -> Tensor:
        """m: one-hot [D, K], with the gradient of the soft sample."""
        perturbed = self.perturbed()
        return straight_through(gumbel_hard(perturbed), gumbel_soft(perturbed, self.temperature))
