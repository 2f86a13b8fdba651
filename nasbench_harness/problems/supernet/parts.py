"""What a supernet in training is asked of its insides: operations, cells and skips, one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from nasbench_harness.contracts import (
    Log,
    OperationGradient,
    OperationPlace,
    SearchSpace,
    Split,
    Supernet,
    Turn,
)
from nasbench_harness.networks.chance import Chance
from nasbench_harness.problems.supernet import operations
from nasbench_harness.problems.supernet.network_settings import NetworkSettings


class SupernetParts(ABC):
    """`OperationGradients`, `CellWeights` and `SkipRates` of a problem that trains a supernet."""

    space: SearchSpace
    settings: NetworkSettings
    device: torch.device
    dtype: torch.dtype
    supernet: nn.Module
    _optimizer: torch.optim.Optimizer
    _chance: Chance
    _frozen: frozenset[OperationPlace]
    _frozen_rows: list[operations.FrozenRows]

    @abstractmethod
    def _losses(self, weights: Tensor, split: Split, active: Tensor | None) -> Tensor:
        """Per example, [B], differentiable in what requires a gradient."""

    @abstractmethod
    def _descended(
        self, weights: Tensor, active: Tensor | None, network: Any
    ) -> tuple[Tensor, Tensor]:
        """What the shared weights descend on the train batch, and the logits beside it."""

    @abstractmethod
    def _stepped(self, loss: Tensor, logits: Tensor) -> Log:
        """A step of the optimiser along the gradients that are there, of this loss."""

    def operation_losses(
        self, weights: Tensor, split: Split, active: Tensor | None = None
    ) -> Tensor:
        """The losses, with gradients of the operations as well; see `OperationGradients`."""
        own = operations.operations_of(self.supernet, self.space.name)
        with cast("Supernet", self.supernet).frozen():
            for parameter, _ in own:
                parameter.grad = None
                parameter.requires_grad_(True)
            return self._losses(weights, split, active)

    def operation_gradients(self) -> Sequence[OperationGradient]:
        """What the last way back left; see `OperationGradients`."""
        own = operations.operations_of(self.supernet, self.space.name)
        return operations.gradients_of(own)

    def freeze_operations(self, frozen: Collection[OperationPlace]) -> None:
        """Train the weights of these no more; see `OperationGradients`."""
        operations.operations_of(self.supernet, self.space.name)
        self._frozen = frozenset(frozen)
        self._find_frozen()

    def _find_frozen(self) -> None:
        """Anew where the network has other parameters than before."""
        own = operations.operations_of(self.supernet, self.space.name) if self._frozen else ()
        self._frozen_rows = operations.frozen_rows(own, self._frozen)

    def cell_decisions(self) -> Sequence[Sequence[int]]:
        """By cell; see `CellWeights`."""
        precision = self.settings.precision
        return operations.cells_of(self.supernet, self.space.name, precision).cell_decisions()

    def fit_cells(self, weights: Tensor, turn: Turn, active: Tensor | None = None) -> Log:
        """A step along a loss and factors times it at shifted weights; see `CellWeights`.

        As with the second order, every pass counts in running statistics.
        """
        cells = operations.cells_of(self.supernet, self.space.name, self.settings.precision)
        drawn, point = self._chance.state, weights.detach()
        shape = (len(cells.cell_decisions()), *weights.shape[-2:])
        shifts = torch.zeros(shape, dtype=self.dtype, device=self.device, requires_grad=True)
        self._optimizer.zero_grad()
        with cells.shifted_cells(shifts):
            loss, logits = self._descended(point, active, self.supernet)
        loss.backward()  # type: ignore[no-untyped-call]
        after = self._chance.state
        gradient = torch.zeros_like(shifts) if shifts.grad is None else shifts.grad
        for factor, moved in turn(gradient):
            self._chance.state = drawn
            with cells.shifted_cells(moved):
                other, _ = self._descended(point, active, self.supernet)
            (factor * other).backward()  # type: ignore[no-untyped-call]
        self._chance.state = after
        return self._stepped(loss, logits)

    def drop_skips(self, probability: float) -> None:
        """Drop out so much of what skips pass on; see `SkipRates`."""
        operations.drop_skips(self.supernet, self.space.name, probability)
