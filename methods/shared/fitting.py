"""Which options may be run together under a limit of the memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from nasbench_harness.errors import HarnessError

BytesOf = Callable[[Tensor], int]
"""Of options bool [D, K] that are run; see `StepMemory`."""


def lightest(mask: Tensor, step_bytes: BytesOf) -> tuple[int, Tensor]:
    """The least bytes of a network, and its options bool [D, K].

    Of those with the same option everywhere, where decisions have it; else their last.
    """
    return min(((step_bytes(one), one) for one in _uniform(mask)), key=lambda pair: pair[0])


def check_memory(mask: Tensor, limit: int, step_bytes: BytesOf) -> Tensor:
    """The lightest network, bool [D, K]; HarnessError where not even that fits."""
    needed, options = lightest(mask, step_bytes)
    if needed > limit:
        raise HarnessError(
            f"The memory limit of {limit:,} bytes is below what one network takes: a step on the"
            f" lightest, with one option for every decision, needs {needed:,}; raise the limit, or"
            " take a smaller --batch-size, --width or --cells."
        )
    return options


def fitting(ranked: Tensor, limit: int, step_bytes: BytesOf | None) -> int:
    """How many of the ranked options of every decision fit together into the limit (0: none).

    `ranked` [D, K] holds 1 for a decision's first option, 2 for its second and so on, 0 for those
    that are not meant. 0 where not even the first ones fit.
    """
    most = int(ranked.max())
    while limit and step_bytes is not None and most:
        if step_bytes((ranked > 0) & (ranked <= most)) <= limit:
            break
        most -= 1
    return most


def nearest(ranked: Tensor, light: Tensor, limit: int, step_bytes: BytesOf) -> Tensor:
    """bool [D, K]: one option a decision, its first ranked one as far as that fits.

    Where not all first ones fit together: beginning with a network `light` that does, one decision
    after the other takes its own unless that is too much.
    """
    kept = light.clone()
    for place, first in enumerate(ranked == 1):
        tried = kept.clone()
        tried[place] = first
        if bool(first.any()) and step_bytes(tried) <= limit:
            kept = tried
    return kept


def _uniform(mask: Tensor) -> Iterator[Tensor]:
    """Of each option the network that has it everywhere."""
    for option in range(mask.shape[1]):
        one = torch.zeros_like(mask)
        for row, there in zip(one, mask, strict=True):
            known = there.nonzero().squeeze(1)
            row[known[min(int((known < option).sum()), len(known) - 1)]] = True
        yield one
