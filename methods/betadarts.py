"""beta-DARTS: Beta-Decay Regularization (Ye et al., CVPR 2022, arXiv 2203.01665).

DARTS with a penalty on how large softmax(alpha) is made by alpha's own size: a smooth maximum of
alpha, whose weight grows with the epochs.
"""

from __future__ import annotations

from torch import Tensor

from nasbench_harness.methods.setups.betadarts import BetaDARTSSettings, BetaDARTSSetup
from nasbench_harness.methods.shared.relaxed import RelaxedSearcher
from nasbench_harness.methods.shared.schedules import ramp


class BetaDARTS(BetaDARTSSetup, RelaxedSearcher[BetaDARTSSettings]):
    """DARTS with the decay of beta, which is softmax(alpha).

        alpha <- alpha - Adam(grad_alpha L_val(w, beta) + lambda_t mean_e logsumexp(alpha_e))
        w     <- w - SGD(grad_w L_train(w, beta))

    lambda_t grows along a line from 0 to `decay_weight` over the search. The gradient of the
    penalty is lambda_t beta / D: what weighs most is pulled down most.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=200)
    >>> settings = BetaDARTSSettings(learning_rate=0.05, weight_decay=0.0, decay_weight=0.01)
    >>> betadarts = BetaDARTS(problem, settings, seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = betadarts.step()
    >>> str(betadarts.architecture())
    '1-2-0'
    """

    batched = True

    def penalty(self) -> Tensor:
        """lambda_t times the mean over decisions of the smooth maximum of alpha."""
        progress = self.problem.progress
        weight = ramp(self.settings.decay_weight, progress.epoch, progress.epochs)
        there = self.alpha.masked_fill(~self.mask, -float("inf"))
        return weight * there.logsumexp(dim=-1).mean(dim=-1)
