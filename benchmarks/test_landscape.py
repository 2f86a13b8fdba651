"""Search steps on the landscape. To reach: under 1 ms a step at batch 1 on one core."""

from __future__ import annotations

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from nasbench_harness import registry
from nasbench_harness.contracts import CompleteTable, SearchSpace
from nasbench_harness.problems.landscape.objective import Landscape

METRIC = "cifar10_baseline_accuracy"


def landscape(space: SearchSpace, table: CompleteTable) -> Landscape:
    return Landscape(space, table, metric=METRIC, dataset="cifar10", steps=10**9, epochs=100)


@pytest.mark.parametrize("name", ["darts", "drnas", "unas", "edas", "random", "rea"])
def test_step(
    benchmark: BenchmarkFixture, space: SearchSpace, table: CompleteTable, name: str
) -> None:
    problem = landscape(space, table)
    method = registry.methods.load(name)
    settings = method.Settings.build(name, method.recipes["landscape"].settings)
    searcher = method(problem, settings, seed=0)

    def step() -> None:
        problem.advance()
        searcher.step()

    benchmark(step)


@pytest.mark.parametrize("batch", [1, 64])
def test_expectation_and_gradient(
    benchmark: BenchmarkFixture, space: SearchSpace, table: CompleteTable, batch: int
) -> None:
    problem = landscape(space, table)
    weights = torch.rand(batch, 6, 5, dtype=torch.float64, requires_grad=True)
    benchmark(lambda: torch.autograd.grad(problem.losses(weights, "valid").sum(), weights))


def test_expectation_and_gradient_by_einsum(
    benchmark: BenchmarkFixture, table: CompleteTable
) -> None:
    """The plain way, for the ratio."""
    tensor = torch.tensor(table.tensor(METRIC)) / 100
    weights = torch.rand(6, 5, dtype=torch.float64, requires_grad=True)

    def plain() -> None:
        value = torch.einsum("abcdef,a,b,c,d,e,f->", tensor, *weights)
        torch.autograd.grad(value, weights)

    benchmark(plain)
