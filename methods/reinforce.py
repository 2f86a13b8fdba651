"""REINFORCE (Williams 1992) on single architectures, as the NAS-Bench-201 authors run it.

Every step samples an architecture from a factorised categorical, asks for its accuracy r (percent)
and follows (r - b) grad log p, with b a bias-corrected moving average that is updated with r before
it is used: the first advantage is 0. The answer is the best architecture sampled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Log, Problem
from nasbench_harness.methods.setups.reinforce import REINFORCESettings, REINFORCESetup
from nasbench_harness.methods.shared.alpha import AlphaSearcher
from nasbench_harness.methods.shared.baseline import MovingBaseline
from nasbench_harness.methods.shared.queries import query, restored, whole
from nasbench_harness.methods.shared.relaxations import masked_log_softmax, one_hot


class REINFORCE(REINFORCESetup, AlphaSearcher[REINFORCESettings]):
    """One query a step.

        z ~ p = softmax(alpha);  r = accuracy(z);  b <- moving average of r
        alpha <- alpha + Adam((r - b) grad log p(z))

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=100)
    >>> reinforce = REINFORCE(problem, REINFORCESettings(learning_rate=0.1), seed=0)
    >>> for _ in range(100):
    ...     problem.advance()
    ...     log = reinforce.step()
    >>> str(reinforce.architecture())
    '2-0-0'
    """

    def __init__(self, problem: Problem, settings: REINFORCESettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        self.baseline = MovingBaseline(settings.baseline_momentum)
        self.best: Architecture | None = None
        self.best_score = float("-inf")

    def step(self) -> Log:
        """Sample, ask, follow the score function; what nobody knows teaches nothing."""
        arch, log_p = self.draw()
        reward = query(self.problem, arch)
        if not math.isnan(reward):
            advantage = reward - self.update_baseline(reward)
            self.descend(-advantage * log_p)
        if reward > self.best_score:
            self.best, self.best_score = arch, reward
        return {"score": reward, "best_score": self.best_score}

    def draw(self) -> tuple[Architecture, Tensor]:
        """An architecture of the policy, and its log-probability."""
        log_p = masked_log_softmax(self.alpha, self.mask)
        drawn = torch.multinomial(log_p.detach().exp(), 1, generator=self.generator)
        chosen = one_hot(drawn.squeeze(1), self.mask.shape[1], self.problem.dtype)
        arch = self.problem.space.derive(chosen)
        return arch, log_p.gather(1, drawn).sum()

    def update_baseline(self, reward: float) -> float:
        """The moving average after this reward, corrected for its start at 0."""
        return self.baseline.update(reward)

    # --- the estimator (see `GradientEstimator`) -----------------------------------------------

    def estimate(self) -> Tensor:
        """The gradient of a fresh query; the baseline knows it, as in a step, and forgets it."""
        arch, log_p = self.draw()
        reward = query(self.problem, arch)
        average, weight = self.baseline.moved(reward)
        return self.gradient(-(reward - average / weight) * log_p)

    def exact(self) -> Tensor:
        """Gradient of minus the expected reward, in its unit, where losses are a share of that."""
        p = masked_log_softmax(self.alpha, self.mask).exp()
        return self.gradient(whole(self.problem) * self.problem.losses(p, "valid").mean())

    def architecture(self) -> Architecture:
        """The best sampled, or the mode of the policy."""
        if self.best is None or self.settings.answer == "mode":
            return super().architecture()
        return self.best

    def state_dict(self) -> dict[str, Any]:
        """With the baseline and the best so far."""
        own = {
            "baseline": self.baseline.state(),
            "best": None if self.best is None else str(self.best),
            "best_score": self.best_score,
        }
        return {**super().state_dict(), **own}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        self.baseline.load_state(state["baseline"])
        best = state["best"]
        self.best = None if best is None else restored(self.problem.space, best)
        self.best_score = state["best_score"]
