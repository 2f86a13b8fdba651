"""Learning rates that change with the epoch."""

from __future__ import annotations

import math


def cosine(start: float, end: float, epoch: int, epochs: int) -> float:
    """From `start` in epoch 0 towards `end`, which is reached after the last epoch."""
    return end + (start - end) * (1 + math.cos(math.pi * epoch / epochs)) / 2
