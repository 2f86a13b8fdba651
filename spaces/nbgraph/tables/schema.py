"""The columns of the table, the data sets, and what a reader must know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nasbench_harness.contracts import Cost, Metric

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
