"""The embedded table against the reference data; skipped where the data is absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nasbench_harness.contracts import CompleteTable
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.structure import is_connected
from nasbench_harness.spaces.nb201.tables import analog

METRIC = "cifar10_baseline_accuracy"
OFFICIAL = "cifar10_test_200ep"


@pytest.fixture(scope="module")
def reference(reference_data: Path) -> pd.DataFrame:
    """The same table as others read it, in index order."""
    frame = pd.read_parquet(reference_data / "nb201" / "analog_nasbench_cifar10.parquet")
    return frame.sort_values("index", ignore_index=True)


@pytest.fixture(scope="module")
def official(reference_data: Path) -> np.ndarray:
    """Official CIFAR-10 test accuracy in index order."""
    path = reference_data / "nb201" / "nb201_official.parquet"
    frame = pd.read_parquet(path, columns=["index", OFFICIAL])
    return frame.sort_values("index")[OFFICIAL].to_numpy()


@pytest.fixture(scope="module")
def ranks(space: NB201) -> np.ndarray:
    """Rank of every official index."""
    return np.array([space.rank(space.at_index(index)) for index in range(space.size)])


@pytest.fixture(scope="module")
def accuracy(table: CompleteTable, ranks: np.ndarray) -> np.ndarray:
    """Our accuracy in index order."""
    return table.column(METRIC)[ranks]


@pytest.fixture(scope="module")
def comparison(facts: dict[str, Any]) -> dict[str, Any]:
    """What is known about the two tables' agreement."""
    known: dict[str, Any] = facts["analog_vs_official_cifar10"]
    return known


# --- the same numbers --------------------------------------------------------------------------


def test_columns_are_those_of_the_reference(table: CompleteTable, reference: pd.DataFrame) -> None:
    theirs = set(reference.columns) - {"index", "arch", "op_indices"}
    assert {f"cifar10_{name}" for name in theirs} == set(table.metrics)


@pytest.mark.parametrize("name", [metric.name for metric in analog.metrics()])
def test_column_equals_the_reference_exactly(
    table: CompleteTable, reference: pd.DataFrame, ranks: np.ndarray, name: str
) -> None:
    theirs = reference[name.removeprefix("cifar10_")].to_numpy()
    assert np.array_equal(table.column(name)[ranks], theirs)


# --- facts.json --------------------------------------------------------------------------------


def test_spearman_with_the_official_table(
    accuracy: np.ndarray, official: np.ndarray, comparison: dict[str, Any]
) -> None:
    assert round(stats.spearmanr(accuracy, official).statistic, 4) == comparison["spearman"]


def test_kendall_with_the_official_table(
    accuracy: np.ndarray, official: np.ndarray, comparison: dict[str, Any]
) -> None:
    assert round(stats.kendalltau(accuracy, official).statistic, 4) == comparison["kendall"]


def test_pearson_with_the_official_table(
    accuracy: np.ndarray, official: np.ndarray, comparison: dict[str, Any]
) -> None:
    assert round(np.corrcoef(accuracy, official)[0, 1], 4) == comparison["pearson"]


def test_spearman_of_connected_cells(
    space: NB201, accuracy: np.ndarray, official: np.ndarray, comparison: dict[str, Any]
) -> None:
    alive = [is_connected(space.at_index(index).choices) for index in range(space.size)]
    found = stats.spearmanr(accuracy[alive], official[alive]).statistic
    assert round(found, 4) == comparison["spearman_connected_cells_only"]


def test_spearman_of_the_official_top_1000(
    accuracy: np.ndarray, official: np.ndarray, comparison: dict[str, Any]
) -> None:
    top = np.argsort(-official, kind="stable")[:1000]
    found = stats.spearmanr(accuracy[top], official[top]).statistic
    # Six cells tie at the 1000th place; which three of them count moves the third digit.
    assert found == pytest.approx(comparison["spearman_official_top1000"], abs=2e-3)


def test_mean_absolute_difference(
    accuracy: np.ndarray, official: np.ndarray, comparison: dict[str, Any]
) -> None:
    assert round(float(np.abs(accuracy - official).mean()), 4) == comparison["mae"]


def test_mean_difference(
    accuracy: np.ndarray, official: np.ndarray, comparison: dict[str, Any]
) -> None:
    known = comparison["mean_difference_analog_minus_official"]
    assert round(float((accuracy - official).mean()), 4) == known


def test_largest_difference(
    accuracy: np.ndarray, official: np.ndarray, comparison: dict[str, Any]
) -> None:
    difference = np.abs(accuracy - official)
    assert round(float(difference.max()), 4) == comparison["max_abs_difference"]
    assert int(difference.argmax()) == comparison["max_abs_difference_index"]


def test_best_by_analog(
    accuracy: np.ndarray, official: np.ndarray, comparison: dict[str, Any]
) -> None:
    known, best = comparison["best_by_analog"], int(accuracy.argmax())
    assert best == known["index"]
    assert accuracy[best] == known["analog"]
    assert official[best] == pytest.approx(known["official_test"], abs=1e-4)


def test_best_by_official_have_their_analog_ranks(
    accuracy: np.ndarray, comparison: dict[str, Any]
) -> None:
    known = comparison["best_by_official"]
    values = accuracy[known["index"]]
    assert values.tolist() == known["analog"]
    assert [int((accuracy > value).sum()) + 1 for value in values] == known["analog_rank"]
    assert (accuracy.max() - values).round(4).tolist() == known["analog_regret"]
