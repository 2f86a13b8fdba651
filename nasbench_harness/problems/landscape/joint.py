"""The landscapes of searches that differ in their seed only, as one problem."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from nasbench_harness.problems.landscape.objective import Landscape, expectation
from nasbench_harness.problems.multilinear.joint import JointMultilinear


class JointLandscape(JointMultilinear[Landscape]):
    """R landscapes of the same table, each with the noise that it has alone."""

    def __init__(self, problems: Sequence[Landscape]) -> None:
        """`problems` are of one table and metric, and stand at the same step."""
        super().__init__(problems)
        first = problems[0]
        self._options, self._half = first.options, first.half
        self._table = first.observed
        self._stack: np.ndarray | None = None  # [R, rows, columns], with noise only
        if first.noisy:
            self._stack = self._table = np.empty((len(problems), *first.observed.shape))

    def advance(self) -> None:
        """Begin the next step of all, each with its own noise."""
        super().advance()
        if self._stack is not None:
            np.stack([problem.observed for problem in self.problems], out=self._stack)

    def expected(self, batch: Tensor) -> Tensor:
        """Of the table, of all runs at once."""
        return expectation(self._table, batch, self._options, self._half)
