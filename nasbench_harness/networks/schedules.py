"""Learning rates that change with the epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


def cosine(start: float, end: float, epoch: int, epochs: int) -> float:
    """From `start` in epoch 0 towards `end`, which is reached after the last epoch."""
    return end + (start - end) * (1 + math.cos(math.pi * epoch / epochs)) / 2


class Schedule(Protocol):
    """A learning rate for every epoch of a search."""

    def begins(self, epoch: int) -> bool:
        """Does a fresh optimiser begin with `epoch`, other than the first."""

    def rate(self, epoch: int, restarted: int = 0) -> float:
        """In `epoch`, 0 for the first; `restarted` is the epoch of the last restart, 0 for none."""


@dataclass(frozen=True)
class Cosine:
    """A learning rate over a search: constant at first, then a cosine that may begin again."""

    start: float
    end: float
    epochs: int
    """Of the whole search."""
    constant: int = 0
    """Epochs before the cosine begins, over those that are left, of its cycle if there are more."""
    cycles: int = 1
    """Whole cosines that follow each other, each of them over as many of the epochs."""
    warmup: int = 0
    """Epochs at the start in which the rate grows in even steps to `start`; the cosine's clock
    counts them, and it goes on from the last of them as from a restart."""

    def begins(self, epoch: int) -> bool:
        """Does a cycle other than the first begin with `epoch`."""
        return self._cycle(epoch) > self._cycle(epoch - 1) if epoch > 0 else False

    def _cycle(self, epoch: int) -> int:
        return epoch * self.cycles // self.epochs

    def _first(self, cycle: int) -> int:
        """The epoch that a cycle begins with; of the one after the last, the epochs there are."""
        return -(-cycle * self.epochs // self.cycles)

    def rate(self, epoch: int, restarted: int = 0) -> float:
        """In `epoch`, 0 for the first; `restarted` is the epoch of the last restart, 0 for none.

        A restart puts the rate back to `start` and leaves the cosine's clock alone: what exceeds
        `end` shrinks from there on by the same factors as without it, until the cycle ends. So does
        torch's scheduler that is given a new optimiser and its own old state.
        """
        if epoch < self.warmup:
            return self.start * (epoch + 1) / self.warmup
        if epoch < self.constant:
            return self.start
        cycle = min(self._cycle(epoch), self.cycles - 1)
        begun, end = max(self._first(cycle), self.constant), self._first(cycle + 1)
        rate = cosine(self.start, self.end, epoch - begun, end - begun)
        restarted = restarted or max(0, self.warmup - 1)
        if restarted <= begun:
            return rate
        left = cosine(1.0, 0.0, restarted - begun, end - begun)
        return self.end + (rate - self.end) / left


@dataclass(frozen=True)
class Tuned:
    """A schedule that ends early, and another with a fresh optimiser after it."""

    training: Cosine
    """Its epochs are those before the tuning."""
    tuning: Cosine

    def begins(self, epoch: int) -> bool:
        """Does a cycle of the training begin with `epoch`, or the tuning."""
        first = self.training.epochs
        return epoch == first or (epoch < first and self.training.begins(epoch))

    def rate(self, epoch: int, restarted: int = 0) -> float:
        """In `epoch`, 0 for the first; restarts are those of the training."""
        first = self.training.epochs
        if epoch < first:
            return self.training.rate(epoch, restarted)
        return self.tuning.rate(epoch - first)
