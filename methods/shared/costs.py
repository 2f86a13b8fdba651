"""Costs of discrete architectures as a term of a loss: measured, and as linear models."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, reduce
from operator import add
from typing import Any, cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Additive, Architecture, EnumerableSpace, Problem

ERROR = "cost_model_error"
"""What is logged of a fitted model."""


class LinearCost:
    """What architectures cost beyond a target, and a linear model of it that is differentiable.

    Fitted once, as UNAS does. Costs are in the unit that they are told in.
    """

    def __init__(self, problem: Problem, what: str, target: float) -> None:
        self.problem, self.what, self.target = problem, what, target
        self.coefficients: Tensor | None = None  # [D * K + 1] weights, then the bias
        self.error = 0.0  # root mean squared, in the cost's unit
        self._asked: dict[tuple[int, ...], float] = {}

    def state_dict(self) -> dict[str, Any]:
        """The fitted model, None before, and its error."""
        return {"cost_model": self.coefficients, "cost_error": self.error}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the model of `state`, in which there may be more."""
        model, self.error = state["cost_model"], state["cost_error"]
        self.coefficients = model

    def of(self, arch: Architecture) -> float:
        """The cost of an architecture."""
        cost = self.problem.cost(arch, self.what)
        return self.problem.costs[self.what].shown(cost)

    def measure(self, discrete: Tensor) -> float:
        """The same of a one-hot [D, K]; each is asked for once."""
        chosen = tuple(discrete.argmax(dim=-1).tolist())
        if chosen not in self._asked:
            self._asked[chosen] = self.of(self.problem.space.derive(discrete))
        return self._asked[chosen]

    def fit(self, drawn: Tensor) -> None:
        """Ridge regression (coefficient 1) on 80 % of one-hot samples [n, D, K]; the rest tests."""
        fitted = len(drawn) * 4 // 5
        self.coefficients = model = fit_linear(drawn[:fitted], self.measure, ridge=1.0)
        errors = [self.measure(z) - float(linear(model, z)) for z in drawn[fitted:]]
        self.error = math.sqrt(sum(error**2 for error in errors) / len(errors))

    def penalty(self, cost: Tensor) -> Tensor:
        """What is held down of costs that are known: what they exceed the target by."""
        return (cost - self.target).relu()

    def excess(self, discrete: Tensor) -> float:
        """relu(T(z) - target) of a one-hot [D, K], measured."""
        return max(self.measure(discrete) - self.target, 0.0)

    def predicted_excess(self, soft: Tensor) -> Tensor:
        """relu(T^(zeta) - target) of weights [..., D, K], by the fitted model; differentiable."""
        assert self.coefficients is not None
        return (linear(self.coefficients, soft) - self.target).relu()

    def expected(self, p: Tensor) -> Tensor:
        """E T(z) over z ~ p [..., D, K], exact of any space; ValueError of what is no sum."""
        if self._sum is None:
            raise ValueError(f"`{self.what}` is no sum over decisions")
        return self._sum.expected(p) / self.problem.costs[self.what].scale

    def expected_excess(self, p: Tensor) -> Tensor:
        """E over z ~ p [D, K] of what the cost exceeds its target by, a decision after the other.

        Of a cost that adds up, and that every architecture exceeds the target by, it is E T(z)
        less the target; else a sum over the whole space.
        """
        if self._exceeded_by_all:
            return self.penalty(self.expected(p))
        expected = self._excess_of_all
        for row in p.flip(0):
            expected = expected @ row[: expected.shape[-1]]
        return expected

    @cached_property
    def _sum(self) -> Additive | None:
        """The cost as a sum over decisions, where it is one."""
        sum_of = self.problem.costs[self.what].sum_of
        return None if sum_of is None else sum_of()

    @property
    def _exceeded_by_all(self) -> bool:
        """Is the penalty linear in the cost wherever architectures are."""
        if self._sum is None:
            return False
        return self.problem.costs[self.what].shown(self._sum.least()) > self.target

    @cached_property
    def _excess_of_all(self) -> Tensor:
        """What the cost of every architecture exceeds its target by; one axis per decision."""
        space = cast("EnumerableSpace", self.problem.space)  # a free product, as every landscape is
        options = [len(decision.options) for decision in space.decisions]
        costs = [self.of(arch) for arch in space.enumerate()]
        known = torch.tensor(costs, dtype=self.problem.dtype)
        return self.penalty(known).reshape(options)


class CostTerm:
    """What architectures cost beyond their targets, summed over the costs; each has its model.

    Every sample is measured by all of them.
    """

    def __init__(self, parts: Sequence[LinearCost]) -> None:
        self.parts = tuple(parts)

    @property
    def fitted(self) -> bool:
        """Has every cost its model."""
        return all(part.coefficients is not None for part in self.parts)

    @property
    def errors(self) -> dict[str, float]:
        """Of the models, as they are logged: of several costs each by its name."""
        if len(self.parts) == 1:
            return {ERROR: self.parts[0].error}
        return {f"{ERROR}_{part.what}": part.error for part in self.parts}

    def fit(self, drawn: Tensor) -> None:
        """All models to the same one-hot samples [n, D, K]."""
        for part in self.parts:
            part.fit(drawn)

    def excess(self, discrete: Tensor) -> float:
        """Of a one-hot [D, K], measured."""
        return sum(part.excess(discrete) for part in self.parts)

    def predicted_excess(self, soft: Tensor) -> Tensor:
        """Of weights [..., D, K], by the fitted models; differentiable."""
        return reduce(add, (part.predicted_excess(soft) for part in self.parts))

    def expected_excess(self, p: Tensor) -> Tensor:
        """E over z ~ p [D, K], exact: the mean of a sum is the sum of the means."""
        return reduce(add, (part.expected_excess(p) for part in self.parts))

    def state_dict(self) -> dict[str, Any]:
        """Of one cost its own, of several one for each."""
        states = [part.state_dict() for part in self.parts]
        return states[0] if len(states) == 1 else {"costs": states}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state`, in which there may be more."""
        states = [state] if len(self.parts) == 1 else state.get("costs", ())
        for part, own in zip(self.parts, states, strict=True):
            part.load_state_dict(own)


def fit_linear(drawn: Tensor, measure: Callable[[Tensor], float], ridge: float) -> Tensor:
    """[D * K + 1] coefficients (bias last) of a ridge regression on the drawn samples."""
    costs = [measure(sample) for sample in drawn]
    x = torch.cat([drawn.flatten(1), drawn.new_ones(len(drawn), 1)], dim=1)
    y = torch.tensor(costs, dtype=drawn.dtype, device=drawn.device)
    gram = x.T @ x + ridge * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    solved: Tensor = torch.linalg.solve(gram, x.T @ y)
    return solved


def linear(coefficients: Tensor, weights: Tensor) -> Tensor:
    """The fitted cost [...] of weights [..., D, K]."""
    return weights.flatten(-2) @ coefficients[:-1] + coefficients[-1]
