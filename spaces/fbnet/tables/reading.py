"""Reading latencies of FBNets: sums that are known, or networks from which they follow."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nasbench_harness.errors import HarnessError, reason
from nasbench_harness.spaces.fbnet.space import LAYERS, OPTIONS, FBNet
from nasbench_harness.spaces.fbnet.tables import DEVICES
from nasbench_harness.tables.additive import AdditiveCost, CostPart, fit_additive

LARGEST_RESIDUAL = 1e-3
"""Milliseconds by which a sum may differ from any published network; they are within 7e-5."""
_EXPECTED = (
    "expected a table (.csv, .csv.gz) with a column `arch` and columns"
    f" {', '.join(f'{device}_ms' for device in DEVICES)}, or the sums of these as .json"
)


def read_sums(file: Path) -> dict[str, AdditiveCost]:
    """By device; HarnessError for another file, and for latencies that are no sums."""
    try:
        content = file.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        text = content.decode("utf-8-sig")
        if text.lstrip().startswith("{"):
            return _known(json.loads(text))
        return _fitted(text)
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise HarnessError(
            f"{file} cannot be read as latencies of FBNets ({reason(error)}); {_EXPECTED}."
        ) from error


def _known(told: Mapping[str, Any]) -> dict[str, AdditiveCost]:
    """From a constant, and [22][9] milliseconds relative to `skip`, of every device."""
    if tuple(told["ops"]) != OPTIONS or told["layers"] != LAYERS or told["unit"] != "ms":
        raise ValueError("it is of other blocks, layers or units")
    found = {}
    for device in DEVICES:
        one = told["devices"][f"{device}_ms"]
        table = np.asarray(one["relative_to_skip"], dtype=float)
        if table.shape != (LAYERS, len(OPTIONS)) or not np.isfinite(table).all():
            raise ValueError(f"the table of {device} is not {LAYERS} x {len(OPTIONS)} numbers")
        parts = [CostPart((layer,), row) for layer, row in enumerate(table)]
        found[device] = AdditiveCost(float(one["const_all_skip"]), parts)
    return found


def _fitted(text: str) -> dict[str, AdditiveCost]:
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows:
        raise ValueError("there is no network in it")
    space, counts = FBNet(), [len(OPTIONS)] * LAYERS
    choices = np.asarray([space.parse(row["arch"]).choices for row in rows])
    found = {}
    for device in DEVICES:
        times = [float(row[f"{device}_ms"]) for row in rows]
        groups = [(layer,) for layer in range(LAYERS)]
        found[device], residual = fit_additive(choices, times, counts, groups)
        if not residual <= LARGEST_RESIDUAL:
            raise ValueError(
                f"the latencies on {device} are no sums over the layers: they differ by up to"
                f" {residual:.2g} ms"
            )
    return found
