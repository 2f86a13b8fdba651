"""The smallest difference that a benchmark has by itself, checked by hand and on the real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nasbench_harness.contracts import Benchmark, CompleteTable, Metric, Retrained
from nasbench_harness.tables.columns import ColumnTable, Provenance, write_columns
from nasbench_harness.tables.differences import OF_RETRAINING, OF_TABLE, smallest_difference_of
from nasbench_harness.tables.retraining import spread_of_runs
from nasbench_harness.testing import TOY_METRIC, ToySpace, ToyTable, check_table

SIZE = 200
SEEDS = ("777", "888", "999")


def mean_of(split: str = "test", epochs: int = 200) -> Metric:
    return Metric(f"{split}_{epochs}", "accuracy", "%", "fruit", split, epochs, False, True)


def runs_of(split: str = "test", epochs: int = 200, unit: str = "%") -> list[Metric]:
    return [
        Metric(
            f"{split}_{epochs}_{unit}_{seed}", "one run", unit, "fruit", split, epochs, False,
            False, seeds=seed,
        )
        for seed in SEEDS
    ]  # fmt: skip


def noise_of(columns: dict[str, np.ndarray], metrics: list[Metric], judged: str) -> float | None:
    return spread_of_runs({m.name: m for m in metrics}, columns.__getitem__, judged)


def drawn(spread: float, runs: list[Metric], seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {run.name: 50 + spread * generator.standard_normal(SIZE) for run in runs}


@pytest.fixture
def judged() -> np.ndarray:
    """Row 7 is the best, row 3 comes next; these are the best hundredth."""
    column = np.linspace(10, 60, SIZE)
    column[7], column[3] = 90, 80
    return column


# --- runs ----------------------------------------------------------------------------------------


def test_the_runs_of_good_architectures_are_pooled(judged: np.ndarray) -> None:
    """Row 7: 1, 2, 3 (variance 1, 2 degrees of freedom); row 3: 0 and 2 (2, 1): root of 4 / 3."""
    runs = runs_of()
    columns = {"test_200": judged, **{run.name: np.full(SIZE, np.nan) for run in runs}}
    for run, of_best, of_second in zip(runs, (1, 2, 3), (0, 2, np.nan), strict=True):
        columns[run.name][7], columns[run.name][3] = of_best, of_second
    assert noise_of(columns, [mean_of(), *runs], "test_200") == pytest.approx((4 / 3) ** 0.5)


def test_bad_architectures_do_not_count(judged: np.ndarray) -> None:
    runs = runs_of()
    columns = {"test_200": judged, **drawn(30.0, runs)}
    for run, value in zip(runs, (1, 2, 3), strict=True):
        columns[run.name][[7, 3]] = value
    assert noise_of(columns, [mean_of(), *runs], "test_200") == pytest.approx(1.0)


def test_an_architecture_that_was_trained_once_tells_nothing(judged: np.ndarray) -> None:
    runs = runs_of()
    columns = {"test_200": judged, **drawn(1.0, runs)}
    for run in runs[1:]:
        columns[run.name][[7, 3]] = np.nan
    assert noise_of(columns, [mean_of(), *runs], "test_200") is None


def test_the_own_split_counts_before_another(judged: np.ndarray) -> None:
    own, others = runs_of("test"), runs_of("valid")
    columns = {"test_200": judged, **drawn(0.1, own), **drawn(5.0, others)}
    ours = noise_of(columns, [mean_of(), *others, *own], "test_200")
    theirs = noise_of(columns, [mean_of(), *others], "test_200")
    assert ours is not None
    assert theirs is not None
    assert ours < 1 < theirs


@pytest.mark.parametrize("other", [{"epochs": 12}, {"unit": "s"}])
def test_runs_of_something_else_do_not_count(judged: np.ndarray, other: dict[str, object]) -> None:
    runs = runs_of(**other)  # type: ignore[arg-type]
    columns = {"test_200": judged, **drawn(1.0, runs)}
    assert noise_of(columns, [mean_of(), *runs], "test_200") is None


def test_runs_that_never_differ_tell_nothing(judged: np.ndarray) -> None:
    runs = runs_of()
    columns = {"test_200": judged, **dict.fromkeys((run.name for run in runs), judged)}
    assert noise_of(columns, [mean_of(), *runs], "test_200") is None


@pytest.mark.parametrize("seed", range(5))
def test_a_known_spread_is_found(seed: int) -> None:
    size, runs = 20_000, runs_of()
    generator = np.random.default_rng(seed)
    worth = generator.uniform(0, 90, size)
    columns = {run.name: worth + 0.4 * generator.standard_normal(size) for run in runs}
    columns["test_200"] = np.mean([columns[run.name] for run in runs], axis=0)
    found = noise_of(columns, [mean_of(), *runs], "test_200")
    assert found == pytest.approx(0.4, rel=0.15)  # 400 degrees of freedom: 3.5 % standard error


# --- where it comes from -------------------------------------------------------------------------


def test_without_runs_it_is_a_part_of_the_way_to_the_best() -> None:
    table = ToyTable()
    column = table.column(TOY_METRIC)
    found = smallest_difference_of(table, TOY_METRIC)
    assert found == (pytest.approx(0.05 * (column.max() - np.median(column))), OF_TABLE)


def test_what_a_benchmark_knows_of_retraining_counts_first() -> None:
    class Noisy(ToyTable):
        def retraining_noise(self, metric: str) -> float | None:
            return 0.25

    assert smallest_difference_of(Noisy(), TOY_METRIC) == (0.25, OF_RETRAINING)


@pytest.mark.parametrize("noise", [None, 0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_size_gives_way(noise: float | None) -> None:
    class Silent(ToyTable):
        def retraining_noise(self, metric: str) -> float | None:
            return noise

    found = smallest_difference_of(Silent(), TOY_METRIC)
    assert found is not None
    assert found[1] == OF_TABLE


def test_there_is_none_without_a_table() -> None:
    assert smallest_difference_of(None, TOY_METRIC) is None


def test_there_is_none_where_some_are_known_only() -> None:
    class Some:
        """What a `Benchmark` needs, of which nothing is asked for here."""

        def __init__(self) -> None:
            self.metrics = ToyTable().metrics

    table: Benchmark = Some()  # type: ignore[assignment]
    assert smallest_difference_of(table, TOY_METRIC) is None


def test_there_is_none_where_all_are_worth_the_same() -> None:
    table = ToyTable()
    table.accuracy[:] = 50.0
    assert smallest_difference_of(table, TOY_METRIC) is None


def test_a_table_of_columns_knows_of_its_runs(tmp_path: Path) -> None:
    space = ToySpace((2, 3))
    metrics = [
        Metric("valid", "accuracy", "%", "fruit", "valid", 200, True, False),
        mean_of(),
        *runs_of(),
    ]
    columns = {m.name: [float(row) for row in range(6)] for m in metrics}
    for place, run in enumerate(runs_of()):
        columns[run.name][5] = 5.0 + place
    write_columns(tmp_path / "t", _provenance(), metrics, columns)
    table = ColumnTable(tmp_path / "t", space)
    assert isinstance(table, Retrained)
    assert smallest_difference_of(table, "test_200") == (pytest.approx(1.0), OF_RETRAINING)
    check_table(table, space)


def _provenance() -> Provenance:
    return Provenance("t", "toy", "1", "a test", "0" * 64, "Invented.", (2, 3))


def test_the_kit_finds_a_size_that_is_none() -> None:
    class Wrong(ToyTable):
        def retraining_noise(self, metric: str) -> float | None:
            return -1.0

    with pytest.raises(AssertionError, match=r"must be points above 0 or None, not -1\.0"):
        check_table(Wrong(), ToySpace())


# --- the real ones -------------------------------------------------------------------------------


def test_the_official_table_s_are_those_of_one_retraining(official: ColumnTable) -> None:
    found = {
        dataset: smallest_difference_of(official, official.report_metric(dataset))
        for dataset in ("cifar10", "cifar100", "imagenet16-120")
    }
    assert found == {
        "cifar10": (pytest.approx(0.17, abs=0.01), OF_RETRAINING),
        "cifar100": (pytest.approx(0.40, abs=0.01), OF_RETRAINING),
        "imagenet16-120": (pytest.approx(0.48, abs=0.01), OF_RETRAINING),
    }


def test_where_it_was_trained_once_the_way_to_the_best_comes_to_about_the_same(
    official: ColumnTable, table: CompleteTable
) -> None:
    """Twelve epochs have no single runs, nor has the embedded table."""
    twelve = smallest_difference_of(official, "cifar10_test_12ep")
    assert twelve is not None
    assert twelve[1] == OF_TABLE
    assert smallest_difference_of(table, table.report_metric("cifar10")) == (
        pytest.approx(0.183, abs=0.001),
        OF_TABLE,
    )
