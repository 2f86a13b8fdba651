"""How many skips an answer has, and answers with fewer of them.

P-DARTS (Chen, Xie, Wu & Tian, ICCV 2019, arXiv 1904.12760) restricts them in the normal cell; other
searches end once there are too many.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, SearchSpace
from nasbench_harness.methods.setups.skips import counted_skips
from nasbench_harness.methods.shared.options import free_options


class Skips:
    """The skips of a space that count: options that need no training."""

    def __init__(self, space: SearchSpace, *, every_cell: bool) -> None:
        """Those of the first decision's type of cell, or all; HarnessError where there are none."""
        counted = torch.tensor([bool(row) for row in counted_skips(space, every_cell=every_cell)])
        self._space, self._skips = space, free_options(space) & counted.unsqueeze(1)

    def count(self, arch: Architecture) -> int:
        """Skips that an answer keeps; one that a node has twice counts twice."""
        return int((self._space.weights(arch) * self._skips).sum())

    def at_most(self, scores: Tensor, number: int) -> Architecture:
        """What is derived where the skips with the smallest scores give way, one after the other.

        Of a decision that has nothing else a skip stays.
        """
        rows = scores.detach().cpu().clone()
        left = self._skips.clone()
        arch = self._space.derive(rows)
        while self.count(arch) > number:
            kept = self._space.weights(arch).bool() & left
            if not kept.any():
                break
            weakest = int(rows.masked_fill(~kept, math.inf).argmin())
            rows.view(-1)[weakest] = 0.0
            left.view(-1)[weakest] = False
            arch = self._space.derive(rows)
        return arch
