"""The searches of one polynomial that differ in their seed only, as one problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor

from nasbench_harness.contracts import Log, Problem, Progress, Split
from nasbench_harness.problems.active import active_part
from nasbench_harness.problems.surrogate.expectation import expectation
from nasbench_harness.problems.surrogate.objective import Surrogate


class JointSurrogate:
    """R searches side by side: weights [R, D, K] or [R, B, D, K], losses [R, B].

    Each run has the numbers that it has alone, bit for bit. What is counted and what is recorded
    stays with the single problems.
    """

    def __init__(self, problems: Sequence[Surrogate]) -> None:
        """`problems` are of one benchmark and metric, and stand at the same step."""
        self._problems = problems
        first = problems[0]
        self.space, self.device, self.dtype = first.space, first.device, first.dtype
        self.batch_size, self._form = first.batch_size, first.form

    @property
    def progress(self) -> Progress:
        """The step that all of them are in."""
        return self._problems[0].progress

    def advance(self) -> None:
        """Begin the next step of all."""
        for problem in self._problems:
            problem.advance()

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        """-f(weights) per run and example, [R, B]; `active` is [D, K], or [R, D, K]."""
        weights = active_part(weights, active)
        if weights.ndim == 4:
            return -expectation(self._form, weights)
        return -expectation(self._form, weights).unsqueeze(1).expand(-1, self.batch_size)

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """Nothing to train."""
        return {}

    def unrolled_gradient(self, weights: Tensor) -> Tensor:
        """The plain gradient, as without network weights."""
        point = weights.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.losses(point, "valid").mean(dim=-1).sum(), point)
        return gradient


def can_join(problem: Problem) -> bool:
    """Can problems like this one, of searches that differ in their seed only, become one.

    Not those of a subclass, whose losses may be others.
    """
    return type(problem) is Surrogate and problem.batch_size == 1


def join_problems(problems: Sequence[Problem]) -> Problem:
    """One problem of them; it has all that a joint searcher asks."""
    return cast("Problem", JointSurrogate(cast("Sequence[Surrogate]", problems)))
