"""A problem whose network has parts that are told apart, without table, network or image."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import (
    Decision,
    Log,
    OperationGradient,
    OperationPlace,
    SearchSpace,
    Split,
    Turn,
)
from nasbench_harness.testing.problems import ToyTrained


class ToyParts(ToyTrained):
    """The same with parts that are told apart: operations, two cells, and skips that drop out.

    Each option is an operation whose weight is its number. On the validation batch every other one
    of these numbers does harm. The second cell weighs as the first, by values of its own.
    """

    def __init__(self, space: SearchSpace, *, steps: int = 20, batch_size: int = 1, seed: int = 0):
        super().__init__(space, steps=steps, batch_size=batch_size, seed=seed)
        self.trained.requires_grad_()
        self.skip_dropout = 0.0
        self._frozen: frozenset[OperationPlace] = frozenset()
        generator = torch.Generator().manual_seed(seed + 1)
        self._second = torch.randn(self._values.shape, generator=generator, dtype=self.dtype)
        self._other = torch.ones(self._values.numel(), dtype=self.dtype)
        self._other[1::2] = -1.0
        self._shifts: Tensor | None = None
        options = range(space.mask.shape[1])
        free = [[k in _free(one) for k in options] for one in space.decisions]
        self._skips = torch.tensor(free, dtype=self.dtype)

    # --- operations ----------------------------------------------------------------------------

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        """Minus the accuracy as a fraction, [B]; the numbers get no gradient."""
        return self._losses(weights, split, self.trained.detach())

    def operation_losses(
        self, weights: Tensor, split: Split, active: Tensor | None = None
    ) -> Tensor:
        """See `OperationGradients`."""
        self.trained.grad = None
        return self._losses(weights, split, self.trained)

    def operation_gradients(self) -> Sequence[OperationGradient]:
        """A row for each option that exists."""
        gradient = self.trained.grad
        rows = torch.zeros_like(self.trained) if gradient is None else gradient
        return [OperationGradient(rows[self.space.mask], tuple(self._places()))]

    def freeze_operations(self, frozen: Collection[OperationPlace]) -> None:
        """These numbers stay as they are."""
        self._frozen = frozenset(frozen)

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """A step of the numbers that are not frozen."""
        self.trained.grad = None
        self._losses(weights.detach(), "train", self.trained).mean().backward()  # type: ignore[no-untyped-call]
        return self._stepped()

    # --- cells ---------------------------------------------------------------------------------

    def cell_decisions(self) -> Sequence[Sequence[int]]:
        """Both cells mix by all of them."""
        return [range(len(self.space.decisions))] * 2

    def fit_cells(self, weights: Tensor, turn: Turn, active: Tensor | None = None) -> Log:
        """See `CellWeights`."""
        self.trained.grad = None
        shape = (2, *self._values.shape)
        shifts = torch.zeros(shape, dtype=self.dtype, requires_grad=True)
        self._shifted(weights.detach(), shifts).backward()  # type: ignore[no-untyped-call]
        assert shifts.grad is not None
        for factor, moved in turn(shifts.grad):
            (factor * self._shifted(weights.detach(), moved)).backward()  # type: ignore[no-untyped-call]
        return self._stepped()

    def _shifted(self, weights: Tensor, shifts: Tensor) -> Tensor:
        self._shifts = shifts
        try:
            return self._losses(weights, "train", self.trained).mean()
        finally:
            self._shifts = None

    # --- skips ---------------------------------------------------------------------------------

    def drop_skips(self, probability: float) -> None:
        """Nothing is drawn: they bring so much less."""
        self.skip_dropout = probability

    # --- state ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """With what is frozen."""
        return {**super().state_dict(), "frozen": sorted(map(list, self._frozen))}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """With what is frozen."""
        super().load_state_dict(state)
        self.trained.requires_grad_()
        self._frozen = frozenset(OperationPlace(*place) for place in state["frozen"])

    def _places(self) -> list[OperationPlace]:
        return [OperationPlace(0, d, k) for d, k in self.space.mask.nonzero().tolist()]

    def _losses(self, weights: Tensor, split: Split, trained: Tensor) -> Tensor:
        signs = self._other.view_as(trained) if split == "valid" else 1.0
        values = (self._values + signs * trained) / self.factor
        values = values * (1 - self.skip_dropout * self._skips)
        shifts = 0.0 if self._shifts is None else self._shifts
        first, second = (weights + shifts).expand(2, *weights.shape).unbind()
        return self._expanded((first * values + second * self._second * values).sum(dim=(-2, -1)))

    def _expanded(self, total: Tensor) -> Tensor:
        value = -total.sigmoid()
        return value if value.ndim else value.expand(self.batch_size)

    def _stepped(self) -> Log:
        frozen = torch.zeros_like(self.trained, dtype=torch.bool)
        for place in self._frozen:
            frozen[place.decision, place.option] = True
        assert self.trained.grad is not None
        with torch.no_grad():
            step = torch.where(frozen, 0.0, 0.1 * self.trained.grad)
            self.trained.sub_(step)
        return {}


def _free(decision: Decision) -> list[int]:
    """The numbers of its options that need no training."""
    return [k for k, option in enumerate(decision.options) if option in decision.free]
