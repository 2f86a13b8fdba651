"""The complete table of NAS-Bench-Graph: eight graph data sets, each with its costs.

The numbers are those of the package `nas-bench-graph` 1.4.0, whose files are read without importing
it (see `convert`), whether it is installed or its wheel was pulled. Its ninth data set, proteins,
is left out: 2,021 architectures of fewer operations, judged by another quantity.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from nasbench_harness.contracts import Cost, Metric
from nasbench_harness.process.names import NoHomeError
from nasbench_harness.tables import library
from nasbench_harness.tables.columns import ColumnTable, TableError

TABLE = "nbgraph"
DATA = "nasbench-graph"
"""What `nasharness data` calls the benchmark."""
PACKAGE = "nas-bench-graph"
VERSION = "1.4.0"
DATASETS = {
    "cora": "Cora, 2,708 papers",
    "citeseer": "CiteSeer, 3,327 papers",
    "pubmed": "PubMed, 19,717 papers",
    "cs": "Coauthor CS, 18,333 authors",
    "physics": "Coauthor Physics, 34,493 authors",
    "photo": "Amazon Photo, 7,650 goods",
    "computers": "Amazon Computers, 13,752 goods",
    "arxiv": "ogbn-arxiv, 169,343 papers",
}
LATENCY, PARAMS = "latency_ms", "params"
CAVEAT = (
    "The `nbgraph` table is about graph networks (NAS-Bench-Graph), not images: it says nothing of"
    " convolutional cells. Its accuracies are means of three trainings, with hyper-parameters that"
    " the authors chose for each data set. Architectures that differ in order and idle skips alone"
    " share one trained network; the nine that are skips alone were never trained and have no"
    " numbers: a search on the table itself counts them as the worst of all."
)
_LAYOUT = 1  # raised when the way columns are made from the files changes
_FOLDER = f"{TABLE}-{VERSION}-v{_LAYOUT}"


def pulled_folder() -> Path:
    """Where the table of a pulled wheel is kept."""
    return library.data_folder() / "tables" / _FOLDER


def package_file(dataset: str) -> Path | None:
    """A data set's file in the installed package, which is not imported; None without one."""
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    return (
        Path(spec.origin).with_name("light") / f"{dataset}.bench" if spec and spec.origin else None
    )


def is_installed() -> bool:
    """Was the table pulled, or is the package there."""
    with suppress(NoHomeError):  # where there is no home folder to look in, it was not
        if os.path.isdir(pulled_folder()):
            return True
    return package_file("") is not None


def open_nbgraph() -> ColumnTable:
    """The table that was pulled, or else of the installed package, converted on first use.

    TableError if neither is there.
    """
    folder = pulled_folder()
    if not os.path.isdir(folder):
        folder = library.cache_folder() / "tables" / _FOLDER
        if package_file("") is None:
            raise TableError(
                f"The `{TABLE}` table is not installed; `nasharness data pull {DATA}` downloads it"
                f" (6 MB), `pip install {PACKAGE}=={VERSION}` brings it as well."
            )
        if not os.path.isdir(folder):
            from nasbench_harness.spaces.nbgraph.tables.convert import convert_package

            convert_package(folder)
    return ColumnTable(folder, costs=costs)


def metrics() -> Iterator[Metric]:
    """The table's columns: accuracies first, then what a network costs."""
    for dataset, title in DATASETS.items():
        for split, what in (("valid", "validation"), ("test", "test")):
            yield Metric(
                name=f"{dataset}_{split}",
                meaning=f"accuracy on the {what} nodes of {title}",
                unit="%",
                dataset=dataset,
                split=split,
                epochs=None,
                search=split == "valid",
                report=split == "test",
                trained_on="training nodes",
                evaluated_on=f"{what} nodes",
                seeds="3 (mean)",
                source=PACKAGE,
            )
    for dataset in DATASETS:
        yield _fact(dataset, LATENCY, "inference latency", "ms")
        yield _fact(dataset, PARAMS, "parameters of the network", "count")


def _fact(dataset: str, name: str, meaning: str, unit: str) -> Metric:
    return Metric(
        name=f"{dataset}_{name}", meaning=f"{meaning} on {dataset}", unit=unit, dataset=dataset,
        split="none", epochs=None, search=False, report=False, source=PACKAGE,
    )  # fmt: skip


def costs(_: Iterable[Metric]) -> list[Cost]:
    """What may be held down, each by the column of the study's data set."""

    def columns(name: str) -> tuple[tuple[str, str], ...]:
        return tuple((dataset, f"{dataset}_{name}") for dataset in DATASETS)

    return [
        Cost("params", "parameters of the network", "count", "Parameters", "million", 1e6,
             by_dataset=columns(PARAMS)),
        Cost("latency", "inference latency, as the authors measured it", "ms", "Latency",
             by_dataset=columns(LATENCY)),
    ]  # fmt: skip
