"""Batch norms of a NAS-Bench-201 supernet, whose affine weight is a mixing weight."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

EPS, MOMENTUM = 1e-5, 0.1


@dataclass(frozen=True)
class Norm:
    """Running statistics of a batch norm (None: always the batch's own) and its mode."""

    mean: Tensor | None
    var: Tensor | None
    training: bool

    def part(self, start: int, channels: int) -> Norm:
        """Those of some of the channels; views, so that updates reach the whole."""
        if self.mean is None or self.var is None:
            return self
        mean, var = (values.narrow(0, start, channels) for values in (self.mean, self.var))
        return Norm(mean, var, self.training)
