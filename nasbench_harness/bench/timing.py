"""Seconds of steps, from an idle device to an idle device, several kinds of them by turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from nasbench_harness.hardware import wait_for

WARM_STEPS = 3
"""Of every kind, not counted: kernels are chosen, memory is taken (our decision)."""
ROUNDS, STEPS = 7, 3
"""Rounds behind a median, and steps of each kind in one, after which the device is waited for."""
TINY_ROUNDS, TINY_STEPS = 3, 1


def seconds(act: Callable[[], Any], device: torch.device, steps: int = 1) -> float:
    """Of one of so many; the device works ahead in between, as in a search."""
    wait_for(device)
    started = time.perf_counter()
    for _ in range(steps):
        act()
    wait_for(device)
    return (time.perf_counter() - started) / steps


def medians(
    acts: Mapping[str, Callable[[], Any]], device: torch.device, *, tiny: bool
) -> dict[str, float]:
    """Median seconds of a step of each; every round has all of them, so that they share its luck.

    They have been called before.
    """
    rounds, steps = (TINY_ROUNDS, TINY_STEPS) if tiny else (ROUNDS, STEPS)
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            taken[name].append(seconds(act, device, steps))
    return {name: statistics.median(of) for name, of in taken.items()}


def warm_up(act: Callable[[], Any], device: torch.device) -> float:
    """Seconds of the first call; then some more."""
    first = seconds(act, device)
    for _ in range(WARM_STEPS - 1):
        act()
    return first
