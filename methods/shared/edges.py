"""Edges that are weighed against each other: edge normalisation (PC-DARTS, section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor

from nasbench_harness.contracts import SearchSpace
from nasbench_harness.methods.shared.relaxations import masked_softmax


class EdgeNormalisation:
    """gamma [D]: the softmax of parameters b [D] over the edges that enter the same node.

    These are the decisions of one `group`. What a node receives is then a mean of its edges.
    """

    def __init__(self, space: SearchSpace, logits: Tensor) -> None:
        """`logits` are b, on the device; they are made to require a gradient."""
        groups = [decision.group for decision in space.decisions]
        mates = [[one == other for other in groups] for one in groups]
        self.logits = logits.requires_grad_()
        self._mates = torch.tensor(mates, device=logits.device)

    def shares(self) -> Tensor:
        """gamma [D], of which every group's sum to 1."""
        each = self.logits.expand(len(self.logits), -1)
        return masked_softmax(each, self._mates).diagonal()

    def weighed(self, rows: Tensor) -> Tensor:
        """Mixing weights [D, K], each row times its edge's share."""
        return rows * self.shares().unsqueeze(-1)
