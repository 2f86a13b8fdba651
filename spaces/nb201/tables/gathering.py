"""From cells, one after another, to the columns of a table."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence

from nasbench_harness.contracts import EnumerableSpace, Metric
from nasbench_harness.spaces.nb201.tables.cells import CellRecord
from nasbench_harness.spaces.nb201.tables.recorded import SCHEDULES, TRAININGS, Seeds, metrics
from nasbench_harness.spaces.nb201.tables.schema import DATASETS, key
from nasbench_harness.tables.columns import TrainingTime

SEARCHED = ("cifar10valid", "cifar100", "imagenet16_120")
"""The training whose validation accuracy a search on each data set looks at."""


class Gathering:
    """Columns in rank order that fill up as cells come; NaN until then."""

    def __init__(self, space: EnumerableSpace) -> None:
        self._space, self.size = space, space.size
        self._columns: dict[str, array[float]] = {}
        self._seeds: dict[tuple[str, int], set[int]] = {}

    def add(self, rank: int, cell: CellRecord) -> None:
        """Take the numbers of one cell."""
        for name, value in cell.numbers.items():
            if name not in self._columns:
                self._columns[name] = array("d", [math.nan]) * self.size
            self._columns[name][rank] = value
        for which, runs in cell.runs.items():
            self._seeds.setdefault(which, set()).update(runs.seeds)

    def columns(self) -> tuple[list[Metric], Mapping[str, Sequence[float]]]:
        """Every column that has a number, described, and their numbers."""
        filled = {
            name: column
            for name, column in self._columns.items()
            if not all(math.isnan(value) for value in column)
        }
        filled |= self._parameters()
        return [metric for metric in metrics(self._found()) if metric.name in filled], filled

    def _parameters(self) -> dict[str, array[float]]:
        """Millions of parameters of the network each cell describes."""
        cells = list(self._space.enumerate())
        return {
            f"params_{key(dataset)}_m": array(
                "d", (self._space.cost(cell, "params", dataset) / 1e6 for cell in cells)
            )
            for dataset in DATASETS
        }

    def training_time(self) -> TrainingTime | None:
        """The recorded times, and how the data sets compare: the ratio of their sums."""
        column = "train_time_{}_200ep_s"
        totals = {
            dataset: sum(x for x in self._columns.get(column.format(prefix), ()) if x > 0)
            for dataset, prefix in zip(DATASETS, SEARCHED, strict=True)
        }
        whole = totals[DATASETS[0]]
        if not all(totals.values()):
            return None
        factors = {dataset: total / whole for dataset, total in totals.items()}
        return TrainingTime(column.format(SEARCHED[0]), 200, factors)

    def _found(self) -> dict[tuple[str, int], Seeds]:
        """Which training runs there are, by data set and schedule."""
        found: dict[tuple[str, int], Seeds] = {}
        for training in TRAININGS:
            for epochs in SCHEDULES:
                which = training.prefix, epochs
                if which in self._seeds:
                    counts = self._columns[f"n_seeds_{training.prefix}_{epochs}ep"]
                    known = [int(count) for count in counts if not math.isnan(count)]
                    found[which] = Seeds(sorted(self._seeds[which]), min(known), max(known))
        return found
