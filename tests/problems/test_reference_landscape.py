"""The landscape of the official table against its published reference values."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.contracts import Metric
from nasbench_harness.methods.darts import DARTS, DARTSSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.tables.columns import ColumnTable, Provenance, write_columns

DATASETS = ("cifar10", "cifar100", "imagenet16_120")


@pytest.fixture(scope="session")
def official(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> ColumnTable:
    """The seed-averaged 200-epoch test accuracies as a table."""
    import pandas as pd

    space = registry.open_space("nb201")
    frame = pd.read_parquet(reference_data / "nb201" / "nb201_official.parquet")
    ranks = [space.rank(space.parse(arch)) for arch in frame["arch"]]
    frame = frame.iloc[sorted(range(len(ranks)), key=ranks.__getitem__)]
    names = [f"{dataset}_test_200ep" for dataset in DATASETS]
    metrics = [
        Metric(name, name, "%", name.removesuffix("_test_200ep"), "test", 200, True, True)
        for name in names
    ]
    folder = tmp_path_factory.mktemp("official") / "table"
    provenance = Provenance("official", "nb201", "1", "reference data", "", "For tests.", (5,) * 6)
    write_columns(folder, provenance, metrics, {name: list(frame[name]) for name in names})
    return ColumnTable(folder)


def landscape(table: ColumnTable, dataset: str, steps: int = 1) -> Landscape:
    metric = f"{dataset}_test_200ep"
    space = registry.open_space("nb201")
    return Landscape(space, table, metric=metric, dataset=dataset, steps=steps, epochs=1)


@pytest.mark.parametrize(
    ("dataset", "mean"), zip(DATASETS, (87.0629309, 61.4055048, 33.5863936), strict=True)
)
def test_uniform_expectation(official: ColumnTable, dataset: str, mean: float) -> None:
    uniform = torch.full((6, 5), 0.2, dtype=torch.float64)
    assert landscape(official, dataset).score(uniform) == pytest.approx(mean, abs=1e-5)


def test_gradient_of_the_first_edge_at_uniform(official: ColumnTable) -> None:
    alpha = torch.zeros(6, 5, dtype=torch.float64, requires_grad=True)
    loss = landscape(official, "cifar10").losses(alpha.softmax(-1), "valid").sum()
    (gradient,) = torch.autograd.grad(-100 * loss, alpha)
    expected = torch.tensor([-1.014, 0.036, 0.556, 0.777, -0.356], dtype=torch.float64)
    assert torch.allclose(gradient[0], expected, atol=6e-4)


@pytest.mark.parametrize(("dataset", "index"), zip(DATASETS, (9930, 9930, 857), strict=True))
def test_exact_ascent_ends_in_the_known_cell(
    official: ColumnTable, dataset: str, index: int
) -> None:
    """Adam 0.05 (0.5, 0.999) from alpha = 0 for 2,000 steps."""
    problem = landscape(official, dataset, steps=2000)
    settings = DARTSSettings(learning_rate=0.05, weight_decay=0.0, init_scale=0.0)
    searcher = DARTS(problem, settings, seed=0)
    for _ in range(2000):
        problem.advance()
        searcher.step()
    assert problem.space.describe(searcher.architecture())["index"] == index


@pytest.mark.parametrize(("dataset", "count"), zip(DATASETS, (18, 24, 36), strict=True))
def test_number_of_local_optima(official: ColumnTable, dataset: str, count: int) -> None:
    """On the numbers as they are: single-precision noise breaks ties (25 and 37 with ties)."""
    tensor = torch.tensor(official.tensor(f"{dataset}_test_200ep"))
    best_of_line = torch.ones_like(tensor, dtype=torch.bool)
    for edge in range(6):
        best_of_line &= tensor >= tensor.amax(dim=edge, keepdim=True)
    assert int(best_of_line.sum()) == count
