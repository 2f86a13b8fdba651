"""The moving average that a policy's rewards are compared with."""

from __future__ import annotations

from collections.abc import Sequence


class MovingBaseline:
    """An exponential moving average, corrected for its start at 0.

    As the NAS-Bench-201 authors have it: a reward is counted in before it is compared, so that the
    first advantage is 0.
    """

    def __init__(self, momentum: float) -> None:
        self.momentum = momentum
        self.average, self.weight = 0.0, 0.0

    def moved(self, reward: float) -> tuple[float, float]:
        """Average and its weight as this reward would leave them."""
        average = self.momentum * self.average + (1 - self.momentum) * reward
        return average, self.momentum * self.weight + (1 - self.momentum)

    def update(self, reward: float) -> float:
        """The average after this reward, corrected."""
        self.average, self.weight = self.moved(reward)
        return self.average / self.weight

    def advantage(self, reward: float) -> float:
        """By how much the reward exceeds the average, which it is counted in."""
        return reward - self.update(reward)

    def state(self) -> tuple[float, float]:
        """The average and its weight."""
        return self.average, self.weight

    def load_state(self, state: Sequence[float]) -> None:
        """Go on from `state`."""
        self.average, self.weight = state
