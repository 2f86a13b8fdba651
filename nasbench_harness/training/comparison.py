"""What a table says about the same architecture, trained by the same recipe."""

from __future__ import annotations

from typing import Any, cast

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, Benchmark, Metric, NetworkSpace, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.tables.library import default_table
from nasbench_harness.tables.metrics import find_metric, value_of
from nasbench_harness.training.settings import TrainingSettings, is_tabled

_SPLITS = {"table": "test", "search": "valid"}


def table_value(
    space: SearchSpace,
    arch: Architecture,
    dataset: ImageDataset,
    settings: TrainingSettings,
    *,
    limited: bool,
) -> dict[str, Any]:
    """`table`, `table_metric` and `table_test_accuracy` (percent); all None where there is none.

    For comparison only: nothing of it enters a training. There is one where the data set is one of
    the table's, no training image was left out, and all but precision is the table's own recipe.
    It is the table's of the part that judges, `TrainingSettings.split`: its test accuracy, or its
    validation accuracy of `search`.
    """
    names = ("table", "table_metric", "table_test_accuracy")
    split = _SPLITS[settings.split]
    found = None if limited else _column(space, dataset, settings, split)
    if found is None:
        return dict.fromkeys(names)
    table, metric = found
    return dict(
        zip(names, (table.name, metric.name, value_of(table, metric.name, arch)), strict=True)
    )


def table_validation(
    space: SearchSpace,
    arch: Architecture,
    dataset: ImageDataset,
    settings: TrainingSettings,
    *,
    limited: bool,
) -> dict[str, Any]:
    """`table_valid_metric` and `table_valid_accuracy` (percent), by the rule of `table_value`.

    Of a training that is judged by the test part and validated on another. None as well where the
    table validated other trainings than it tested, as on CIFAR-10 of NAS-Bench-201.
    """
    names = ("table_valid_metric", "table_valid_accuracy")
    columns = (_column(space, dataset, settings, split) for split in ("valid", "test"))
    (table, metric), (_, tested) = (found or (None, None) for found in columns)
    if limited or not (table and metric and tested) or metric.trained_on != tested.trained_on:
        return dict.fromkeys(names)
    return dict(zip(names, (metric.name, value_of(table, metric.name, arch)), strict=True))


def _column(
    space: SearchSpace, dataset: ImageDataset, settings: TrainingSettings, split: str
) -> tuple[Benchmark, Metric] | None:
    """The table and its column of that split that holds such a training."""
    known = dataset.table_dataset or ""
    recipe = is_tabled(cast("NetworkSpace", space), settings)
    if recipe is None or recipe.tabled is None:
        return None
    if len(dataset.train) != recipe.tabled.images.get(known):
        return None
    wanted = f"{split}@{settings.epochs}"
    try:
        table = registry.open_table(default_table(space.name))
        metric = find_metric(table, known, wanted)
    except HarnessError:  # no such column, or no readable table: no reason not to train
        return None
    return (table, metric) if table.space == space.name else None
