"""Rows of alpha that are updated by themselves: each has moments and a count of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeVar, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Problem
from nasbench_harness.methods.setups.alpha import AlphaSettings
from nasbench_harness.methods.shared.alpha import AlphaSearcher
from nasbench_harness.methods.shared.cohort import JointRowAdam

S = TypeVar("S", bound=AlphaSettings)
RowIndex = int | Tensor
"""A decision; of joined runs one each, int64 [R]."""


class RowSearcher(AlphaSearcher[S]):
    """Alpha [D, K] of which a step updates a row or a few; a method adds its `step`.

    Adam skips a tensor without gradient altogether, moments included: so there is one per row of
    alpha, whose memory they share.
    """

    def __init__(self, problem: Problem, settings: S, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.rows = [row.requires_grad_() for row in self.alpha.detach()]
        self.optimizer = self.adam(self.rows)
        self.joint_rows: JointRowAdam | None = None  # of joined runs

    def row(self, place: RowIndex) -> Tensor:
        """The logits of one decision, [K] or [R, K], to differentiate by."""
        return self.alpha.detach()[self.at(place)].requires_grad_()

    def at(self, place: RowIndex) -> tuple[Any, ...]:
        """What picks a decision's row of [..., D, K]."""
        return (place,) if isinstance(place, int) else (torch.arange(len(place)), place)

    def descend_rows(
        self, loss: Tensor, places: Sequence[RowIndex], rows: Sequence[Tensor]
    ) -> None:
        """One Adam step along the gradient of `loss` in `rows`, one per run; no other row moves.

        None where the loss does not depend on them: the discrete choices around relaxed ones may
        leave a network whose output nothing reaches.
        """
        if not loss.requires_grad:
            return
        gradients = torch.autograd.grad(loss.sum(), rows)
        if self.joint_rows is not None:
            for place, gradient in zip(places, gradients, strict=True):
                self.joint_rows.step(cast("Tensor", place).tolist(), gradient)
            return
        self.optimizer.zero_grad()
        for place, gradient in zip(places, gradients, strict=True):
            self.rows[cast("int", place)].grad = gradient
        self.optimizer.step()

    @classmethod
    def join(cls, searchers: Sequence[Self], problem: Problem) -> Self:
        """With the rows of each in the joint memory."""
        joint = super().join(searchers, problem)
        for searcher in searchers:
            for row, place in zip(searcher.rows, searcher.alpha.detach(), strict=True):
                row.data = place
        return joint

    def join_optimizers(self, optimizers: Sequence[torch.optim.Adam]) -> None:
        """From now on one steps a row of every run."""
        self.joint_rows = JointRowAdam(optimizers)

    def part(self, searchers: Sequence[Self]) -> None:
        """With the moments of the rows."""
        super().part(searchers)
        assert self.joint_rows is not None
        self.joint_rows.part()
