"""Mixing weights that are moved a little: how SDARTS smooths what the network weights see.

Chen & Hsieh, ICML 2020, arXiv 2002.05283: the network is trained to be good around the mixture, not
only at it. Rows are decisions, the last axis their options; masked options stay exactly 0.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

MixtureLoss = Callable[[Tensor], Tensor]
"""Mean loss [] of the rows [D, K] of a mixture, or [R] of those of joined runs."""


def on_simplex(rows: Tensor, mask: Tensor) -> Tensor:
    """Rows with every weight clipped to [0, 1], then divided by their sum.

    Of a row that clipping leaves nothing of, the option that was largest gets all.
    """
    there = rows.masked_fill(~mask, -torch.inf)
    largest = torch.zeros_like(rows).scatter_(-1, there.argmax(dim=-1, keepdim=True), 1.0)
    clipped = rows.clamp(0.0, 1.0).masked_fill(~mask, 0.0)
    total = clipped.sum(dim=-1, keepdim=True)
    return torch.where(total > 0, clipped / total.where(total > 0, 1.0), largest)


def moved_at_random(rows: Tensor, mask: Tensor, radius: float, uniforms: Tensor) -> Tensor:
    """SDARTS-RS: each weight moved by up to `radius`, from uniform numbers in [0, 1)."""
    return on_simplex(rows + radius * (2 * uniforms - 1), mask)


def moved_against(  # noqa: PLR0913, PLR0917 - the attack's own numbers
    rows: Tensor, mask: Tensor, radius: float, uniforms: Tensor, steps: int, loss: MixtureLoss
) -> Tensor:
    """SDARTS-ADV: projected ascent of the loss in the L-infinity ball of `radius` around the rows.

    It starts at a random point; a step is 2 radius / steps along the sign of the gradient, and
    after it the weights go back into the ball and onto the simplex. What did not raise the loss is
    not taken. The device is asked for nothing.
    """
    clean = rows.detach()
    with torch.no_grad():
        before = loss(clean)
    point = moved_at_random(clean, mask, radius, uniforms)
    for _ in range(steps):
        at = point.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(at).sum(), at)
        ahead = point + 2 * radius / steps * gradient.sign()
        point = on_simplex(clean + (ahead - clean).clamp(-radius, radius), mask)
    with torch.no_grad():
        lower = (loss(point) < before)[..., None, None]  # of every run, where several are joined
        return torch.where(lower, clean, point)
