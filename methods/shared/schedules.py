"""How a number of a search changes in its course."""

from __future__ import annotations

import math


def cosine(high: float, low: float, passed: int, whole: int) -> float:
    """From `high` to `low` along half a cosine, `passed` steps of the `whole` way behind."""
    share = (1 + math.cos(math.pi * passed / whole)) / 2
    return low + (high - low) * share


def ramp(weight: float, step: int, steps: int) -> float:
    """From 0 to `weight` in so many steps, and there ever after."""
    return weight * min(step / steps, 1.0)
