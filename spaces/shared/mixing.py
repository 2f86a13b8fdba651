"""What a plain supernet is made of: operations that are weighed, and parameters that are frozen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from nasbench_harness.contracts import OperationParameter, OperationPlace


class PlainSupernet(nn.Module):
    """A base of supernets whose channels stay as they are: what is left to write is `forward`.

    See `nasbench_harness.contracts.Supernet`. One that can let more of its channels through later
    writes `use_channels` itself (`Widening`).
    """

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Within it a forward pass leaves the parameters out of the graph."""
        needed = [parameter for parameter in self.parameters() if parameter.requires_grad]
        for parameter in needed:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            for parameter in needed:
                parameter.requires_grad_(True)


class CellwiseSupernet:
    """A base of supernets of cells whose mixing weights can be moved cell by cell (`CellShifts`).

    What is left to write is `cell_decisions`, and a `forward` that asks `weights_in`.
    """

    cell_shifts: Tensor | None = None

    @contextlib.contextmanager
    def shifted_cells(self, shifts: Tensor) -> Iterator[None]:
        """Within it cell l mixes by the weights of a pass plus shifts[l]."""
        self.cell_shifts = shifts
        try:
            yield
        finally:
            self.cell_shifts = None

    def weights_in(self, cell: int, weights: Tensor) -> Tensor:
        """What a cell mixes by, for what the pass was given."""
        return weights if self.cell_shifts is None else weights + self.cell_shifts[cell]


def parameters_at(operation: nn.Module, *place: int) -> list[OperationParameter]:
    """The parameters of an operation by itself, which stands at a cell, decision and option."""
    where = (OperationPlace(*place),)
    return [OperationParameter(parameter, where) for parameter in operation.parameters()]


def parameters_of_layers(layers: nn.ModuleList) -> list[OperationParameter]:
    """Of a chain without cells: a decision is a layer, its options stand in it in their order."""
    return [
        found
        for layer, options in enumerate(layers)
        for option, operation in enumerate(options.children())
        for found in parameters_at(operation, 0, layer, option)
    ]


def mixed(
    operations: Sequence[nn.Module], x: Tensor, weights: Tensor, active: Tensor | None = None
) -> Tensor:
    """The weighed sum of what `operations` make of x [B, C, H, W].

    `weights` are a row of a supernet's, [K] or, one row per example, [B, K]; `active` is bool [K],
    None for all. What is not active is not computed; where nothing is, the first operation alone is
    run once for the shape of the zeros, as when evaluated: it keeps no statistics, draws nothing.
    """
    chosen = [k for k in range(len(operations)) if active is None or bool(active[k])]
    scales = weights.to(x.dtype).unbind(-1)
    brought = [scales[k].reshape(-1, 1, 1, 1) * operations[k](x) for k in chosen]
    return (
        torch.stack(brought).sum(dim=0) if brought else torch.zeros_like(_shaped(operations[0], x))
    )


@torch.no_grad()
def _shaped(operation: nn.Module, x: Tensor) -> Tensor:
    """What an operation makes of x, which it is otherwise left alone by."""
    training = [module for module in operation.modules() if module.training]
    operation.eval()
    try:
        made: Tensor = operation(x)
    finally:
        for module in training:
            module.training = True
    return made
