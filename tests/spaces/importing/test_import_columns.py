"""The imported columns: names, roles, and the files of the learning curves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables.curves import LearningCurves, curve
from nasbench_harness.spaces.nb201.tables.importing import import_table
from nasbench_harness.spaces.nb201.tables.memory import available_memory
from nasbench_harness.spaces.nb201.tables.schema import official_columns
from nasbench_harness.tables.columns import ColumnTable, TableError

DATASETS = {"cifar10": "cifar10valid", "cifar100": "cifar100", "imagenet16-120": "imagenet16_120"}


@pytest.fixture(scope="module")
def folder(
    small_folder_of_cells: tuple[Path, range], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An imported table."""
    folder = tmp_path_factory.mktemp("imported") / "table"
    import_table(small_folder_of_cells[0], folder, allow_missing=True)
    return folder


@pytest.fixture(scope="module")
def imported(folder: Path) -> ColumnTable:
    return ColumnTable(folder)


@pytest.mark.parametrize("dataset", DATASETS)
def test_default_metrics_are_those_of_the_public_table(imported: ColumnTable, dataset: str) -> None:
    assert imported.search_metric(dataset) == f"{DATASETS[dataset]}_val_200ep"
    assert imported.report_metric(dataset) == f"{dataset.replace('-', '_')}_test_200ep"


def test_only_averages_may_be_searched_and_reported(imported: ColumnTable) -> None:
    for name, metric in imported.metrics.items():
        parts = name.split("_")
        averaged = metric.unit == "%" and "seed" not in name
        assert metric.search == (averaged and "val" in parts), name
        assert metric.report == (averaged and "test" in parts), name


def test_columns_of_both_tables_mean_the_same(imported: ColumnTable) -> None:
    public = {metric.name: metric for metric in official_columns()}
    shared = public.keys() & imported.metrics.keys()
    assert len(shared) > 20
    for name in shared:
        mine, theirs = imported.metrics[name], public[name]
        for part in ("unit", "dataset", "split", "epochs", "trained_on", "evaluated_on", "search"):
            assert getattr(mine, part) == getattr(theirs, part), (name, part)
        assert mine.report == theirs.report


def test_columns_tell_the_seeds_behind_them(imported: ColumnTable) -> None:
    assert imported.metrics["cifar100_test_200ep"].seeds == "1-3 (mean)"
    assert imported.metrics["cifar10valid_val_12ep"].seeds == "2 (mean)"
    assert imported.metrics["cifar100_val_12ep"].seeds == "1"
    assert imported.metrics["cifar10valid_val_12ep_seed111"].seeds == "111"


def test_cells_that_are_not_there_are_missing(imported: ColumnTable) -> None:
    assert np.isnan(imported.column("cifar10_test_200ep")).sum() == imported.shape[0] ** 6 - 4
    assert not np.isnan(imported.column("params_cifar10_m")).any()


def test_parameters_are_those_of_the_network(imported: ColumnTable, space: NB201) -> None:
    arch = space.at_index(9930)
    expected = space.cost(arch, "params", "cifar100") / 1e6
    assert imported.value("params_cifar100_m", arch) == expected


def test_training_times_are_compared_across_data_sets(imported: ColumnTable) -> None:
    recorded = imported.provenance.training_time
    assert recorded is not None
    total = {
        prefix: np.nansum(imported.column(f"train_time_{prefix}_200ep_s"))
        for prefix in ("cifar10valid", "imagenet16_120")
    }
    assert recorded.factors["cifar10"] == 1
    expected = total["imagenet16_120"] / total["cifar10valid"]
    assert recorded.factors["imagenet16-120"] == pytest.approx(expected)


def test_no_column_is_empty(imported: ColumnTable) -> None:
    assert [name for name in imported.metrics if np.isnan(imported.column(name)).all()] == []


# --- learning curves ---------------------------------------------------------------------------


def test_mean_curve_is_the_mean_over_the_seeds(folder: Path, space: NB201) -> None:
    rank = space.rank(space.at_index(4691))
    seeds = LearningCurves(folder).seeds("cifar100", 200, rank)
    assert seeds == [777, 888, 999][: len(seeds)]
    single = [curve(folder, "cifar100", "train", 200, rank, seed) for seed in seeds]
    mean = curve(folder, "cifar100", "train", 200, rank)
    np.testing.assert_array_equal(mean, np.mean(single, axis=0))


def test_names_of_the_benchmark_will_do(folder: Path, space: NB201) -> None:
    rank = space.rank(space.at_index(0))
    for theirs, ours in (("cifar10-valid", "cifar10valid"), ("ImageNet16-120", "imagenet16_120")):
        np.testing.assert_array_equal(
            curve(folder, theirs, "val", 12, rank), curve(folder, ours, "val", 12, rank)
        )


def test_cell_without_runs_has_no_curve(folder: Path, space: NB201) -> None:
    rank = space.rank(space.at_index(1))
    assert np.isnan(curve(folder, "cifar10", "test", 200, rank)).all()


def test_unknown_seed_lists_the_known_ones(folder: Path, space: NB201) -> None:
    rank = space.rank(space.at_index(0))
    with pytest.raises(TableError, match="with seed 999; its seeds are 777"):
        curve(folder, "cifar10", "test", 200, rank, seed=999)


@pytest.mark.parametrize(
    ("dataset", "split", "epochs"), [("mnist", "test", 200), ("cifar10", "val", 200),
                                     ("cifar10", "test", 90)],
)  # fmt: skip
def test_unknown_names(folder: Path, dataset: str, split: str, epochs: int) -> None:
    with pytest.raises(UnknownNameError):
        curve(folder, dataset, split, epochs, 0)


def test_table_without_curves_has_none(tmp_path: Path) -> None:
    assert not LearningCurves(tmp_path)
    with pytest.raises(UnknownNameError, match="There is none at all"):
        curve(tmp_path, "cifar10", "test", 200, 0)


def test_changed_curves_are_found(folder: Path, tmp_path: Path) -> None:
    import shutil

    copied = shutil.copytree(folder, tmp_path / "copy")
    LearningCurves(copied).verify()
    with (copied / "curves" / "cifar10_12ep.npy").open("r+b") as file:
        file.seek(5000)
        file.write(b"x")
    with pytest.raises(TableError, match="was changed or lost"):
        LearningCurves(copied).verify()


def test_damaged_index_and_files_are_sentences(folder: Path, tmp_path: Path) -> None:
    import shutil

    copied = shutil.copytree(folder / "curves", tmp_path / "t" / "curves").parent
    (copied / "curves" / "cifar10_12ep.npy").write_bytes(b"x")
    with pytest.raises(TableError, match="cannot be read"):
        curve(copied, "cifar10", "test", 12, 0)
    (copied / "curves" / "curves.json").write_text(json.dumps({"schema_version": 99}))
    with pytest.raises(TableError, match="schema version 99"):
        LearningCurves(copied)


def test_holes_take_no_room(folder: Path) -> None:
    path = folder / "curves" / "cifar100_200ep.npy"
    assert path.stat().st_size > 2e8
    assert path.stat().st_blocks * 512 < 5e6


def test_free_memory_is_a_number_of_bytes() -> None:
    free = available_memory()
    assert free is None or free > 1e6
