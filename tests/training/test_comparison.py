"""The table's number beside ours: the right column, and none where nothing is comparable."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.tables.columns import ColumnTable
from nasbench_harness.training.comparison import table_validation, table_value
from nasbench_harness.training.settings import TrainingSettings


@pytest.fixture(autouse=True)
def fresh_tables() -> Iterator[None]:
    """Which table is opened depends on what is installed in this test."""
    registry.open_table.cache_clear()
    yield
    registry.open_table.cache_clear()


IMAGES = {"cifar10": 50_000, "cifar100": 50_000, "imagenet16-120": 151_700}


def images(dataset: str | None, left_out: int = 0) -> Any:
    """What is asked of a data set here."""
    count = IMAGES.get(dataset or "cifar10", 0) - left_out
    return SimpleNamespace(table_dataset=dataset, train=range(count))


@pytest.mark.parametrize(
    ("dataset", "settings", "metric"),
    [
        ("cifar10", TrainingSettings(), "cifar10_test_200ep"),
        ("cifar10", TrainingSettings(epochs=12), "cifar10_test_12ep"),
        ("cifar10", TrainingSettings(split="search"), "cifar10valid_val_200ep"),
        ("cifar100", TrainingSettings(precision="bf16"), "cifar100_test_200ep"),
        ("imagenet16-120", TrainingSettings(split="search"), "imagenet16_120_val_200ep"),
    ],
)
def test_the_column_of_the_same_recipe(
    official: ColumnTable,
    space: NB201,
    cell: Architecture,
    dataset: str,
    settings: TrainingSettings,
    metric: str,
) -> None:
    assert table_value(space, cell, images(dataset), settings, limited=False) == {
        "table": official.name,
        "table_metric": metric,
        "table_test_accuracy": official.value(metric, cell),
    }


@pytest.mark.parametrize(
    ("dataset", "metric"),
    [
        ("cifar100", "cifar100_val_200ep"),
        ("imagenet16-120", "imagenet16_120_val_200ep"),
    ],
)
def test_the_column_of_validation(
    official: ColumnTable, space: NB201, cell: Architecture, dataset: str, metric: str
) -> None:
    """Both columns are of halves of the same images: x-valid beside validation, x-test beside test.

    Which images those are is what `trained_on` and `evaluated_on` of the columns say.
    """
    asked = (space, cell, images(dataset), TrainingSettings())
    assert table_validation(*asked, limited=False) == {
        "table_valid_metric": metric,
        "table_valid_accuracy": official.value(metric, cell),
    }
    tested = table_value(*asked, limited=False)["table_metric"]
    assert official.metrics[metric].trained_on == official.metrics[tested].trained_on
    assert official.metrics[tested].evaluated_on.startswith("the other")
    assert set(table_validation(*asked, limited=True).values()) == {None}


def test_nothing_beside_validation_where_the_table_validated_other_trainings(
    official: ColumnTable, space: NB201, cell: Architecture
) -> None:
    """Its validation on CIFAR-10 is of networks that were trained on half of the images."""
    found = table_validation(space, cell, images("cifar10"), TrainingSettings(), limited=False)
    assert found == {"table_valid_metric": None, "table_valid_accuracy": None}


@pytest.mark.parametrize(
    ("dataset", "settings", "limited"),
    [
        ("cifar10", TrainingSettings(), True),
        (None, TrainingSettings(), False),
        ("cifar10", TrainingSettings(width=8), False),
        ("cifar10", TrainingSettings(epochs=100), False),
    ],
)
def test_nothing_beside_another_training(
    official: ColumnTable,
    space: NB201,
    cell: Architecture,
    dataset: str | None,
    settings: TrainingSettings,
    limited: bool,
) -> None:
    found = table_value(space, cell, images(dataset), settings, limited=limited)
    assert set(found.values()) == {None}


def test_nothing_beside_a_training_on_fewer_images(
    official: ColumnTable, space: NB201, cell: Architecture
) -> None:
    fewer = images("cifar10", left_out=1)
    found = table_value(space, cell, fewer, TrainingSettings(), limited=False)
    assert set(found.values()) == {None}


def test_nothing_where_the_table_has_no_schedules(space: NB201, cell: Architecture) -> None:
    """The embedded table is another training of the cells."""
    found = table_value(space, cell, images("cifar10"), TrainingSettings(), limited=False)
    assert set(found.values()) == {None}
