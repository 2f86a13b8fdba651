"""The shipped numbers against what is known of them, exactly as far as it was written down.

Optima, averages, local maxima, gradients at the uniform point and where exact ascent ends are facts
of the landscapes, found apart from this project's code (`methods-more.md`, section 0.8.1).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.contracts import CompleteTable
from nasbench_harness.problems.landscape.objective import expectation
from nasbench_harness.spaces.transnas101 import TransNAS101
from nasbench_harness.spaces.transnas101.tasks import TASKS


class Known(NamedTuple):
    """Of one task, in its own unit."""

    row: tuple[float, float, float, float]
    """Gradient of the expectation at the uniform point: of the edge from node 0 to node 1."""
    best: float
    cell: str
    mean: float
    median: float
    peaks: int
    """Cells that no single change makes better."""
    end: str
    """Where exact ascent from the uniform point ends, and its rank."""
    rank: int


KNOWN = {
    "class_scene": Known((-1.770077, 0.288797, -0.059299, 1.540579), 54.9363, "332132",
                         44.9372, 52.0800, 79, "133322", 13),
    "class_object": Known((-0.824259, 0.211332, -0.096203, 0.709129), 45.5862, "313113",
                          38.9652, 42.2074, 110, "233112", 27),
    "room_layout": Known((-0.01415, 0.005645, -0.000926, 0.009431), -0.6010, "311133",
                         -0.7487, -0.7085, 92, "133113", 14),
    "jigsaw": Known((-3.62433, 1.648241, -0.683735, 2.659824), 95.3722, "330132",
                    76.5683, 90.7892, 122, "033312", 24),
    "segmentsemantic": Known((-0.114005, 0.016713, -0.023913, 0.121205), 94.6125, "313022",
                             93.7261, 94.1807, 49, "333222", 6),
    "normal": Known((-0.008851, 0.002856, -0.000785, 0.00678), 0.5873, "130123",
                    0.5122, 0.5398, 106, "323132", 14),
    "autoencoder": Known((-0.010237, 0.008067, -0.000903, 0.003073), 0.5772, "120310",
                         0.4408, 0.4619, 92, "113112", 11),
}  # fmt: skip
DEAD = {"class_scene": "7.4841", "class_object": "26.5476", "jigsaw": "0.04976",
        "segmentsemantic": "91.8936"}  # fmt: skip
"""What the cells without a path have in common."""
SPACE = TransNAS101()
STEPS = 2000
tasks = pytest.mark.parametrize("task", KNOWN)


@pytest.fixture(scope="module")
def table() -> CompleteTable:
    return registry.open_complete("transnas101")


def column(table: CompleteTable, task: str) -> np.ndarray:
    return table.column(table.report_metric(task))


def rank_of(digits: str) -> int:
    return SPACE.rank(SPACE.parse(digits))


def test_every_task_is_known() -> None:
    assert set(KNOWN) == set(TASKS)


@tasks
def test_optimum(table: CompleteTable, task: str) -> None:
    values, known = column(table, task), KNOWN[task]
    assert round(table.best(table.report_metric(task)), 4) == known.best
    assert int(values.argmax()) == rank_of(known.cell)


def test_the_best_of_the_autoencoder_are_two_cells(table: CompleteTable) -> None:
    values = column(table, "autoencoder")
    assert (values == values.max()).sum() == 2


@tasks
def test_mean_and_median(table: CompleteTable, task: str) -> None:
    values = column(table, task)
    assert round(float(values.mean()), 4) == pytest.approx(KNOWN[task].mean, abs=1e-9)
    assert round(float(np.median(values)), 4) == pytest.approx(KNOWN[task].median, abs=1e-9)


@tasks
def test_local_maxima(table: CompleteTable, task: str) -> None:
    """Cells that are at least as good as each of the 18 others that differ in one operation."""
    tensor = table.tensor(table.report_metric(task))
    highest = np.full(tensor.shape, True)
    for edge in range(tensor.ndim):
        highest &= tensor == tensor.max(axis=edge, keepdims=True)
    assert highest.sum() == KNOWN[task].peaks


def gradient(values: np.ndarray, alpha: torch.Tensor) -> torch.Tensor:
    """Of the expectation over the softmax of `alpha`, in alpha [6, 4]."""
    alpha = alpha.detach().requires_grad_()
    mean = expectation(values.reshape(64, 64), alpha.softmax(-1), (4,) * 6, 3)
    (found,) = torch.autograd.grad(mean, alpha)
    return found


@tasks
def test_gradient_at_the_uniform_point(table: CompleteTable, task: str) -> None:
    row = gradient(column(table, task), torch.zeros(6, 4, dtype=torch.float64))[0]
    assert row.tolist() == pytest.approx(KNOWN[task].row, abs=1e-6)


@tasks
def test_exact_ascent_ends_short_of_the_best(table: CompleteTable, task: str) -> None:
    """Adam .05 with betas (.5, .999), 2,000 steps from the uniform point."""
    values, known = column(table, task), KNOWN[task]
    alpha = torch.zeros(6, 4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([alpha], lr=0.05, betas=(0.5, 0.999))
    for _ in range(STEPS):
        alpha.grad = -gradient(values, alpha)
        optimizer.step()
    end = SPACE.rank(SPACE.derive(alpha))
    assert end == rank_of(known.end)
    assert 1 + (values > values[end]).sum() == known.rank


def test_169_cells_have_no_path_and_share_their_numbers(table: CompleteTable) -> None:
    dead = [rank for rank, arch in enumerate(SPACE.enumerate()) if SPACE.flaw(arch)]
    assert len(dead) == 169
    for task, shared in DEAD.items():
        (value,) = set(column(table, task)[dead].tolist())
        assert f"{value:.{len(shared.partition('.')[2])}f}" == shared, task
