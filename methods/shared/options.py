"""Which options of a space a method searches, and which of them need no training."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from nasbench_harness.contracts import SearchSpace
from nasbench_harness.methods.setups.excluded import NOTHING, check_excluded


def searched_mask(space: SearchSpace, excluded: Collection[str]) -> Tensor:
    """bool [D, K], on the host: the options that exist and are not excluded by name.

    HarnessError where a decision is left without any, UnknownNameError for a name that no decision
    knows; `none` may be missing.
    """
    if not excluded:
        return space.mask
    check_excluded(space.name, space.decisions, excluded)
    mask = space.mask.clone()
    for row, decision in zip(mask, space.decisions, strict=True):
        row[: len(decision.options)] = torch.tensor([o not in excluded for o in decision.options])
    return mask


def free_options(space: SearchSpace) -> Tensor:
    """bool [D, K]: the options that need no training, such as skips."""
    free = torch.zeros_like(space.mask, device="cpu")
    for row, decision in zip(free, space.decisions, strict=True):
        row[: len(decision.options)] = torch.tensor([o in decision.free for o in decision.options])
    return free


def absent_options(space: SearchSpace) -> Tensor:
    """bool [D, K]: the options that bring nothing."""
    absent = torch.zeros_like(space.mask, device="cpu")
    for row, decision in zip(absent, space.decisions, strict=True):
        row[: len(decision.options)] = torch.tensor([o == NOTHING for o in decision.options])
    return absent


def open_or_absent(rows: Tensor, is_open: Tensor, absent: Tensor) -> Tensor:
    """Rows [D, K] of preferences, all on the host, of the options that are open.

    Where none of a decision is: the one that brings nothing, if there is one; else the row as it
    is.
    """
    found, nothing = is_open.any(dim=-1, keepdim=True), absent.any(dim=-1, keepdim=True)
    return torch.where(found, rows * is_open, torch.where(nothing, absent.to(rows), rows))
