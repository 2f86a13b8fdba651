"""Operations of a supernet one by one: which parameters are theirs, and which are frozen."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nasbench_harness.contracts import (
    CellShifts,
    OperationGradient,
    OperationParameter,
    OperationParameters,
    OperationPlace,
    SkipDropout,
)
from nasbench_harness.errors import HarnessError


def operations_of(supernet: nn.Module, space: str) -> Sequence[OperationParameter]:
    """The parameters by operation; HarnessError where the supernet cannot tell."""
    if not isinstance(supernet, OperationParameters):
        raise HarnessError(
            f"The supernet of `{space}` cannot tell which weights are which operation's (it has no"
            " `operation_parameters`); choose a method that does not compare operations."
        )
    return supernet.operation_parameters()


def cells_of(supernet: nn.Module, space: str, precision: str) -> CellShifts:
    """The supernet as one of cells; HarnessError where it has none, or rounds shifts away."""
    if not isinstance(supernet, CellShifts):
        raise HarnessError(
            f"The supernet of `{space}` has no cells that share mixing weights (it has no"
            " `shifted_cells`); choose a method that does not compare cells."
        )
    if precision != "fp32":
        raise HarnessError(
            f"Shifts of the mixing weights of cells are lost in {precision}; search with"
            " `--precision fp32`."
        )
    return supernet


def drop_skips(supernet: nn.Module, space: str, probability: float) -> None:
    """Let skips drop out so much; HarnessError where the supernet cannot."""
    if isinstance(supernet, SkipDropout):
        supernet.skip_dropout = probability
    elif probability:
        raise HarnessError(
            f"The supernet of `{space}` cannot drop out what its skips pass on (it has no"
            " `skip_dropout`); search without `skip_dropout`."
        )


def gradients_of(operations: Iterable[OperationParameter]) -> list[OperationGradient]:
    """What the last way back left; what overflowed counts as no gradient."""
    return [OperationGradient(_gradient(parameter), places) for parameter, places in operations]


def _gradient(parameter: nn.Parameter) -> Tensor:
    if parameter.grad is None:
        return torch.zeros_like(parameter)
    gradient = parameter.grad
    return gradient.nan_to_num(0.0, 0.0, 0.0)


class FrozenRows(NamedTuple):
    """Rows of a parameter that are frozen."""

    parameter: nn.Parameter
    rows: Tensor
    """bool [rows, 1, ...], of as many dimensions as the parameter."""


def frozen_rows(
    operations: Iterable[OperationParameter], frozen: Collection[OperationPlace]
) -> list[FrozenRows]:
    """Of the parameters that have some."""
    found = []
    for parameter, places in operations:
        held = [place in frozen for place in places]
        if any(held):
            rows = torch.tensor(held).repeat_interleave(len(parameter) // len(places))
            shape = (-1, *[1] * (parameter.dim() - 1))
            found.append(FrozenRows(parameter, rows.view(shape).to(parameter.device)))
    return found


def forget_gradients(frozen: Iterable[FrozenRows]) -> None:
    """Those of frozen rows become 0."""
    for parameter, rows in frozen:
        if parameter.grad is not None:
            parameter.grad.masked_fill_(rows, 0.0)


@contextlib.contextmanager
def held(frozen: Sequence[FrozenRows]) -> Iterator[None]:
    """Within it an optimiser may step; frozen rows are afterwards what they were."""
    before = [parameter.detach().clone() for parameter, _ in frozen]
    yield
    with torch.no_grad():
        for (parameter, rows), values in zip(frozen, before, strict=True):
            parameter.copy_(torch.where(rows, values, parameter))
