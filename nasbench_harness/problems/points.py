"""Which steps of a search are worth a line of history."""

from __future__ import annotations

RECORDED_POINTS = 100


def recorded_steps(steps: int) -> list[int]:
    """The first and the last of `steps`, dense at first, then even."""
    even = {round(steps * i / RECORDED_POINTS) for i in range(1, RECORDED_POINTS + 1)}
    early = {round(steps ** (i / RECORDED_POINTS)) for i in range(RECORDED_POINTS // 2)}
    return sorted((even | early | {1}) - {0})
