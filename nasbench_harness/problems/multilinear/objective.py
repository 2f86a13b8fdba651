"""An exact expectation as what searchers optimise: the optimiser without the weight sharing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from nasbench_harness.contracts import (
    Architecture,
    Benchmark,
    Cost,
    Log,
    Progress,
    SearchSpace,
    Split,
)
from nasbench_harness.problems.active import active_part
from nasbench_harness.problems.costs import known_cost
from nasbench_harness.study.costs import cost_of, named_costs


class MultilinearProblem:
    """f(m), what a benchmark says of architectures whose decisions are independent, on average.

    Losses are minus f as a share of the metric's `whole` (of accuracies a fraction, 0 to 1; of a
    quantity without a unit the number itself), scores are in the metric's unit. Both splits are the
    same: there are no training batches. A subclass adds `expected` and `score`.
    """

    multilinear: Literal[True] = True

    def __init__(  # noqa: PLR0913 - keywords, each a fact of the study
        self,
        space: SearchSpace,
        table: Benchmark,
        *,
        metric: str,
        dataset: str,
        steps: int,
        epochs: int,
        batch_size: int = 1,
    ) -> None:
        """Search `metric` of `table` for `steps` steps that count as `epochs` epochs.

        `batch_size` is the number of architecture samples that methods which sample one per example
        may draw.
        """
        self.space = space
        self.device = torch.device("cpu")
        self.dtype = torch.float64
        self.batch_size = batch_size
        self.queries = 0
        self.whole = table.metrics[metric].whole
        self._benchmark, self._dataset = table, dataset
        self._steps, self._epochs, self._step = steps, epochs, -1

    def expected(self, weights: Tensor) -> Tensor:
        """f of weights [..., D, K] at this step, a share of the whole, with the leading shape."""
        raise NotImplementedError

    def score(self, candidate: Tensor | Architecture) -> float:
        """In its unit: of an architecture (one query), or the expectation of weights."""
        raise NotImplementedError

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
        value = -self.expected(active_part(weights, active))
        return value if value.ndim else value.expand(self.batch_size)

    def fit(self, weights: Tensor, active: Tensor | None = None) -> Log:
        """Nothing to train."""
        return {}

    def fit_gradient(self, weights: Tensor, active: Tensor | None = None) -> tuple[Log, Tensor]:
        """Nothing to train, and the plain gradient."""
        return {}, plain_gradient(self.losses, weights, "train", active)

    def query(self, arch: Architecture) -> float:
        """What the benchmark says of the architecture, in its unit."""
        return self.score(arch)

    @cached_property
    def costs(self) -> Mapping[str, Cost]:
        """The space's and the benchmark's, by name."""
        return named_costs(self.space, self._benchmark)

    def cost(self, arch: Architecture, what: str) -> float:
        """The space's exact cost on this dataset, or the benchmark's."""
        cost = known_cost(self.costs, what, self.space)
        return cost_of(cost, self.space, self._benchmark, arch, self._dataset)

    def unrolled_gradient(self, weights: Tensor) -> Tensor:
        """The plain gradient: without network weights there is no look-ahead step."""
        return plain_gradient(self.losses, weights, "valid")

    def check(self) -> None:
        """What is looked up cannot diverge."""

    def conclude(self, arch: Architecture) -> dict[str, float]:
        """What the search has spent."""
        return self.spent()

    def spent(self) -> dict[str, float]:
        """Queries made."""
        return {"queries": float(self.queries)}

    def state_dict(self) -> dict[str, Any]:
        """Step and queries."""
        return {"step": self._step, "queries": self.queries}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the step of `state`."""
        self._step, self.queries = state["step"], state["queries"]


def plain_gradient(
    losses: Callable[[Tensor, Split, Tensor | None], Tensor],
    weights: Tensor,
    split: Split,
    active: Tensor | None = None,
) -> Tensor:
    """Of the mean loss in the weights; of joint runs, [R, ...], of the loss of each."""
    point = weights.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(losses(point, split, active).mean(dim=-1).sum(), point)
    return gradient
