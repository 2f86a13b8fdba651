"""What is inside a supernet, for methods that look there: operations one by one, cells, skips."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from nasbench_harness.contracts.problem import Log, Split

if TYPE_CHECKING:
    import torch


# --- operations ----------------------------------------------------------------------------------


class OperationPlace(NamedTuple):
    """One operation of a supernet: an option of a decision has one in every cell that mixes it."""

    cell: int
    """Counted from 0 in the order that data pass; 0 where there are no cells."""
    decision: int
    option: int


class OperationParameter(NamedTuple):
    """A parameter of operations; several that run as one may share it."""

    parameter: torch.nn.Parameter
    places: tuple[OperationPlace, ...]
    """Whose it is: each has an equal share of the rows (the first dimension), in this order."""


@runtime_checkable
class OperationParameters(Protocol):
    """Capability of a supernet: it tells which of its parameters belong to which operation."""

    def operation_parameters(self) -> Sequence[OperationParameter]:
        """Those of all operations that have some, at any time in the same order.

        One that was widened has other parameters than before, in the same order.
        """


class OperationGradient(NamedTuple):
    """A gradient of an `OperationParameter`, in its shape."""

    gradient: torch.Tensor
    places: tuple[OperationPlace, ...]


@runtime_checkable
class OperationGradients(Protocol):
    """Capability of a problem: what single operations learn is seen, and can be ended.

    HarnessError where the network cannot tell its operations apart (`OperationParameters`).
    """

    def operation_losses(
        self, weights: torch.Tensor, split: Split, active: torch.Tensor | None = None
    ) -> torch.Tensor:
        """`losses`, of which the way back leaves the gradients of the operations as well."""

    def operation_gradients(self) -> Sequence[OperationGradient]:
        """What the last way back has left: of a `fit`, as it was descended, or of these losses.

        In the order of `OperationParameters`; fresh tensors, zeros where it left nothing. Their
        size is up to a factor that all of them have in common.
        """

    def freeze_operations(self, frozen: Collection[OperationPlace]) -> None:
        """From now on `fit` leaves the weights of these operations as they are, and of no others.

        Neither momentum nor decay moves them, and their gradients count in no norm.
        """


# --- cells ---------------------------------------------------------------------------------------


@runtime_checkable
class CellShifts(Protocol):
    """Capability of a supernet of cells: the mixing weights of each can be moved by themselves."""

    def cell_decisions(self) -> Sequence[Sequence[int]]:
        """By cell, in the order that data pass, the decisions that it mixes by."""

    def shifted_cells(self, shifts: torch.Tensor) -> AbstractContextManager[None]:
        """Within it cell l mixes by the weights of a pass plus shifts[l], of [L, D, K].

        Differentiable in them. A compiled network knows nothing of it.
        """


Turn = Callable[["torch.Tensor"], Sequence[tuple["torch.Tensor", "torch.Tensor"]]]
"""Gradient [L, D, K] of a loss in every cell's mixing weights, to (factor [], shifts [L, D, K])."""


@runtime_checkable
class CellWeights(Protocol):
    """Capability of a problem: each cell of its network can have mixing weights of its own.

    HarnessError where there are no such cells (`CellShifts`), or too little precision for shifts.
    """

    def cell_decisions(self) -> Sequence[Sequence[int]]:
        """See `CellShifts`."""

    def fit_cells(
        self, weights: torch.Tensor, turn: Turn, active: torch.Tensor | None = None
    ) -> Log:
        """`fit` along another gradient: that of the loss plus factors times it at shifted weights.

        `turn` is given the loss' gradient in the weights of each cell, from the same pass, and
        says which factors and shifts; each costs a pass more, with the same random numbers.
        """


# --- skips ---------------------------------------------------------------------------------------


@runtime_checkable
class SkipDropout(Protocol):
    """Capability of a supernet: what skips pass on is dropped out in its training.

    Skips are the options that a `Decision` calls free.
    """

    skip_dropout: float
    """Probability of each element, 0 as it is made; what is kept is divided by 1 minus it."""


@runtime_checkable
class SkipRates(Protocol):
    """Capability of a problem: what skips pass on can be dropped out."""

    def drop_skips(self, probability: float) -> None:
        """From now on, of each element; HarnessError where the network cannot (`SkipDropout`)."""
