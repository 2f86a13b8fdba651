"""The official table: equal to the reference, agreeing with every known fact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nasbench_harness
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables.schema import official_columns
from nasbench_harness.spaces.nb201.tables.verify import check_facts
from nasbench_harness.tables.columns import ColumnTable
from nasbench_harness.testing import check_table


@pytest.fixture(scope="module")
def ranks() -> np.ndarray:
    """Rank of every cell by official index."""
    space = NB201()
    return np.array([space.rank(space.at_index(index)) for index in range(space.size)])


@pytest.mark.parametrize("file", ["nb201_official", "nb201_zerocost"])
def test_every_column_equals_the_reference(
    official: ColumnTable, reference_data: Path, ranks: np.ndarray, file: str
) -> None:
    frame = pd.read_parquet(reference_data / "nb201" / f"{file}.parquet")
    columns = [c for c in frame.columns if c in official.metrics]
    assert len(columns) >= (48 if file == "nb201_official" else 6)
    for column in columns:
        found, expected = official.column(column)[ranks], frame[column].to_numpy(float)
        assert np.allclose(found, expected, atol=1e-5, rtol=1e-12, equal_nan=True), column


def test_only_index_and_string_of_the_reference_are_no_columns(
    official: ColumnTable, reference_data: Path
) -> None:
    frame = pd.read_parquet(reference_data / "nb201" / "nb201_official.parquet")
    assert set(frame.columns) - set(official.metrics) == {"index", "arch"}


def test_single_runs_equal_the_reference(
    official: ColumnTable, reference_data: Path, ranks: np.ndarray
) -> None:
    runs = pd.read_parquet(reference_data / "nb201" / "nb201_trials_200ep.parquet")
    for seed, of_seed in runs.groupby("seed"):
        for column in runs.columns[2:]:
            expected = np.full(len(ranks), np.nan)
            expected[of_seed["index"]] = of_seed[column]
            found = official.column(f"{column}_seed{seed}")[ranks]
            assert np.allclose(found, expected, atol=1e-5, equal_nan=True)


def test_known_facts_hold(official: ColumnTable) -> None:
    checks = check_facts(official)
    assert len(checks) > 15
    assert [fact for fact, holds in checks if not holds] == []


def test_a_wrong_number_is_found() -> None:
    class Wrong:
        """The embedded table in place of the official one."""

        space = "nb201"
        metrics = ()

        def best(self, metric: str) -> float:
            return 94.0664

        def value(self, metric: str, rank: int) -> float:
            return 50.0

    assert not all(holds for _, holds in check_facts(Wrong()))  # type: ignore[arg-type]


def test_contract(official: ColumnTable, space: NB201) -> None:
    check_table(official, space)


def test_optima_of_the_facts(official: ColumnTable, facts: dict[str, Any], space: NB201) -> None:
    for metric, best in facts["max"].items():
        assert official.best(metric) == pytest.approx(best["value"], abs=1e-5)
        for index in best["indices"]:
            value = official.value(metric, space.at_index(index))
            assert value == pytest.approx(best["value"], abs=1e-5)


def test_named_cells_of_the_facts(
    official: ColumnTable, facts: dict[str, Any], space: NB201
) -> None:
    for cell in facts["named_cells"].values():
        arch = space.parse(cell["arch"])
        for metric in set(cell) & set(official.metrics):
            assert official.value(metric, arch) == pytest.approx(cell[metric], abs=1e-5)
        for metric, place in cell["rank"].items():
            column = metric if metric in official.metrics else f"{metric}_test_200ep"
            _, better = official.standing(column, official.value(column, arch))
            assert better + 1 == place


def test_quantiles_of_the_facts(official: ColumnTable, facts: dict[str, Any]) -> None:
    for metric, quantiles in facts["quantiles"].items():
        levels = [float(level) for level in quantiles]
        found = np.quantile(official.column(metric), levels)
        assert np.allclose(found, list(quantiles.values()), atol=1e-5), metric


def test_picking_by_validation(official: ColumnTable, facts: dict[str, Any]) -> None:
    for pick in facts["pick_by_validation"]:
        column = official.column(pick["picked_by"])
        assert column.max() == pytest.approx(pick["value"], abs=1e-5)
        tied = np.flatnonzero(column >= column.max() - 1e-5)
        assert len(tied) == pick["ties_at_max"]
        tests = official.column(pick["then"])[tied]
        assert np.min(np.abs(tests - pick["test"])) < 1e-5


def test_seeds_are_counted(official: ColumnTable, facts: dict[str, Any]) -> None:
    counts = official.column("n_seeds_200ep")
    for seeds in (2, 3):
        assert int((counts == seeds).sum()) == facts["n_seeds_200ep"][str(seeds)]
    assert int(counts.sum()) == facts["n_seeds_200ep"]["trials"]


def test_missing_stays_missing(official: ColumnTable) -> None:
    third = official.column("cifar10valid_val_200ep_seed999")
    assert int(np.isnan(third).sum()) == 7456
    assert not np.isnan(official.column("cifar10valid_val_200ep_seed777")).any()


def test_training_time_scales_with_epochs_and_data_set(official: ColumnTable) -> None:
    arch = NB201().at_index(0)
    long = official.training_seconds("cifar10valid_val_200ep", arch)
    assert long == pytest.approx(1444.2186, abs=1e-3)
    assert official.training_seconds("cifar10valid_val_12ep", arch) == pytest.approx(
        long * 12 / 200
    )
    assert official.training_seconds("cifar100_val_200ep", arch) == pytest.approx(2 * long)
    assert official.training_seconds("params_cifar10_m", arch) is None


def test_every_column_explains_itself() -> None:
    columns = list(official_columns())
    assert len({metric.name for metric in columns}) == len(columns)
    assert all(metric.meaning and metric.source for metric in columns)
    accuracies = [metric for metric in columns if metric.epochs]
    assert all(m.trained_on and m.evaluated_on and m.seeds for m in accuracies)
    assert not any(metric.search and metric.split != "valid" for metric in columns)
    assert not any(metric.report and metric.split != "test" for metric in columns)


def test_python_api(official: ColumnTable) -> None:
    from nasbench_harness import registry

    registry.open_table.cache_clear()
    opened = nasbench_harness.open_table("nb201")
    assert opened.content_hash == official.content_hash
    assert "15,625 architectures" in repr(opened)
    assert "cifar10_test_200ep" in official._repr_html_()
    assert official.to_pandas().shape == (15_625, 1 + len(official.metrics))
