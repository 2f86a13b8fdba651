"""What the official table gains from others: latency and energy by data set, adversarial accuracy.

The columns are a companion of the official table, whichever way that was installed: they stand in a
folder of their own with a provenance and a hash of their own, and the table keeps its hash.

Latency and energy are those of HW-NAS-Bench (Li et al., ICLR 2021), accuracies under attack those
of Jung, Lukasik and Keuper (ICLR 2023): of the CIFAR-10 networks of NAS-Bench-201, one training.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from nasbench_harness.contracts import Cost, Metric
from nasbench_harness.spaces.nb201.tables.schema import DATASETS, DEVICES, costs, key, proxies

LATENCY, ENERGY = "latency_ms_", "energy_mj_"
"""How columns with the latency on a device, and the energy it takes, begin."""
HARDWARE = {
    "edgegpu": "edge GPU",
    "raspi4": "Raspberry Pi 4",
    "edgetpu": "Edge TPU",
    "pixel3": "Pixel 3",
    "eyeriss": "Eyeriss accelerator, modelled",
    "fpga": "FPGA, modelled",
}
METERED = ("edgegpu", "eyeriss", "fpga")
"""Devices with energy as well."""
COMMON = tuple(device for device in HARDWARE if device in DEVICES)
"""Devices whose latency on CIFAR-10 the official table has from another repository."""
_STRENGTHS = ("0.1", "0.5", "1", "2", "3", "4", "8")
ATTACKS: Mapping[str, tuple[str, ...]] = {
    "fgsm": (*_STRENGTHS[:-1], "5", "6", "7", "8", "255"),
    "pgd": _STRENGTHS,
    "aa_apgd-ce": _STRENGTHS,
    "aa_square": _STRENGTHS,
}
"""Attack, as its file calls it, and strengths: the largest change of a pixel, in 1/255."""
SOURCE = "S6"


def hardware_column(quantity: str, device: str, dataset: str) -> str:
    """`latency_ms_pixel3_cifar100`; `quantity` is `LATENCY` or `ENERGY`."""
    return f"{quantity}{device}_{key(dataset)}"


def attacks() -> Iterator[tuple[str, str, str]]:
    """Our column, attack and strength of each adversarial accuracy."""
    for attack, strengths in ATTACKS.items():
        for strength in strengths:
            yield f"adv_{attack.replace('-', '_')}_linf_{strength}", attack, strength


def columns() -> Iterator[Metric]:
    """What the companion has: the gains, and what official files lack of the public table."""
    yield from _hardware()
    yield from _adversarial()
    yield from (metric for metric in costs() if metric.name.startswith(LATENCY))
    yield from proxies()


def _hardware() -> Iterator[Metric]:
    for quantity, unit, told, devices in (
        (LATENCY, "ms", "inference latency", tuple(HARDWARE)),
        (ENERGY, "mJ", "energy of one inference", METERED),
    ):
        for device in devices:
            for dataset in DATASETS:
                yield Metric(
                    name=hardware_column(quantity, device, dataset),
                    meaning=f"{told} of the {dataset} network: {HARDWARE[device]} (HW-NAS-Bench)",
                    unit=unit, dataset=dataset, split="none", epochs=None,
                    search=False, report=False, source=SOURCE,
                )  # fmt: skip


def _adversarial() -> Iterator[Metric]:
    """Judged by where somebody asks for one by name; else no study has to record all of them."""
    for name, attack, strength in attacks():
        yield Metric(
            name=name,
            meaning=f"CIFAR-10 accuracy under {attack}, pixels moved by at most {strength}/255",
            unit="%", dataset="cifar10", split="test", epochs=None, search=False, report=False,
            seeds="1", source=SOURCE, quantity="adversarial accuracy",
        )  # fmt: skip


def table_costs(metrics: Iterable[Metric]) -> list[Cost]:
    """Latencies and energies among the columns: `latency:pixel3`, `energy:edgegpu`.

    Each is of the network of the study's data set where somebody measured that. The other latencies
    are those of CIFAR-10 networks, whatever the data set.
    """
    there = {metric.name: metric for metric in metrics}
    by_dataset = {
        hardware_column(quantity, device, dataset)
        for quantity in (LATENCY, ENERGY) for device in HARDWARE for dataset in DATASETS
    }  # fmt: skip
    plain = [name for name in there if name.startswith(LATENCY) and name not in by_dataset]
    devices = dict.fromkeys([*(name.removeprefix(LATENCY) for name in plain), *HARDWARE])
    found = [_cost("latency", LATENCY, device, there) for device in devices]
    found += [_cost("energy", ENERGY, device, there) for device in METERED]
    return [cost for cost in found if cost is not None]


def _cost(what: str, quantity: str, device: str, there: Mapping[str, Metric]) -> Cost | None:
    """None where no column has it."""
    everywhere = there.get(f"{quantity}{device}")
    pairs = {
        dataset: hardware_column(quantity, device, dataset)
        for dataset in DATASETS
        if device in HARDWARE and hardware_column(quantity, device, dataset) in there
    }
    if everywhere is not None and "cifar10" in pairs:  # the same numbers, under their first name
        pairs["cifar10"] = everywhere.name
    described = everywhere or (there[next(iter(pairs.values()))] if pairs else None)
    if described is None:
        return None
    return Cost(
        f"{what}:{device}",
        described.meaning if everywhere else f"{what} on {HARDWARE[device]} (HW-NAS-Bench)",
        described.unit,
        f"{what.capitalize()} on {device}",
        metric=everywhere.name if everywhere else "",
        by_dataset=tuple(pairs.items()),
    )
