"""The searches of one polynomial that differ in their seed only, as one problem."""

from __future__ import annotations

from torch import Tensor

from nasbench_harness.problems.multilinear.joint import JointMultilinear
from nasbench_harness.problems.surrogate.expectation import expectation
from nasbench_harness.problems.surrogate.objective import Surrogate


class JointSurrogate(JointMultilinear[Surrogate]):
    """R searches of the same polynomial."""

    def expected(self, batch: Tensor) -> Tensor:
        """Of the polynomial, of all runs at once."""
        return expectation(self.problems[0].form, batch)
