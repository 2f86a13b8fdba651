"""How hard a landscape is: against what enumeration and simulation tell, and published values."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError
from nasbench_harness.methods.darts import DARTS, DARTSSettings
from nasbench_harness.problems.landscape.objective import Landscape
from nasbench_harness.tables.difficulty import (
    MEANINGS,
    _slopes,
    ascent,
    autocorrelation,
    difficulty,
    local_maxima,
)
from nasbench_harness.testing import TOY_METRIC, ToySpace, ToyTable
from nasbench_harness.testing.toy_networks import ToyNetworks

MICRO = {
    "class_scene": (79, "133322", 13), "class_object": (110, "233112", 27),
    "room_layout": (92, "133113", 14), "jigsaw": (122, "033312", 24),
    "segmentsemantic": (49, "333222", 6), "normal": (106, "323132", 14),
    "autoencoder": (92, "113112", 11),
}  # fmt: skip
"""Of the seven tasks of TransNAS-Bench-101: local maxima, where ascent ends, and its rank."""


@pytest.fixture(scope="module")
def micro(reference_data: Path) -> dict[str, np.ndarray]:
    """Its tables, an axis an edge."""
    import pandas as pd

    path = reference_data / "more" / "transnas101_micro" / "transnas101_micro.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    frame = pd.read_csv(path).sort_values(["e10", "e20", "e21", "e30", "e31", "e32"])
    return {task: frame[f"{task}_valid_final"].to_numpy().reshape((4,) * 6) for task in MICRO}


@pytest.mark.parametrize("task", MICRO)
def test_seven_tasks_are_as_hard_as_is_known(micro: dict[str, np.ndarray], task: str) -> None:
    maxima, cell, rank = MICRO[task]
    tensor = micro[task]
    assert local_maxima(tensor) == maxima
    whole = 1.0 if tensor.max() < 1 else 100.0
    end = ascent(tensor, whole)
    assert "".join(map(str, np.unravel_index(end, tensor.shape))) == cell
    assert 1 + int((tensor > tensor.flat[end]).sum()) == rank


def test_a_table_of_the_package() -> None:
    table, space = registry.open_table("nbmacro"), registry.open_space("nbmacro")
    found = difficulty(table, space, table.search_metric("cifar10"))
    assert (found.size, found.local_maxima) == (6561, 15)
    assert (found.ascent_architecture, found.ascent_rank) == ("22222221", 3)
    assert round(found.best, 4) == 93.1267
    assert round(found.median, 2) == 90.99
    column = table.column(found.metric)
    near = column >= column.max() - found.smallest_difference
    assert found.near_best == near.mean() > 0
    assert set(MEANINGS) <= set(found.facts())


# --- against enumeration -----------------------------------------------------------------------


def test_local_maxima_are_what_no_neighbour_betters() -> None:
    space, table = ToySpace(), ToyTable(seed=3)
    values = {arch: table.value(TOY_METRIC, arch) for arch in space.enumerate()}
    maxima = [a for a in values if all(values[b] <= values[a] for b in space.neighbours(a))]
    assert local_maxima(table.tensor(TOY_METRIC)) == len(maxima) > 1


def test_autocorrelation_is_that_of_all_pairs_of_neighbours() -> None:
    space, table = ToySpace(), ToyTable(seed=4)
    values = {arch: table.value(TOY_METRIC, arch) for arch in space.enumerate()}
    pairs = [(values[a], values[b]) for a in values for b in space.neighbours(a)]
    expected = np.corrcoef(np.array(pairs).T)[0, 1]
    assert autocorrelation(table.tensor(TOY_METRIC)) == pytest.approx(expected, abs=1e-12)


def test_autocorrelation_is_that_of_long_walks() -> None:
    """Sums of a number per option: a step changes one of eight."""
    rng = np.random.default_rng(0)
    tensor = sum(np.meshgrid(*rng.random((8, 3)), indexing="ij"))
    at, seen = [0] * 8, []
    for _ in range(40_000):
        layer = rng.integers(8)
        at[layer] = (at[layer] + rng.integers(1, 3)) % 3
        seen.append(tensor[tuple(at)])
    walked = np.corrcoef(seen[:-1], seen[1:])[0, 1]
    assert autocorrelation(tensor) == pytest.approx(1 - 3 / 2 / 8, abs=1e-12)
    assert autocorrelation(tensor) == pytest.approx(walked, abs=0.02)


def test_slopes_are_means_with_one_option_fixed() -> None:
    rng = np.random.default_rng(1)
    tensor = rng.random((2, 4, 3, 3, 2))
    chances = [rng.dirichlet(np.ones(count)) for count in tensor.shape]
    for place, slope in enumerate(_slopes(tensor.reshape(8, -1), chances, 2)):
        expected = np.zeros(tensor.shape[place])
        for choices in itertools.product(*map(range, tensor.shape)):
            others = [row[c] for row, c in zip(chances, choices, strict=True)]
            others[place] = 1.0
            expected[choices[place]] += tensor[choices] * math.prod(others)
        assert np.allclose(slope, expected, atol=1e-12)


def test_the_ascent_is_that_of_a_search_without_noise() -> None:
    """DARTS with its landscape settings, from logits of exactly 0."""
    space, table = ToySpace(), ToyTable(seed=5)
    problem = Landscape(space, table, metric=TOY_METRIC, dataset="toy", steps=2000, epochs=1)
    settings = DARTSSettings(learning_rate=0.05, weight_decay=0.0, init_scale=0.0)
    searcher = DARTS(problem, settings, seed=0)
    for _ in range(2000):
        problem.advance()
        searcher.step()
    assert ascent(table.tensor(TOY_METRIC), 100.0) == space.rank(searcher.architecture())


# --- what is missing, what is flat -------------------------------------------------------------


def test_missing_entries_are_neither_maxima_nor_ends() -> None:
    tensor = np.array([[1.0, np.nan], [0.5, 2.0]])
    assert local_maxima(tensor) == 2
    assert ascent(tensor) == 3
    assert math.isfinite(autocorrelation(tensor))


def test_a_flat_table_says_nothing_of_smoothness() -> None:
    assert math.isnan(autocorrelation(np.ones((3, 3))))


def test_what_is_no_product_is_refused() -> None:
    class Every(ToyTable):
        space = "toynets"

    with pytest.raises(HarnessError, match="all the combinations"):
        difficulty(Every(), ToyNetworks(), TOY_METRIC)


def test_nothing_is_drawn() -> None:
    """Twice the same, and torch's random state is left alone."""
    before, table = torch.get_rng_state(), ToyTable(seed=6)
    assert difficulty(table, ToySpace(), TOY_METRIC) == difficulty(table, ToySpace(), TOY_METRIC)
    assert torch.equal(before, torch.get_rng_state())
