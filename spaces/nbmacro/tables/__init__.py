"""The table of NAS-Bench-Macro (Su et al., CVPR 2021), which comes with this package.

Beside it `PROVENANCE.md` says what it was made of, `make.py` how, and `LICENSE-Apache-2.0` under
what terms.
"""

from __future__ import annotations

from nasbench_harness.contracts import Metric, Origin
from nasbench_harness.spaces.nbmacro.citations import NBMACRO_BIBTEX
from nasbench_harness.spaces.nbmacro.encoding import LAYERS, OPTIONS
from nasbench_harness.tables.columns import ColumnTable, Provenance
from nasbench_harness.tables.shipped import ShippedData, ShippedTable

NAME = "nbmacro"
REPOSITORY = "https://github.com/xiusu/NAS-Bench-Macro"
COMMIT = "61a2bfc2ca0dce04d0997e6cf498047c27d6acf2"
ORIGINAL = "data/nas-bench-macro_cifar10.json"
ORIGINAL_SHA256 = "686dee8363cc21cca8c1f321ad5749454f2d9b9ca5972682e137e539bc522297"
LICENCE = "Apache-2.0"
FILE = "nbmacro.parquet"
TRAININGS = 3
"""Of every network."""
MEAN, STD = "cifar10_test_50ep", "cifar10_test_50ep_std"
CAVEAT = (
    "There is no validation accuracy, so search and report share one number: the mean test accuracy"
    " of three trainings, each at its best of 50 epochs. Strings that differ only in where"
    " identities stand behind a stage's first layer have the same three trainings."
)


def metrics() -> tuple[Metric, ...]:
    """The table's columns: the mean, which is searched and reported, and its single trainings."""
    meaning = "CIFAR-10 test accuracy, best of 50 epochs"
    return (
        _metric(MEAN, f"{meaning}, mean", f"{TRAININGS} (mean)", judged=True),
        *(_metric(seed_column(n), f"{meaning}, seed {n}", str(n)) for n in range(TRAININGS)),
        _metric(STD, f"standard deviation of the {TRAININGS} test accuracies"),
    )


def seed_column(seed: int) -> str:
    """The column of a single training."""
    return f"{MEAN}_seed{seed}"


def _metric(name: str, meaning: str, seeds: str = "", *, judged: bool = False) -> Metric:
    return Metric(
        name=name, meaning=meaning, unit="%", dataset="cifar10", split="test", epochs=50,
        search=judged, report=judged, trained_on="all 50,000 training images",
        evaluated_on="10,000 test images", seeds=seeds,
    )  # fmt: skip


TABLE = ShippedTable(
    Provenance(
        name=NAME,
        space="nbmacro",
        version=COMMIT[:7],
        source=f"{REPOSITORY}, {ORIGINAL} at commit {COMMIT}",
        source_sha256=ORIGINAL_SHA256,
        caveat=CAVEAT,
        shape=(len(OPTIONS),) * LAYERS,
    ),
    metrics(),
    __name__,
    FILE,
    sha256="78f92506772244a2b6f36e483bc1cd0164422a5d45ce92048e3ba08fad8c0ec8",
    content_sha256="433c1cbc0bf8a44e0820ff410aa3b607c9b7b5b6867ba3d24ded109813a52ea7",
)


def open_nbmacro() -> ColumnTable:
    """Test accuracies of all 6,561 networks of NAS-Bench-Macro, three trainings each."""
    return TABLE.open()


class NBMacroFiles(ShippedData):
    """The table `nbmacro`, which comes with this package."""

    name = NAME
    what = "the table of NAS-Bench-Macro"
    tables = (NAME,)
    holds = "three CIFAR-10 trainings of every one of 6,561 layer-wise networks"
    origins = (
        Origin("NAS-Bench-Macro", REPOSITORY, "test accuracies of three trainings", LICENCE),
    )
    licence = LICENCE
    citation = NBMACRO_BIBTEX
    table = TABLE
