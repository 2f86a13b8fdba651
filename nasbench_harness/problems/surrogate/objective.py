"""A fitted polynomial as what searchers optimise: the optimiser, on predictions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture, Fitted, SearchSpace
from nasbench_harness.problems.multilinear.objective import MultilinearProblem
from nasbench_harness.problems.surrogate.expectation import expectation, form_of


class Surrogate(MultilinearProblem):
    """The expected prediction of independent decisions, exact and differentiable."""

    def __init__(self, space: SearchSpace, table: Fitted, *, metric: str, **facts: Any) -> None:
        """Search what `table` predicts of `metric`; `facts` as of every `MultilinearProblem`."""
        super().__init__(space, table, metric=metric, **facts)
        self.form = form_of(table.polynomial(metric), space.mask, self.whole)

    def expected(self, weights: Tensor) -> Tensor:
        """Of the polynomial."""
        return expectation(self.form, weights)

    def score(self, candidate: Tensor | Architecture) -> float:
        """The prediction for an architecture (one query), the expected one of weights."""
        if isinstance(candidate, Architecture):
            self.queries += 1
            candidate = self.space.weights(candidate).to(self.dtype)
        with torch.no_grad():
            return self.whole * float(self.expected(candidate).mean())

    def observe(self, weights: Tensor, arch: Architecture) -> dict[str, float]:
        """The expected prediction, and the queries made so far."""
        del arch  # which is predicted at the end
        return {"expected_prediction": self.score(weights), **self.spent()}
