"""How a number of a search changes in its course."""

from __future__ import annotations

import math


def cosine(high: float, low: float, passed: int, whole: int) -> float:
    """From `high` to `low` along half a cosine, `passed` steps of the `whole` way behind."""
    share = (1 + math.cos(math.pi * passed / whole)) / 2
    return low + (high - low) * share


def line(first: float, last: float, share: float) -> float:
    """From `first` to `last` along a line, of which `share` (0 to 1) lies behind."""
    return first + share * (last - first)


def passed_epochs(epoch: int, epochs: int, *, reached: bool) -> float:
    """Share of the epochs that lies behind: 0 in the first, in the last 1 or 1 - 1/epochs.

    1 after the last, where a search goes on.
    """
    return min(epoch / max(epochs - 1, 1) if reached else epoch / epochs, 1.0)


def ramp(weight: float, step: int, steps: int) -> float:
    """From 0 to `weight` in so many steps, and there ever after."""
    return weight * min(step / steps, 1.0)


def growth(factor: float, passed: float, whole: float) -> float:
    """From 1 to `factor` by the same share every step; 1 before, `factor` after."""
    share = min(max(passed / whole, 0.0), 1.0) if whole > 0 else float(passed >= 0)
    return math.pow(factor, share)


def fading(weight: float, passed: float, whole: float) -> float:
    """From `weight` to 0 along a line, and 0 ever after."""
    return weight * max(1 - passed / whole, 0.0)
