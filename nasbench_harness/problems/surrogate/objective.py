"""A fitted polynomial as what searchers optimise: the optimiser, on predictions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from nasbench_harness.contracts import (
    Architecture,
    Cost,
    Fitted,
    Log,
    Progress,
    SearchSpace,
    Split,
)
from nasbench_harness.problems.active import active_part
from nasbench_harness.problems.costs import known_cost
from nasbench_harness.problems.surrogate.expectation import expectation, form_of
from nasbench_harness.study.costs import cost_of, named_costs


class Surrogate:
    """The expected prediction of independent decisions, exact and differentiable.

    Losses are minus the prediction as a share of the metric's whole (percent: 0 to 1); scores are
    in the metric's unit. Both splits are the same: a polynomial has no training batches.
    """

    multilinear: Literal[True] = True

    def __init__(  # noqa: PLR0913 - keywords, each a fact of the study
        self,
        space: SearchSpace,
        table: Fitted,
        *,
        metric: str,
        dataset: str,
        steps: int,
        epochs: int,
        batch_size: int = 1,
    ) -> None:
        """Search what `table` predicts of `metric` for `steps` steps that count as `epochs` epochs.

        `batch_size` is the number of architecture samples that methods which sample one per example
        may draw.
        """
        self.space = space
        self.device = torch.device("cpu")
        self.dtype = torch.float64
        self.batch_size = batch_size
        self.queries = 0
        self._table, self._dataset = table, dataset
        self._steps, self._epochs, self._step = steps, epochs, -1
        self._whole = table.metrics[metric].whole
        self.form = form_of(table.polynomial(metric), space.mask, self._whole)

    @property
    def progress(self) -> Progress:
        """The current step; its epoch is the same share of all epochs."""
        step = max(self._step, 0)
        return Progress(step, self._steps, step * self._epochs // self._steps, self._epochs)

    def advance(self) -> None:
        """Begin the next step."""
        self._step += 1

    def losses(self, weights: Tensor, split: Split, active: Tensor | None = None) -> Tensor:
        """-f(weights) per example, [B]; exact, so `split` changes nothing.

        Options that are not active count as of weight 0, and get no gradient.
        """
        value = -expectation(self.form, active_part(weights, active))
        return value if value.ndim else value.expand(self.batch_size)

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """Nothing to train."""
        return {}

    def score(self, candidate: Tensor | Architecture) -> float:
        """The prediction for an architecture (one query), the expected one of weights."""
        if isinstance(candidate, Architecture):
            self.queries += 1
            candidate = self.space.weights(candidate).to(self.dtype)
        with torch.no_grad():
            return self._whole * float(expectation(self.form, candidate).mean())

    def query(self, arch: Architecture) -> float:
        """The prediction of the architecture, in place of what training it would tell."""
        return self.score(arch)

    @cached_property
    def costs(self) -> Mapping[str, Cost]:
        """The space's and the benchmark's, by name."""
        return named_costs(self.space, self._table)

    def cost(self, arch: Architecture, what: str) -> float:
        """The space's, or the benchmark's."""
        cost = known_cost(self.costs, what, self.space)
        return cost_of(cost, self.space, self._table, arch, self._dataset)

    def unrolled_gradient(self, weights: Tensor) -> Tensor:
        """The plain gradient: without network weights there is no look-ahead step."""
        point = weights.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.losses(point, "valid").mean(), point)
        return gradient

    def observe(self, weights: Tensor) -> dict[str, float]:
        """The expected prediction, and the queries made so far."""
        return {"expected_prediction": self.score(weights), **self._spent()}

    def check(self) -> None:
        """A polynomial cannot diverge."""

    def conclude(self, arch: Architecture) -> dict[str, float]:
        """Queries made."""
        return self._spent()

    def _spent(self) -> dict[str, float]:
        return {"queries": float(self.queries)}

    def state_dict(self) -> dict[str, Any]:
        """Step and queries."""
        return {"step": self._step, "queries": self.queries}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the step of `state`."""
        self._step, self.queries = state["step"], state["queries"]
