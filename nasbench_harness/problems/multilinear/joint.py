"""Problems of searches that differ in their seed only, as one problem."""

from __future__ import annotations

from typing import TypeVar

from torch import Tensor

from nasbench_harness.contracts import Log, Problem, Split
from nasbench_harness.problems.active import active_part
from nasbench_harness.problems.joint import JointProblem
from nasbench_harness.problems.multilinear.objective import MultilinearProblem, plain_gradient

P = TypeVar("P", bound=MultilinearProblem)


class JointMultilinear(JointProblem[P]):
    """R problems side by side: weights [R, D, K] or [R, B, D, K], losses [R, B].

    They are of one benchmark and metric, and each run has the numbers that it has alone, bit for
    bit. A subclass adds `expected`.
    """

    def expected(self, batch: Tensor) -> Tensor:
        """f of weights [R, B, D, K] at this step, [R, B]."""
        raise NotImplementedError

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        """-f(weights) per run and example, [R, B]; `active` is [D, K], or [R, D, K]."""
        weights = active_part(weights, active)
        if weights.ndim == 4:
            return -self.expected(weights)
        return -self.expected(weights.unsqueeze(1)).expand(-1, self.batch_size)

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """Nothing to train."""
        return {}

    def unrolled_gradient(self, weights: Tensor) -> Tensor:
        """The plain gradient, as without network weights."""
        return plain_gradient(self.losses, weights, "valid")

    def fit_gradient(self, weights: Tensor, active: Tensor | None = None) -> tuple[Log, Tensor]:
        """Nothing to train, and the plain gradient."""
        return {}, plain_gradient(self.losses, weights, "train", active)


def can_join(problem: Problem, of: type) -> bool:
    """Can problems like this one, of searches that differ in their seed only, become one.

    Not those of a subclass, whose losses may be others, nor with several samples a step.
    """
    return type(problem) is of and problem.batch_size == 1
