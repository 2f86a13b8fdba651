"""What a plain supernet is made of: operations that are weighed, and parameters that are frozen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn


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
