"""What single options cost, where only whole architectures tell what they cost."""

from __future__ import annotations

import torch
from torch import Tensor

from nasbench_harness.contracts import Problem
from nasbench_harness.methods.shared.options import absent_options, free_options


def cost_shares(problem: Problem, what: str, mask: Tensor) -> Tensor:
    """c [D, K], float64 on the host: what each option has of the sum of all options' costs.

    An option costs what an architecture with it costs more than that with the cheapest option of
    its decision; all other decisions have what brings or trains nothing, or else their first
    option. `mask` bool [D, K] on the host are the options that count. All 0 where all cost the
    same.
    """
    space, extra = problem.space, torch.zeros(mask.shape, dtype=torch.float64)
    around = _plain_rows(absent_options(space) & mask, free_options(space) & mask, mask)
    for decision, row in enumerate(mask.tolist()):
        costs = {
            option: problem.cost(space.derive(_with(around, decision, option)), what)
            for option, there in enumerate(row)
            if there
        }
        least = min(costs.values())
        for option, cost in costs.items():
            extra[decision, option] = cost - least
    total = extra.sum()
    return extra / total if total > 0 else extra


def _plain_rows(absent: Tensor, free: Tensor, mask: Tensor) -> Tensor:
    """[D, K] one-hot: of every decision the first of the first kind that it has."""
    rows = torch.zeros(mask.shape, dtype=torch.float64)
    for row, *kinds in zip(rows, absent, free, mask, strict=True):
        kind = next(kind for kind in kinds if kind.any())
        row[int(kind.nonzero()[0])] = 0.5
    return rows


def _with(around: Tensor, decision: int, option: int) -> Tensor:
    """Preferences with this option of this decision before everything else."""
    rows = around.clone()
    rows[decision] = 0.0
    rows[decision, option] = 1.0
    return rows
