"""A small instance on which every expectation can be enumerated: 3 decisions x 4 options."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.testing import TOY_METRIC, ToyTable, toy_problem

OPTIONS = (4, 4, 4)


@pytest.fixture
def problem() -> Landscape:
    return toy_problem(options=OPTIONS, steps=100_000, seed=3)


@pytest.fixture
def alpha() -> Tensor:
    """Logits that are far from uniform."""
    return torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(11))


@pytest.fixture
def expected_loss() -> Callable[[Tensor], Tensor]:
    """-f(weights), by brute force over the table; twice differentiable."""
    table = torch.tensor(ToyTable(OPTIONS, seed=3).tensor(TOY_METRIC)) / 100

    def loss(weights: Tensor) -> Tensor:
        return -torch.einsum("abc,a,b,c->", table, *weights)

    return loss


@pytest.fixture
def exact_gradient(alpha: Tensor, expected_loss: Callable[[Tensor], Tensor]) -> Tensor:
    """d E[loss] / d alpha under p = softmax(alpha)."""
    logits = alpha.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(expected_loss(logits.softmax(-1)), logits)
    return gradient


@pytest.fixture
def gradients() -> Callable[..., Tensor]:
    """Collect the architecture gradient of `count` steps while alpha stays where it is."""

    def collect(searcher: object, problem: Landscape, count: int) -> Tensor:
        seen = []
        searcher.optimizer.step = lambda: None  # type: ignore[attr-defined]
        parameters = searcher.optimizer.param_groups[0]["params"]  # type: ignore[attr-defined]
        for _ in range(count):
            problem.advance()
            searcher.step()  # type: ignore[attr-defined]
            rows = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
            seen.append((rows[0] if len(rows) == 1 else torch.stack(rows)).clone())
        return torch.stack(seen)

    return collect


@pytest.fixture
def z_scores() -> Callable[[Tensor, Tensor], Tensor]:
    """Distance of the mean of [N, ...] samples from the truth, in standard errors."""

    def score(samples: Tensor, truth: Tensor) -> Tensor:
        error = samples.std(dim=0) / len(samples) ** 0.5
        return ((samples.mean(dim=0) - truth) / error.clamp(min=1e-15)).abs()

    return score
