"""Rows drawn one by one, where an architecture does not keep every decision.

A cell may keep two inputs a node out of all those that are relaxed. What is drawn for every
decision then becomes the architecture that keeps the strongest rows, or rows that are drawn in
proportion to how strong they are.
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

    def kept(self, drawn: Tensor, p: Tensor, uniforms: Tensor | None = None) -> Tensor:
        """The architecture [D, K] of one-hot rows [D, K], a row as strong as its likeliest option.

        The strongest rows under p count. With `uniforms` [D] in [0, 1) rows are drawn one after the
        other in proportion to their strength, as far as the space keeps the largest numbers: of
        equal rows none is preferred (exponential races, Efraimidis & Spirakis 2006).
        """
        if self.whole:
            return drawn
        tiny = torch.finfo(p.dtype).tiny
        strength = p.amax(dim=-1, keepdim=True)
        if uniforms is not None:
            waits = -torch.log1p(-uniforms).unsqueeze(-1)
            strength = strength / waits.clamp(min=tiny)
            strength = strength / strength.max()  # above 1 are sums over paths alone
        likely = drawn * strength.clamp(min=tiny)
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
