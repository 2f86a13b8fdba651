"""MONAS: a recurrent controller, rewarded for accuracy and for what a network costs (Hsu, 2018).

arXiv 1806.10332. Only its abstract is known here, and what others tell of it: a controller of LSTM
kind chooses one hyper-parameter after the other and is trained by policy gradient on a reward of
validation accuracy and measured energy or power. The three forms of the reward are such secondary
knowledge, unconfirmed; sizes, rates and what costs are scaled by are ours. Its accuracies and costs
are those of a table.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, EnumerableSpace, Log, Problem
from nasbench_harness.methods.setups.monas import (
    MONASSettings,
    MONASSetup,
    check_range,
    if_accurate,
    if_below,
    latency_beside,
    mixed,
    scaled,
)
from nasbench_harness.methods.shared.baseline import MovingBaseline
from nasbench_harness.methods.shared.controller import Controller
from nasbench_harness.methods.shared.costlyqueries import CostlyQueries, unknown_last
from nasbench_harness.methods.shared.domination import violation
from nasbench_harness.methods.shared.queries import whole


class MONAS(MONASSetup, CostlyQueries[MONASSettings]):
    """One query a step.

        z ~ p;  R = a Acc(z) - (1 - a) Cost(z)                         mixed
                R = 1 - Cost(z) if Acc(z) >= theta else 0              acc_constraint
                R = Acc(z) if Power(z) < limit else 0                  power_constraint
                R = Acc(z) if Cost(z) < target else 0                  cost_constraint (ours)
        b <- moving average of R;  controller <- controller + Adam((R - b) grad log p(z))

    Acc is a fraction of what is whole, Cost the share of the way from the least to the largest of
    the space. Power is energy over latency. The answer has the highest reward of those that exceed
    the target least; all that no other dominates, by accuracy and cost, are its front.

    >>> from nasbench_harness.testing import toy_problem
    >>> problem = toy_problem(steps=100)
    >>> monas = MONAS(problem, MONASSettings(accuracy_weight=0.9), seed=0)
    >>> for _ in range(100):
    ...     problem.advance()
    ...     log = monas.step()
    >>> str(monas.architecture())
    '1-0-1'
    """

    def __init__(self, problem: Problem, settings: MONASSettings, seed: int) -> None:
        super().__init__(problem, settings, seed)
        options = [len(decision.options) for decision in self.space.decisions]
        self.controller = Controller(options, settings.hidden, self.generator)
        s = settings
        self.optimizer = torch.optim.Adam(
            self.controller.parameters(), lr=s.learning_rate, betas=(s.beta1, s.beta2)
        )
        self.baseline = MovingBaseline(s.baseline_momentum)
        if s.scales_cost and not s.cost_range:
            check_range(self.space, problem.costs[s.cost])
        power = s.reward == "power_constraint"
        self._latency = latency_beside(s.cost, problem.costs) if power else ""

    def step(self) -> Log:
        """Draw, ask, follow the reward; one that nobody knows teaches nothing."""
        choices, log_p = self.controller.sample(self.generator)
        arch = self.drawn(choices)
        log = self.ask(arch)
        reward = self.reward(arch, float(log["score"]))
        if not math.isnan(reward):
            self.optimizer.zero_grad()
            loss = self.loss(log_p, self.baseline.advantage(reward))
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
        return {**log, "reward": reward, "policy_surprise": -log_p.detach().mean()}

    def loss(self, log_p: Tensor, advantage: float) -> Tensor:
        """What is descended of a draw with these log-probabilities [D]."""
        return -advantage * log_p.sum()

    def drawn(self, choices: Sequence[int]) -> Architecture:
        """The architecture of an option for every decision."""
        weights = torch.zeros(self.space.mask.shape)
        weights[range(len(choices)), choices] = 1.0
        return self.space.derive(weights)

    # --- the reward -------------------------------------------------------------------------------

    def reward(self, arch: Architecture, score: float) -> float:
        """R of an architecture of this score, in the metric's unit; NaN if unknown."""
        s, (cost,) = self.settings, self.costs(arch)
        accuracy = score / whole(self.problem)
        if s.reward == "power_constraint":
            return if_below(accuracy, self.power(arch), s.power_limit)
        if s.reward == "cost_constraint":
            return if_below(accuracy, cost, s.cost_target)
        share = scaled(cost, *self.cost_range)
        if s.reward == "mixed":
            return mixed(accuracy, share, s.accuracy_weight)
        return if_accurate(score, share, s.least_accuracy)

    def order(self, arch: Architecture, score: float, costs: Sequence[float]) -> tuple[float, ...]:
        """By what exceeds the target, then by the reward."""
        over = violation(costs, self.targets)
        return unknown_last(over, -self.reward(arch, score), -score, *costs)

    def power(self, arch: Architecture) -> float:
        """Watts: millijoules over milliseconds."""
        energy = self.problem.cost(arch, self.settings.cost)
        return energy / self.problem.cost(arch, self._latency)

    @cached_property
    def cost_range(self) -> tuple[float, float]:
        """The least and the largest cost, as it is told; of all architectures unless given."""
        if self.settings.cost_range:
            least, largest = self.settings.cost_range
            return least, largest
        cost, space = self.problem.costs[self.settings.cost], cast("EnumerableSpace", self.space)
        known = [cost.shown(self.problem.cost(z, cost.name)) for z in space.enumerate()]
        return float(np.nanmin(known)), float(np.nanmax(known))

    # --- state ------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """With the controller, its Adam and the baseline."""
        own = {
            "controller": {k: v.clone() for k, v in self.controller.state_dict().items()},
            "optimizer": self.optimizer.state_dict(),
            "baseline": self.baseline.state(),
        }
        return {**super().state_dict(), **own}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`."""
        super().load_state_dict(state)
        self.controller.load_state_dict(state["controller"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.baseline.load_state(state["baseline"])
