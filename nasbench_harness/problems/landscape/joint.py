"""The landscapes of searches that differ in their seed only, as one problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from nasbench_harness.contracts import Log, Problem, Progress, Split
from nasbench_harness.problems.active import active_part
from nasbench_harness.problems.landscape.objective import Landscape, expectation


class JointLandscape:
    """R landscapes side by side: weights [R, D, K] or [R, B, D, K], losses [R, B].

    Each run has the noise that it has alone, and the numbers that it has alone, bit for bit. What
    is counted and what is recorded stays with the single landscapes.
    """

    def __init__(self, problems: Sequence[Landscape]) -> None:
        """`problems` are of one table and metric, and stand at the same step."""
        self._problems = problems
        first = problems[0]
        self.space, self.device, self.dtype = first.space, first.device, first.dtype
        self.batch_size = first.batch_size
        self._options, self._half = first.options, first.half
        self._table = first.observed
        self._stack: np.ndarray | None = None  # [R, rows, columns], with noise only
        if first.noisy:
            self._stack = self._table = np.empty((len(problems), *first.observed.shape))

    @property
    def progress(self) -> Progress:
        """The step that all of them are in."""
        return self._problems[0].progress

    def advance(self) -> None:
        """Begin the next step of all, each with its own noise."""
        for problem in self._problems:
            problem.advance()
        if self._stack is not None:
            np.stack([problem.observed for problem in self._problems], out=self._stack)

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        """-f(weights) per run and example, [R, B]; `active` is [D, K], or [R, D, K]."""
        weights = active_part(weights, active)
        batch = weights if weights.ndim == 4 else weights.unsqueeze(1)
        value = -expectation(self._table, batch, self._options, self._half)
        return value if weights.ndim == 4 else value.expand(-1, self.batch_size)

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
    return type(problem) is Landscape and problem.batch_size == 1


def join_problems(problems: Sequence[Problem]) -> Problem:
    """One problem of them; it has all that a joint searcher asks."""
    return cast("Problem", JointLandscape(cast("Sequence[Landscape]", problems)))
