"""DARTS-: Robustly Stepping out of Performance Collapse (Chu et al., ICLR 2021, arXiv 2009.01027).

DARTS in which a skip beside the mixture of every edge takes over what searched skips do for
training deep networks, so that alpha need not; its weight goes to 0 in the course of the search.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nasbench_harness.contracts import Problem
from nasbench_harness.methods.setups.dartsminus import DARTSMinusSettings, DARTSMinusSetup
from nasbench_harness.methods.shared.options import free_options
from nasbench_harness.methods.shared.relaxed import RelaxedSearcher
from nasbench_harness.methods.shared.schedules import fading


class DARTSMinus(DARTSMinusSetup, RelaxedSearcher[DARTSMinusSettings]):
    """DARTS with an auxiliary skip outside the softmax.

        m_e   = softmax(alpha_e) + beta_t at the skip,  beta_t along a line from 1 to 0
        alpha <- alpha - Adam(grad_alpha L_val(w, m))
        w     <- w - SGD(grad_w L_train(w, m))

    A skip has nothing to train, so that one of weight p and one of weight beta are one of weight
    p + beta. Where a skip halves the resolution it is an operation to train: such edges have no
    auxiliary skip here (a decision of this project; the authors' have one with weights of its own).
    Answers are derived from softmax(alpha).

    >>> from nasbench_harness.spaces.nb201 import NB201
    >>> from nasbench_harness.testing import ToyTrained
    >>> problem = ToyTrained(NB201(), steps=20)
    >>> dartsminus = DARTSMinus(problem, DARTSMinusSettings(learning_rate=0.05), seed=0)
    >>> weights = dartsminus.composed(dartsminus.relaxed()).detach()
    >>> [round(float(total), 6) for total in weights.sum(dim=-1)]
    [2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    """

    batched = True

    def __init__(self, problem: Problem, settings: DARTSMinusSettings, seed: int) -> None:
        self.free = free_options(problem.space)
        """bool [D, K] on the host."""
        settings.check_space(problem.space)
        super().__init__(problem, settings, seed)
        self.beside = self.free.to(problem.device, problem.dtype)

    def composed(self, rows: Tensor) -> Tensor:
        """With beta_t at the skips, before edges are weighed."""
        return super().composed(rows + self.skip_weight * self.beside)

    @property
    def skip_weight(self) -> float:
        """beta_t, the auxiliary skip's in this epoch."""
        progress = self.problem.progress
        return fading(self.settings.auxiliary_skip, progress.epoch, progress.epochs)

    def keep(self, mask: Tensor) -> None:
        """A skip that alpha has no more stays beside it."""
        super().keep(mask)
        if self.active is not None:
            self.active = torch.logical_or(self.active, self.free)
