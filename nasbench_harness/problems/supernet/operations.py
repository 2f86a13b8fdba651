"""Operations of a supernet one by one: which parameters are theirs, and which are frozen."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from nasbench_harness.contracts import (
    CellShifts,
    CellWeights,
    OperationGradient,
    OperationGradients,
    OperationParameter,
    OperationParameters,
    OperationPlace,
    SkipDropout,
    SkipRates,
)
from nasbench_harness.hardware import onto
from nasbench_harness.problems.supernet.asked import check_supernet_has


def operations_of(supernet: nn.Module, space: str) -> Sequence[OperationParameter]:
    """The parameters by operation; HarnessError where the supernet cannot tell."""
    check_supernet_has(supernet, OperationGradients, space)
    return cast("OperationParameters", supernet).operation_parameters()


def cells_of(supernet: nn.Module, space: str, precision: str) -> CellShifts:
    """The supernet as one of cells; HarnessError where it has none, or rounds shifts away."""
    check_supernet_has(supernet, CellWeights, space, precision)
    return cast("CellShifts", supernet)


def drop_skips(supernet: nn.Module, space: str, probability: float) -> None:
    """Let skips drop out so much; HarnessError where the supernet cannot."""
    if probability or isinstance(supernet, SkipDropout):
        check_supernet_has(supernet, SkipRates, space)
        cast("SkipDropout", supernet).skip_dropout = probability


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
            there = onto(rows.view(shape), parameter.device)
            found.append(FrozenRows(parameter, there))
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
