"""OLES: Operation-Level Early Stopping (Jiang, Ji, Zhu, Yuan & Huang, NeurIPS 2023).

DARTS of first order in which every single operation of the network, in every cell, is trained only
as long as training and validation batches agree on what it should learn: skips seem best where
operations with weights have learned the training images by heart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Log, OperationGradients, Problem
from nasbench_harness.methods.setups.oles import OLESSettings, OLESSetup
from nasbench_harness.methods.shared.agreement import GradientAgreement
from nasbench_harness.methods.shared.relaxed import RelaxedSearcher


class OLES(OLESSetup, RelaxedSearcher[OLESSettings]):
    """DARTS, and a judgement of every operation once in a while.

        alpha <- alpha - Adam(grad_alpha L_val(w, softmax(alpha)))
        w     <- w - SGD(grad_w L_train(w, softmax(alpha))), but for frozen operations

        c_o   =  mean over parameters and places of cos(grad_w_o L_train, grad_w_o L_val),
                 along the output channels
        o is frozen for good where the mean of 20 c_o is below 0.4

    The training gradient is that of the step of w before, the validation gradient that of the pass
    for alpha: no pass is made for it. Operations without weights are never frozen.

    In the authors' code as it runs the second gradient is added to the first before the cosine is
    taken, which then is high where the batches have nothing in common: `added_gradients`, which
    all recipes here have. Without it gradients of small batches are all but orthogonal, and all
    is frozen at the first judgement.

    >>> from nasbench_harness.testing import ToyParts, ToySpace
    >>> problem = ToyParts(ToySpace(), steps=50)
    >>> oles = OLES(problem, OLESSettings(learning_rate=0.05, weight_decay=0.0), seed=0)
    >>> for _ in range(50):
    ...     problem.advance()
    ...     log = oles.step()
    >>> round(float(log["frozen_operations"]), 2)
    0.44
    """

    def __init__(self, problem: Problem, settings: OLESSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.seen = cast("OperationGradients", problem)
        self.agreement = GradientAgreement(self.seen.operation_gradients(), problem.device)
        operations = len(self.agreement.places)
        self.total = torch.zeros(operations, dtype=problem.dtype, device=problem.device)
        self.frozen = torch.zeros(operations, dtype=torch.bool, device=problem.device)
        self.count = 0
        self.trained: list[Tensor] = []
        """The gradients that the last step of w went along; none before it."""

    def next_stage(self) -> None:
        """What was trained before may have been widened since: it is not compared."""
        super().next_stage()
        self.trained = []

    def train(self, weights: Tensor) -> Log:
        """A step of w, whose gradients are kept."""
        log = super().train(weights)
        self.trained = [one.gradient for one in self.seen.operation_gradients()]
        return log

    def mixture_loss(self) -> Tensor:
        """Mean validation loss of the mixture, whose way back reaches w too."""
        weights = self.composed(self.relaxed())
        return self.seen.operation_losses(weights, "valid", self.active).mean(dim=-1)

    def update_alpha(self) -> Log:
        """As DARTS, and compare what the two batches want."""
        log = super().update_alpha()
        return log | self.compare() if log and self.trained else log

    def compare(self) -> Log:
        """Count the cosines of this step in, and judge by them when it is time."""
        valid = [one.gradient for one in self.seen.operation_gradients()]
        if self.settings.added_gradients:
            valid = [a + b for a, b in zip(self.trained, valid, strict=True)]
        self.total += self.agreement(self.trained, valid)
        self.count += 1
        trained = ~self.frozen
        mean = (self.total * trained).sum() / trained.sum().clamp(min=1) / self.count
        if self.count == self.settings.window + self.settings.exact_counter:
            self.judge()
        return {"gradient_matching": mean, "frozen_operations": self.frozen.float().mean()}

    def judge(self) -> None:
        """Freeze what the batches disagree on; the device is asked once in `window` steps."""
        count = self.settings.window if self.settings.exact_counter else self.count
        self.frozen |= self.total / count < self.settings.threshold
        self.total.zero_()
        self.count = 0
        pairs = zip(self.agreement.places, self.frozen.tolist(), strict=True)
        self.seen.freeze_operations([place for place, frozen in pairs if frozen])

    # --- state ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """With the sums, the judgements and the gradients of the last step of w."""
        return {
            **super().state_dict(),
            "total": self.total.clone(),
            "frozen": self.frozen.clone(),
            "count": self.count,
            "trained": self.trained,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`; the problem knows itself what is frozen."""
        super().load_state_dict(state)
        device = self.problem.device
        self.total, self.frozen = state["total"].to(device), state["frozen"].to(device)
        self.count = state["count"]
        self.trained = [gradient.to(device) for gradient in state["trained"]]
