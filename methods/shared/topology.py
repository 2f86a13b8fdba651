"""Rows drawn one by one, where an architecture does not keep every decision.

A cell may keep two inputs a node out of all those that are relaxed. What is drawn for every
decision then becomes the architecture whose kept rows were the most probable ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nasbench_harness.contracts import SearchSpace


class Topology:
    """Which rows of drawn choices an architecture of the space keeps."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        first = torch.zeros(space.mask.shape)
        first[:, 0] = 1.0
        self.whole = bool(space.weights(space.derive(first)).any(dim=-1).all())
        """Does every architecture keep every decision, as in a free product."""
        groups = [decision.group for decision in space.decisions]
        self.mates: Sequence[list[int]] = [
            [other for other, name in enumerate(groups) if name == group and other != place]
            for place, group in enumerate(groups)
        ]
        """By decision, the others of its group: the edges that enter the same node."""

    def kept(self, drawn: Tensor, p: Tensor) -> Tensor:
        """The architecture [D, K] of one-hot rows [D, K], of which the likeliest under p count."""
        if self.whole:
            return drawn
        likely = drawn * p.clamp(min=torch.finfo(p.dtype).tiny)
        return self.space.weights(self.space.derive(likely)).to(drawn)

    def with_room(self, kept: Tensor, place: int, p: Tensor) -> Tensor:
        """The same with no row in the place of one decision, which is to be relaxed.

        Where the architecture keeps it not, it takes the place of the least likely kept row of its
        group.
        """
        if self.whole:
            return kept
        room = kept.clone()
        alive = [row for row in self.mates[place] if bool(kept[row].any())]
        if alive and not bool(kept[place].any()):
            likely = (kept * p).sum(dim=-1)
            room[min(alive, key=lambda row: float(likely[row]))] = 0.0
        room[place] = 0.0
        return room
