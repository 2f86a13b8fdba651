"""Known facts of NAS-Bench-201 that an installed table must agree with."""

from __future__ import annotations

import math

from nasbench_harness.contracts import CompleteTable
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables.gains import COMMON, LATENCY, attacks, hardware_column
from nasbench_harness.tables.columns import ColumnTable, content_hash
from nasbench_harness.tables.library import verify_columns

TOLERANCE = 1e-4
OPTIMA = {
    "cifar10_test_200ep": 94.373333,
    "cifar100_test_200ep": 73.513333,
    "imagenet16_120_test_200ep": 47.311111,
    "cifar10valid_val_200ep": 91.606667,
    "cifar100_val_200ep": 73.493333,
    "imagenet16_120_val_200ep": 46.733333,
}
"""Best accuracies, percent (NAS-Bench-201 and NATS-Bench papers, at more digits)."""
ALL_SKIP = (
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|"
    "+|skip_connect~0|skip_connect~1|skip_connect~2|"
)
RESNET_LIKE = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"
CELLS = {
    ALL_SKIP: {
        "cifar10_test_200ep": 54.296667,
        "cifar100_test_200ep": 15.606667,
        "imagenet16_120_test_200ep": 16.322222,
        "cifar10valid_val_200ep": 39.769333,
    },
    RESNET_LIKE: {
        "cifar10_test_200ep": 93.91,
        "cifar100_test_200ep": 70.89,
        "imagenet16_120_test_200ep": 44.233333,
    },
}
"""The all-skip cell, where DARTS collapses, and the ResNet-like one."""
ALL_NONE = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
COMPANION_SHA256 = "13e2b8e126adda7da929a85975bf0dfc93945818629c1452d6f60d2bdb47148a"
"""Of the numbers that the pinned files give."""
ATTACKED = tuple(name for name, *_ in attacks())
CHANCE = {
    "cifar10_test_200ep": 10.0,
    "cifar100_test_200ep": 1.0,
    "imagenet16_120_test_200ep": 100 / 120,
}
"""What a network without a path from input to output reaches."""


def check_facts(table: CompleteTable) -> list[tuple[str, bool]]:
    """Every fact with whether it holds; every column is checked against its hash first."""
    verify_columns(table)
    space = NB201()
    checks = [("every column matches its SHA-256", True)]
    for metric, best in OPTIMA.items():
        checks.append((f"best {metric} is {best:.2f} %", _close(table.best(metric), best)))
    for text, numbers in CELLS.items():
        arch = space.parse(text)
        for metric, value in numbers.items():
            fact = f"{metric} of {text} is {value:.2f} %"
            checks.append((fact, _close(table.value(metric, arch), value)))
    cells = list(space.enumerate())
    dead = [cell for cell in cells if not space.describe(cell)["connected"]]
    for metric, value in CHANCE.items():
        holds = all(_close(table.value(metric, cell), value) for cell in dead)
        checks.append((f"the {len(dead)} disconnected cells are at chance in {metric}", holds))
    params = [space.cost(cell, "params", "cifar10") / 1e6 for cell in cells]
    holds = all(
        _close(table.value("params_cifar10_m", cell), value)
        for cell, value in zip(cells, params, strict=True)
    )
    checks.append(("parameters are those of the networks the strings describe", holds))
    return checks


def check_companion(table: ColumnTable) -> list[tuple[str, bool]]:
    """The same of the columns that others measured: their hashes, and what must hold of them."""
    verify_columns(table)
    space = NB201()
    checks = [
        ("every column of the companion matches its SHA-256", True),
        (f"SHA-256 of the companion's numbers is {COMPANION_SHA256}",
         content_hash(table) == COMPANION_SHA256),
    ]  # fmt: skip
    for device in COMMON:
        name = hardware_column(LATENCY, device, "cifar10")
        same = bool((table.column(name) == table.column(f"{LATENCY}{device}")).all())
        checks.append((f"two sources agree on the latency of {device} to the last bit", same))
    dead = space.parse(ALL_NONE)
    holds = all(_close(table.value(name, dead), CHANCE["cifar10_test_200ep"]) for name in ATTACKED)
    checks.append(("the cell without any operation is at chance under every attack", holds))
    return checks


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, abs_tol=TOLERANCE)
