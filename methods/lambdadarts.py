"""Lambda-DARTS: harmonised operation selection among cells (Movahedi et al., ICLR 2023).

arXiv 2210.07998. DARTS whose network is trained so that all cells want the same of the alpha that
they share; else alpha follows the cells near the output, and these want skips.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from nasbench_harness.contracts import CellWeights, Log, Problem
from nasbench_harness.methods.setups.lambdadarts import (
    LambdaDARTSSettings,
    LambdaDARTSSetup,
    compared_cells,
)
from nasbench_harness.methods.shared.alignment import SCORES, CellAlignment
from nasbench_harness.methods.shared.relaxed import RelaxedSearcher
from nasbench_harness.methods.shared.schedules import line, passed_epochs


class LambdaDARTS(LambdaDARTSSetup, RelaxedSearcher[LambdaDARTSSettings]):
    """DARTS with the alignment of cells, Lambda, in the step of the network weights.

        alpha   <- alpha - Adam(grad_alpha L_val(w, softmax(alpha)))
        w       <- w - SGD(grad_w L_train - lambda_t grad_w Lambda)

        g_l     =  gradient of L_train in cell l's mixing weights m_l,  u_l = g_l / |g_l|
        Lambda  =  2 / (L (L - 1)) sum_{l < m} <u_l, u_m>
        Delta_l =  dLambda / dg_l,  eps = 1e-4 / |(Delta_1, ..., Delta_L)|
        grad_w Lambda = (grad_w L_train(m_l + eps Delta_l) - grad_w L_train(m_l - eps Delta_l))
                        / (2 eps)

    lambda_t grows along a line from 0 in the first epoch to `layer_weight` in the last. Each cell
    is shifted by its own Delta_l alone. Cells of another type than the first decision's, such as
    those that reduce, are not compared. A step costs two passes more where lambda_t is not 0.

    >>> from nasbench_harness.testing import ToyParts, ToySpace
    >>> problem = ToyParts(ToySpace(), steps=200)
    >>> settings = LambdaDARTSSettings(learning_rate=0.05, weight_decay=0.0)
    >>> search = LambdaDARTS(problem, settings, seed=0)
    >>> for _ in range(200):
    ...     problem.advance()
    ...     log = search.step()
    >>> str(search.architecture())
    '0-3-0'
    """

    def __init__(self, problem: Problem, settings: LambdaDARTSSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        cells = cast("CellWeights", problem).cell_decisions()
        compared = compared_cells(cells)
        score, device = SCORES[settings.alignment], problem.device
        self.alignment = CellAlignment(compared, cells[compared[0]], score, device)
        self.score = torch.zeros((), dtype=problem.dtype, device=problem.device)

    def train(self, weights: Tensor) -> Log:
        """A step of w with the alignment."""
        log = cast("CellWeights", self.problem).fit_cells(weights, self.turn, self.active)
        return log | {"layer_alignment": self.score}

    def turn(self, gradients: Tensor) -> Sequence[tuple[Tensor, Tensor]]:
        """Of the cells' gradients, the two losses whose difference is -lambda_t grad Lambda."""
        self.score, direction = self.alignment(gradients)
        weight = self.weight
        if weight == 0:
            return ()
        length = direction.norm()
        shifts = self.settings.shift * direction / length.clamp(min=torch.finfo(length.dtype).tiny)
        factor = weight * length / (2 * self.settings.shift)  # lambda_t / (2 eps)
        return ((-factor, shifts), (factor, -shifts))

    @property
    def weight(self) -> float:
        """lambda_t of this epoch."""
        progress = self.problem.progress
        passed = passed_epochs(progress.epoch, progress.epochs, reached=True)
        return line(0.0, self.settings.layer_weight, passed)
