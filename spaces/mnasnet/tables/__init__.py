"""Accel-NASBench (Ahmad et al., DAC 2024): ImageNet accuracy of its networks, as predicted here."""

from __future__ import annotations

import os
from pathlib import Path

from nasbench_harness.contracts import Cost
from nasbench_harness.process.names import NoHomeError
from nasbench_harness.tables import library
from nasbench_harness.tables.columns import TableError
from nasbench_harness.tables.fitted import FittedTable

ACCEL = "accel"
DATASET = "imagenet"
TOP1 = "predicted_top1"
LATENCY = "predicted_latency_ms_"
DEVICES = {"zcu102": "the FPGA ZCU102", "vck190": "the FPGA VCK190"}
COSTS = (
    Cost("params", "parameters of the network", "count", "Parameters", "million", 1e6, "params"),
    Cost(
        "flops", "multiply-adds of one forward pass of one image", "count", "Multiply-adds",
        "million", 1e6, "flops",
    ),
    *(
        Cost(
            f"latency:{device}", f"latency on {told}, as a polynomial predicts it", "ms",
            f"Predicted latency on {device}", metric=f"{LATENCY}{device}",
        )
        for device, told in DEVICES.items()
    ),
)  # fmt: skip
"""What a search may hold down."""


def accel_file() -> Path:
    """Where the benchmark is, once it is installed."""
    return library.data_folder() / "tables" / f"{ACCEL}.json"


def is_installed() -> bool:
    """Is it there; where there is no home folder to look in, it is not."""
    try:
        return os.path.isfile(accel_file())
    except NoHomeError:
        return False


def open_accel() -> FittedTable:
    """Predictions for the networks of Accel-NASBench; TableError says how to install them."""
    if not is_installed():
        raise TableError(
            "Accel-NASBench is not installed; `nasharness data pull accel` downloads its"
            " measurements (1.2 MB) and fits to them what is searched."
        )
    return FittedTable(accel_file(), costs=COSTS)
