"""Every column of the NAS-Bench-201 table: what the number is, and what it may be used for.

Accuracies are top-1 percent. A column is named `<data set>_<split>_<epochs>ep`; `cifar10valid` is
the benchmark's "cifar10-valid" (trained on one half of the CIFAR-10 training images, validated on
the other). Twelve epochs are a schedule of their own, not the twelfth epoch of the long run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nasbench_harness.contracts import Metric

SEEDS = (777, 888, 999)
DATASETS = ("cifar10", "cifar100", "imagenet16-120")
DEVICES = {
    **{
        f"{card}_{batch}": f"NVIDIA {name}, batch of {batch}"
        for card, name in {
            "1080ti": "GTX 1080 Ti", "2080ti": "RTX 2080 Ti", "titanx": "Titan X",
            "titanxp": "Titan XP", "titan_rtx": "Titan RTX",
        }.items()
        for batch in (1, 32, 256)
    },
    "gold_6226": "Intel Xeon Gold 6226",
    "gold_6240": "Intel Xeon Gold 6240",
    "silver_4114": "Intel Xeon Silver 4114",
    "silver_4210r": "Intel Xeon Silver 4210R",
    "essential_ph_1": "Essential Phone, whole milliseconds",
    "pixel2": "Pixel 2, whole milliseconds",
    "samsung_a50": "Samsung A50, whole milliseconds",
    "samsung_s7": "Samsung S7, whole milliseconds",
    "raspi4": "Raspberry Pi 4 (HW-NAS-Bench)",
    "pixel3": "Pixel 3 (HW-NAS-Bench)",
    "fpga": "FPGA, modelled (HW-NAS-Bench)",
    "eyeriss": "Eyeriss accelerator, modelled (HW-NAS-Bench)",
}  # fmt: skip
PROXIES = ("synflow", "naswot")
"""Training-free proxies, known for every data set."""


def key(dataset: str) -> str:
    """A data set as it stands in column names."""
    return dataset.replace("-", "_")


@dataclass(frozen=True)
class Protocol:
    """How one group of accuracies was trained and evaluated."""

    prefix: str
    dataset: str
    trained_on: str
    evaluated_on: dict[str, str]


PROTOCOLS = (
    Protocol(
        "cifar10valid", "cifar10", "25,000 of the training images",
        {"val": "the other 25,000 training images"},
    ),
    Protocol("cifar10", "cifar10", "all 50,000 training images", {"test": "10,000 test images"}),
    Protocol(
        "cifar100", "cifar100", "all 50,000 training images",
        {"val": "5,000 of the test images", "test": "the other 5,000 test images",
         "valtest": "all 10,000 test images"},
    ),
    Protocol(
        "imagenet16_120", "imagenet16-120", "151,700 training images",
        {"val": "3,000 of the validation images", "test": "the other 3,000 validation images",
         "valtest": "all 6,000 validation images"},
    ),
)  # fmt: skip
MEAN_SEEDS = {200: "2-3 (mean)", 12: "1"}
SPLIT_NAMES = {"val": "valid", "test": "test", "valtest": "valid+test"}


def official_columns() -> Iterator[Metric]:
    """The public table's columns, search and report metrics of a data set first."""
    yield from accuracies(200)
    yield from accuracies(12)
    yield from seed_accuracies()
    yield from costs()
    yield from proxies()


def accuracies(epochs: int) -> Iterator[Metric]:
    """Mean accuracies of the 12- or the 200-epoch schedule."""
    for protocol in PROTOCOLS:
        for split in protocol.evaluated_on:
            if split == "valtest" and epochs == 12:
                continue
            seeds = MEAN_SEEDS[epochs]
            if epochs == 12 and protocol.prefix == "cifar10valid":
                seeds = "2 (mean)"
            yield accuracy(protocol, split, epochs, seeds=seeds)


def accuracy(
    protocol: Protocol, split: str, epochs: int, *, seeds: str, suffix: str = ""
) -> Metric:
    """One accuracy column."""
    single = bool(suffix)
    return Metric(
        name=f"{protocol.prefix}_{split}_{epochs}ep{suffix}",
        meaning=f"{protocol.dataset} accuracy after {epochs} epochs, {SPLIT_NAMES[split]}",
        unit="%",
        dataset=protocol.dataset,
        split=SPLIT_NAMES[split],
        epochs=epochs,
        search=split == "val" and not single,
        report=split == "test" and not single,
        trained_on=protocol.trained_on,
        evaluated_on=protocol.evaluated_on[split],
        seeds=seeds,
        source="S2" if epochs == 12 else "S1" if split == "test" else "S5",
    )


def seed_accuracies() -> Iterator[Metric]:
    """Single 200-epoch runs; missing where a cell was not trained with that seed."""
    for protocol in PROTOCOLS:
        for split in ("val", "valtest"):
            whole = (protocol.prefix == "cifar10valid") == (split == "val")
            if split in protocol.evaluated_on and whole:
                for seed in SEEDS:
                    yield accuracy(protocol, split, 200, seeds=str(seed), suffix=f"_seed{seed}")


def costs() -> Iterator[Metric]:
    """Parameters, training time, latencies."""
    yield _fact("n_seeds_200ep", "training runs behind the 200-epoch means", "runs", "S5")
    yield _fact("unique_class", "number of the isomorphism class, by first appearance", "", "S1")
    for dataset in DATASETS:
        name = f"params_{key(dataset)}_m"
        yield _fact(name, f"parameters of the {dataset} network", "million", "S3", dataset)
    for dataset in DATASETS:
        name = f"flops_{key(dataset)}_m"
        meaning = f"multiply-adds of the {dataset} network, closed form"
        yield _fact(name, meaning, "million", "derived", dataset)
    name = "params_cifar10_recorded_m"
    yield _fact(name, "parameters as the benchmark recorded them; 150 are wrong", "million", "S5")
    name = "train_time_cifar10valid_200ep_s"
    yield _fact(name, "recorded time of 200 epochs on cifar10-valid", "s", "S5")
    for device, meaning in DEVICES.items():
        yield _fact(f"latency_ms_{device}", f"inference latency: {meaning}", "ms", "S4")


def proxies() -> Iterator[Metric]:
    """Training-free proxies, higher should be better."""
    for proxy in PROXIES:
        for dataset in DATASETS:
            meaning = f"training-free proxy {proxy} on {dataset}, untrained network"
            yield _fact(f"{proxy}_{key(dataset)}", meaning, "", "S3", dataset)


def _fact(name: str, meaning: str, unit: str, source: str, dataset: str = "cifar10") -> Metric:
    return Metric(
        name=name, meaning=meaning, unit=unit, dataset=dataset, split="none", epochs=None,
        search=False, report=False, source=source,
    )  # fmt: skip
