"""What a table says about the same architecture, trained by the same recipe."""

from __future__ import annotations

from typing import Any, cast

from nasbench_harness import registry
from nasbench_harness.contracts import Architecture, NetworkSpace, SearchSpace
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
    """
    nothing = dict.fromkeys(("table", "table_metric", "table_test_accuracy"))
    known = dataset.table_dataset or ""
    recipe = is_tabled(cast("NetworkSpace", space), settings)
    if limited or recipe is None or recipe.tabled is None:
        return nothing
    if len(dataset.train) != recipe.tabled.images.get(known):
        return nothing
    wanted = f"{_SPLITS[settings.split]}@{settings.epochs}"
    try:
        table = registry.open_table(default_table(space.name))
        metric = find_metric(table, known, wanted)
    except HarnessError:  # no such column, or no readable table: no reason not to train
        return nothing
    if table.space != space.name:
        return nothing
    value = value_of(table, metric.name, arch)
    return dict(zip(nothing, (table.name, metric.name, value), strict=True))
