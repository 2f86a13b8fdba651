"""The space against the reference data; skipped where the data is absent."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.contracts import Architecture
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.structure import canonical_form, is_connected

DATASETS = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet16_120": "imagenet16-120"}


@pytest.fixture(scope="module")
def official(reference_data: Path) -> pd.DataFrame:
    """The official table's rows in index order."""
    frame = pd.read_parquet(reference_data / "nb201" / "nb201_official.parquet")
    return frame.sort_values("index", ignore_index=True)


@pytest.fixture(scope="module")
def archs(space: NB201) -> list[Architecture]:
    """All cells in the order of the official index."""
    return [space.at_index(index) for index in range(space.size)]


def params(space: NB201, archs: list[Architecture], dataset: str) -> np.ndarray:
    return np.array([space.cost(arch, "params", dataset) for arch in archs])


# --- facts.json --------------------------------------------------------------------------------


def test_size(facts: dict[str, Any], space: NB201) -> None:
    assert facts["n_architectures"] == space.size


def test_number_of_isomorphism_classes(facts: dict[str, Any], archs: list[Architecture]) -> None:
    assert facts["n_unique_class"] == len({canonical_form(arch.choices) for arch in archs})


def test_number_of_disconnected_cells(facts: dict[str, Any], archs: list[Architecture]) -> None:
    assert facts["n_disconnected"] == sum(not is_connected(arch.choices) for arch in archs)


def test_index_examples(facts: dict[str, Any], space: NB201) -> None:
    for index, text in facts["index_examples"].items():
        assert str(space.at_index(int(index))) == text


def test_named_cells_have_their_index(facts: dict[str, Any], space: NB201) -> None:
    for cell in facts["named_cells"].values():
        assert space.index(space.parse(cell["arch"])) == cell["index"]


@pytest.mark.parametrize("dataset", DATASETS)
def test_named_cells_have_their_params(facts: dict[str, Any], space: NB201, dataset: str) -> None:
    for cell in facts["named_cells"].values():
        cost = space.cost(space.at_index(cell["index"]), "params", DATASETS[dataset])
        assert cost / 1e6 == pytest.approx(cell[f"params_{dataset}_m"], abs=1e-9)


def test_top_cells_have_their_index(facts: dict[str, Any], space: NB201) -> None:
    for ranking in facts["top10"].values():
        for cell in ranking:
            assert str(space.at_index(cell["index"])) == cell["arch"]


def test_params_formula(facts: dict[str, Any], space: NB201) -> None:
    """The sentence names our numbers: all-none, one 3x3, one 1x1, and the two other classifiers."""

    def cost(choice: int, dataset: str = "cifar10") -> int:
        return int(space.cost(space.architecture((0, 0, 0, 0, 0, choice)), "params", dataset))

    base = cost(0)
    assert facts["params_formula_cifar10"] == (
        f"params = {base} + {cost(3) - base}*n(nor_conv_3x3) + {cost(2) - base}*n(nor_conv_1x1);"
        f" +{cost(0, 'cifar100') - base} for cifar100,"
        f" +{cost(0, 'imagenet16-120') - base} for imagenet16_120"
    )


@pytest.mark.parametrize("dataset", DATASETS)
def test_quantiles_of_params(
    facts: dict[str, Any], space: NB201, archs: list[Architecture], dataset: str
) -> None:
    counts = params(space, archs, DATASETS[dataset]) / 1e6
    for quantile, value in facts["quantiles"][f"params_{dataset}_m"].items():
        assert np.quantile(counts, float(quantile)) == pytest.approx(value, abs=1e-9)


def test_params_recorded_by_the_benchmark_differ_where_known(
    facts: dict[str, Any], official: pd.DataFrame, space: NB201, archs: list[Architecture]
) -> None:
    ours = params(space, archs, "cifar10")
    recorded = (official["params_cifar10_recorded_m"].to_numpy() * 1e6).round()
    differing = Counter(((recorded - ours)[recorded != ours] / 1e6).round(6).tolist())
    known = facts["params_recorded_differs"]
    assert differing == {float(amount): cells for amount, cells in known["by_amount_m"].items()}
    assert sum(differing.values()) == known["cells"]


# --- the official table ------------------------------------------------------------------------


def test_every_row_is_the_cell_of_its_index(
    official: pd.DataFrame, archs: list[Architecture]
) -> None:
    assert official["index"].tolist() == list(range(len(archs)))
    assert official["arch"].tolist() == [str(arch) for arch in archs]


def test_every_row_parses_to_the_cell_of_its_index(
    official: pd.DataFrame, space: NB201, archs: list[Architecture]
) -> None:
    assert [space.parse(text) for text in official["arch"]] == archs


def test_unique_class_is_our_partition(official: pd.DataFrame, archs: list[Architecture]) -> None:
    pairs = {
        (theirs, canonical_form(arch.choices))
        for theirs, arch in zip(official["unique_class"], archs, strict=True)
    }
    theirs, ours = zip(*pairs, strict=True)
    assert len(pairs) == len(set(theirs)) == len(set(ours))


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_row_has_our_params(
    official: pd.DataFrame, space: NB201, archs: list[Architecture], dataset: str
) -> None:
    theirs = (official[f"params_{dataset}_m"].to_numpy() * 1e6).round()
    assert (theirs == params(space, archs, DATASETS[dataset])).all()


def test_disconnected_cells_are_those_at_chance(
    official: pd.DataFrame, archs: list[Architecture]
) -> None:
    at_chance = official["cifar10_test_200ep"].to_numpy() == 10.0
    assert at_chance.tolist() == [not is_connected(arch.choices) for arch in archs]
