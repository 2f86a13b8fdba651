"""What a plain supernet is made of: operations that are weighed, and parameters that are frozen."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from nasbench_harness.contracts import Grown


class PlainSupernet(nn.Module):
    """A base of supernets whose channels all pass: what is left to write is `forward`.

    See `nasbench_harness.contracts.Supernet`. One that lets a part of its channels through writes
    `use_channels` itself.
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

    def use_channels(self, factor: int, generator: torch.Generator) -> list[Grown]:
        """All channels pass already."""
        return []


def mixed(
    operations: Sequence[nn.Module], x: Tensor, weights: Tensor, active: Tensor | None = None
) -> Tensor:
    """The weighed sum of what `operations` make of x [B, C, H, W].

    `weights` are a row of a supernet's, [K] or, one row per example, [B, K]; `active` is bool [K],
    None for all. What is not active is not computed.
    """
    chosen = [k for k in range(len(operations)) if active is None or bool(active[k])]
    scales = weights.to(x.dtype).unbind(-1)
    brought = [scales[k].reshape(-1, 1, 1, 1) * operations[k](x) for k in chosen]
    return torch.stack(brought).sum(dim=0) if brought else torch.zeros_like(x)
