"""How far the cells of a network agree on their mixing weights, and what would make them agree.

Lambda-DARTS (section 4): each cell has a gradient of the training loss in its own copy of the
mixing weights; where these point in different ways, the one alpha that all cells share serves few
of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Score = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Gradients [L, n] of L cells, to their alignment [] and its derivative in them, [L, n]."""


def cosine_alignment(gradients: Tensor) -> tuple[Tensor, Tensor]:
    """Lambda = 2 / (L (L - 1)) times the sum over pairs of <u_l, u_m>, u_l = g_l / |g_l|.

    Its derivative in g_l is 2 / (L (L - 1)) / |g_l| (I - u_l u_l') sum_m u_m. A cell without a
    gradient agrees with none, and has no derivative.
    """
    cells = len(gradients)
    norms = gradients.norm(dim=1, keepdim=True)
    inverse = _inverse(norms)
    units = gradients * inverse
    total = units.sum(dim=0)
    share = 2 / (cells * (cells - 1))
    score = share * (total.square().sum() - units.square().sum()) / 2
    along = (units @ total).unsqueeze(1) * units
    return score, share * inverse * (total - along)


def sign_alignment(gradients: Tensor) -> tuple[Tensor, Tensor]:
    """The same of <g_l, g_m> / <|g_l|, |g_m|>, which is 1 where all signs agree."""
    cells = len(gradients)
    sizes = gradients.abs()
    products, inverse = gradients @ gradients.T, _inverse(sizes @ sizes.T)
    apart = 1 - torch.eye(cells, dtype=gradients.dtype, device=gradients.device)
    share = 2 / (cells * (cells - 1))
    ratios, inverse = products * inverse * apart, inverse * apart
    others = inverse @ gradients - gradients.sign() * ((ratios * inverse) @ sizes)
    return share * ratios.sum() / 2, share * others


def _inverse(values: Tensor) -> Tensor:
    """1 over each; 0 where that is 0."""
    return torch.where(values > 0, 1 / values.where(values > 0, 1.0), 0.0)


SCORES: dict[str, Score] = {"cosine": cosine_alignment, "signcorr": sign_alignment}


class CellAlignment:
    """Alignment among some cells; others, such as those that reduce, are left as they are."""

    def __init__(
        self,
        compared: Sequence[int],
        decisions: Sequence[int],
        score: Score,
        device: torch.device | None = None,
    ) -> None:
        """`compared` are the places of two cells or more, which mix by the same `decisions`.

        The gradients will be on `device`.
        """
        self.compared = torch.tensor(compared, device=device)
        self.decisions = torch.tensor(decisions, device=device)
        self._score = score

    def __call__(self, gradients: Tensor) -> tuple[Tensor, Tensor]:
        """The score [] of gradients [L, D, K], and its derivative in them."""
        own = gradients[self.compared][:, self.decisions]
        score, derivative = self._score(own.flatten(1))
        return score, self._spread(derivative.view_as(own), gradients)

    def _spread(self, own: Tensor, gradients: Tensor) -> Tensor:
        """0 in other cells and decisions."""
        rows = gradients.new_zeros(len(self.compared), *gradients.shape[1:])
        rows[:, self.decisions] = own
        spread = torch.zeros_like(gradients)
        spread[self.compared] = rows
        return spread
