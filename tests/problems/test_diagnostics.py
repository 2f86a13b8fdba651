"""Diagnostics of a supernet against plain autograd."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from nasbench_harness.contracts import Architecture
from nasbench_harness.errors import HarnessError
from nasbench_harness.problems.supernet import diagnostics
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

Build = Callable[..., WeightSharing]


class Known:
    """A benchmark of some architectures."""

    def __init__(self, numbers: Mapping[Architecture, float]) -> None:
        self.numbers = numbers

    def value(self, metric: str, arch: Architecture) -> float:
        if arch not in self.numbers:
            raise HarnessError(f"There is no {metric} of {arch}.")
        return self.numbers[arch]


def known(problem: WeightSharing, count: int = diagnostics.RANKED_CELLS) -> Any:
    """The first cells that are ranked, by their one-shot accuracy."""
    generator, images = torch.Generator().manual_seed(0), problem.settings.evaluated_images
    cells = [problem.space.sample(generator) for _ in range(count)]
    return Known({cell: problem.accuracy(cell, images) for cell in cells})


@pytest.fixture
def trained(supernet_problem: Build) -> WeightSharing:
    problem = supernet_problem()
    for _ in range(6):
        problem.advance()
        problem.fit(torch.full((6, 5), 0.2))
    return problem


@pytest.fixture
def alpha() -> Tensor:
    return torch.randn(6, 5, generator=torch.Generator().manual_seed(2))


def test_largest_eigenvalue_is_that_of_the_hessian(trained: WeightSharing, alpha: Tensor) -> None:
    """Against central differences of the gradient, which takes the supernet's other way."""
    trained.supernet.double()
    point = alpha.double()
    images, labels = next(diagnostics._batches(trained))
    batch = images.double(), labels
    rows = []
    for index in range(30):
        shift = torch.zeros(30, dtype=torch.float64)
        shift[index] = 1e-6
        ahead, behind = (
            diagnostics.gradient(trained, point + sign * shift.view(6, 5), batch)
            for sign in (1, -1)
        )
        rows.append((ahead - behind).flatten() / 2e-6)
    wanted = torch.linalg.eigvalsh(torch.stack(rows))[-1].item()
    assert diagnostics.largest_eigenvalue(trained, point, batch) == pytest.approx(wanted, rel=1e-3)


def test_diagnosis_has_its_columns_and_leaves_no_trace(
    trained: WeightSharing, alpha: Tensor
) -> None:
    before = {n: v.clone() for n, v in trained.supernet.state_dict().items()}
    table = known(trained)
    found = diagnostics.diagnose(trained, alpha.softmax(-1), table, "accuracy")
    assert set(found) == {
        "kendall_tau", "alpha_gradient_norm", "alpha_gradient_variance", "hessian_eigenvalue",
    }  # fmt: skip
    assert -1 <= found["kendall_tau"] <= 1
    assert all(torch.equal(before[n], v) for n, v in trained.supernet.state_dict().items())
    assert found == diagnostics.diagnose(trained, alpha.softmax(-1), table, "accuracy")


def test_without_a_benchmark_there_is_no_rank_correlation(
    trained: WeightSharing, alpha: Tensor
) -> None:
    whole = diagnostics.diagnose(trained, alpha.softmax(-1), known(trained), "accuracy")
    found = diagnostics.diagnose(trained, alpha.softmax(-1), None, "")
    assert found == {name: fact for name, fact in whole.items() if name != "kendall_tau"}


def test_rank_correlation_is_one_with_itself(trained: WeightSharing) -> None:
    for count in (diagnostics.RANKED_CELLS, 30):  # the other 20 are not known
        tau = diagnostics.rank_correlation(trained, known(trained, count), "accuracy")
        assert tau == pytest.approx(1.0)
