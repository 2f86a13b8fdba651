"""What the official files record of a cell, and how the columns made of it are called.

The benchmark trains every cell on four "data sets" under two schedules. `cifar10-valid` and
`cifar10` are the same images split in two ways; the evaluation sets are called `x-valid`, `x-test`
and `ori-test`, and `ori-test` is the test set for CIFAR-10 but validation and test halves together
for the other two (NAS-Bench-201, Dong & Yang, ICLR 2020, section 2.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nasbench_harness.contracts import Metric
from nasbench_harness.spaces.nb201.tables.schema import (
    DATASETS,
    PROTOCOLS,
    SPLIT_NAMES,
    Protocol,
    key,
)

SCHEDULES = (200, 12)
"""Epochs; the learning rate is annealed to zero within each."""
SOURCE = "official file"


@dataclass(frozen=True)
class CellTraining:
    """One of the four trainings of a cell: our names and the benchmark's."""

    protocol: Protocol
    upstream: str
    """The benchmark's name of the data set."""
    sets: Mapping[str, str]
    """Our split to the benchmark's evaluation set."""

    @property
    def prefix(self) -> str:
        """What column names begin with."""
        return self.protocol.prefix

    @property
    def splits(self) -> tuple[str, ...]:
        """The order of a learning-curve file."""
        return tuple(self.sets)

    def images(self, split: str) -> str:
        """What the split is evaluated on."""
        if split == "train":
            return "the training images, while training"
        return self.protocol.evaluated_on.get(split, "10,000 test images")


_HALVES = {"train": "train", "val": "x-valid", "test": "x-test", "valtest": "ori-test"}
_NAMES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "cifar10valid": ("cifar10-valid", {"train": "train", "val": "x-valid", "test": "ori-test"}),
    "cifar10": ("cifar10", {"train": "train", "test": "ori-test"}),
    "cifar100": ("cifar100", _HALVES),
    "imagenet16_120": ("ImageNet16-120", _HALVES),
}
TRAININGS = tuple(CellTraining(protocol, *_NAMES[protocol.prefix]) for protocol in PROTOCOLS)


@dataclass(frozen=True)
class Seeds:
    """The training runs found under one data set and schedule."""

    seeds: Sequence[int]
    fewest: int
    """Runs of the cell that has fewest."""
    most: int

    def __str__(self) -> str:
        if self.most == 1:
            return "1"
        span = f"{self.fewest}-{self.most}" if self.fewest < self.most else f"{self.most}"
        return f"{span} (mean)"


SeedCounts = Mapping[tuple[str, int], Seeds]
"""By column prefix and epochs."""


def metrics(found: SeedCounts) -> Iterator[Metric]:
    """Every column there may be, those a search and a report take by default first."""
    runs = [
        (training, epochs, found[training.prefix, epochs])
        for epochs in SCHEDULES
        for training in TRAININGS
        if (training.prefix, epochs) in found
    ]
    yield from (m for run in runs for m in _means(*run, standard=True))
    yield from (m for run in runs for m in _means(*run, standard=False))
    yield from (m for run in runs for m in _singles(*run))
    yield _fact("n_seeds_200ep", "training runs behind the 200-epoch means", "runs")
    for dataset in DATASETS:
        meaning = f"parameters of the {dataset} network, computed from the cell"
        yield replace(_fact(f"params_{key(dataset)}_m", meaning, "million", dataset), source="cell")
    meaning = "parameters as the benchmark recorded them for cifar10-valid, 200 epochs"
    yield _fact("params_cifar10_recorded_m", meaning, "million")
    yield from (m for training, epochs, _ in runs for m in _costs(training, epochs))


def _means(
    training: CellTraining, epochs: int, seeds: Seeds, *, standard: bool
) -> Iterator[Metric]:
    """Accuracies averaged over the runs; `standard` are those the public table has as well."""
    for split in training.splits:
        if standard == (split in training.protocol.evaluated_on):
            yield _accuracy(training, split, epochs, seeds=str(seeds))


def _singles(training: CellTraining, epochs: int, seeds: Seeds) -> Iterator[Metric]:
    for split in training.splits[1:]:
        for seed in seeds.seeds:
            yield _accuracy(training, split, epochs, seeds=str(seed), suffix=f"_seed{seed}")


def _accuracy(
    training: CellTraining, split: str, epochs: int, *, seeds: str, suffix: str = ""
) -> Metric:
    protocol = training.protocol
    shown = {**SPLIT_NAMES, "train": "train"}[split]
    return Metric(
        name=f"{training.prefix}_{split}_{epochs}ep{suffix}",
        meaning=f"{protocol.dataset} accuracy after {epochs} epochs, {shown}",
        unit="%",
        dataset=protocol.dataset,
        split=shown,
        epochs=epochs,
        search=split == "val" and not suffix,
        report=split == "test" and not suffix,
        trained_on=protocol.trained_on,
        evaluated_on=training.images(split),
        seeds=seeds,
        source=SOURCE,
    )


def _costs(training: CellTraining, epochs: int) -> Iterator[Metric]:
    """What the benchmark recorded of one training besides accuracy."""
    prefix, name = training.prefix, f"{training.upstream}, {epochs}-epoch schedule"
    facts = [
        (f"n_seeds_{prefix}_{epochs}ep", f"training runs of {name}", "runs"),
        (f"train_time_{prefix}_{epochs}ep_s", f"recorded time of all epochs of {name}", "s"),
        *(
            (
                f"eval_time_{prefix}_{split}_{epochs}ep_s",
                f"recorded time of one evaluation on {training.sets[split]} of {name}",
                "s",
            )
            for split in training.splits[1:]
        ),
        (
            f"latency_ms_recorded_{prefix}_{epochs}ep",
            f"inference latency the benchmark recorded (GPU, batch of 256), {name}",
            "ms",
        ),
        (f"params_{prefix}_recorded_{epochs}ep_m", f"recorded parameters, {name}", "million"),
        (
            f"flops_{prefix}_recorded_{epochs}ep_m",
            f"recorded multiply-adds, {name}",
            "million",
        ),
    ]
    for column, meaning, unit in facts:
        yield _fact(column, meaning, unit, training.protocol.dataset)


def _fact(name: str, meaning: str, unit: str, dataset: str = "cifar10") -> Metric:
    return Metric(
        name=name, meaning=meaning, unit=unit, dataset=dataset, split="none", epochs=None,
        search=False, report=False, source=SOURCE,
    )  # fmt: skip
