"""A batch in equal parts, each with architecture samples of its own: devices that share a step."""

from __future__ import annotations

import torch
from torch import Tensor


def by_part(values: Tensor, parts: int, dim: int) -> Tensor:
    """[..., n, ...] as [..., parts, n / parts, ...]; fewer values than parts are one each."""
    return torch.unflatten(values, dim, (min(parts, values.shape[dim]), -1))


def for_each(samples: Tensor, examples: int, dim: int) -> Tensor:
    """One sample for every example: each of n serves its equal part, the first the first examples.

    `examples` is a multiple of n; 0 or n: they are one for each as they are.
    """
    times = examples // samples.shape[dim]
    return samples.repeat_interleave(times, dim) if times > 1 else samples
