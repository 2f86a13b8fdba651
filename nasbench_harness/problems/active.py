"""Options that are not active: they count as of weight 0, on every kind of problem alike."""

from __future__ import annotations

from torch import Tensor


def active_part(weights: Tensor, active: Tensor | None) -> Tensor:
    """The weights [..., D, K] with 0, and no way back, where an option is not `active`.

    `active` is [D, K], or [R, D, K] of joint runs with weights [R, D, K] or [R, B, D, K].
    """
    if active is None or bool(active.all()):
        return weights
    if active.ndim == 3 and weights.ndim == 4:
        active = active.unsqueeze(1)
    return weights.masked_fill(~active, 0.0)
