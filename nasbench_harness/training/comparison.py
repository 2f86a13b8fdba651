"""What a table says about the same architecture, trained by the same recipe."""

from __future__ import annotations

from typing import Any

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.tables.library import default_table
from nasbench_harness.tables.metrics import find_metric, value_of
from nasbench_harness.training.settings import TrainingSettings

TRAINED_ON = {"cifar10": 50_000, "cifar100": 50_000, "imagenet16-120": 151_700}
"""Training images behind the tables."""
_SPLITS = {"table": "test", "search": "valid"}


def is_whole(dataset: ImageDataset) -> bool:
    """Has the data set as many training images as the tables' own."""
    return len(dataset.train) == TRAINED_ON.get(dataset.table_dataset or "")


def table_value(
    space: SearchSpace,
    arch: Architecture,
    table_dataset: str | None,
    settings: TrainingSettings,
    *,
    limited: bool,
) -> dict[str, Any]:
    """`table`, `table_metric` and `table_test_accuracy` (percent); all None where there is none.

    For comparison only: nothing of it enters a training. There is one where the data set is one of
    the table's, no training image was left out, and all but precision is the table's own recipe.
    """
    nothing = dict.fromkeys(("table", "table_metric", "table_test_accuracy"))
    if table_dataset is None or limited or not settings.is_table_recipe:
        return nothing
    wanted = f"{_SPLITS[settings.split]}@{settings.epochs}"
    try:
        table = registry.open_table(default_table(space.name))
        metric = find_metric(table, table_dataset, wanted)
    except HarnessError:  # no such column, or no readable table: no reason not to train
        return nothing
    if table.space != space.name:
        return nothing
    value = value_of(table, metric.name, arch)
    return dict(zip(nothing, (table.name, metric.name, value), strict=True))
