"""Reading the archive of Accel-NASBench: a JSON file for every network that was trained."""

from __future__ import annotations

import json
import math
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasbench_harness.contracts import Architecture
from nasbench_harness.errors import HarnessError, reason
from nasbench_harness.spaces.mnasnet.space import BLOCKS, PARTS, MnasNet, words_of

MEMBER = re.compile(r"(?:\./)?anb_dataset_jsons/result_(\d+)\.json")
LARGEST = 100_000
"""Bytes of a member; each has less than 2,000."""


@dataclass(frozen=True)
class Measurement:
    """One training of one network, and what it takes to run it."""

    number: int
    arch: Architecture
    top1: float
    """Validation accuracy on ImageNet, percent."""
    top5: float
    latencies: dict[str, float]
    """Milliseconds by device; NaN where it was not measured."""
    params: float
    """Millions."""
    flops: float
    """Millions of multiply-adds."""


def read_archive(file: Path) -> list[Measurement]:
    """Every training, in the order of their numbers; HarnessError for another archive."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            found = [_measurement(number, text) for number, text in _members(archive)]
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise HarnessError(
            f"{file} is no archive of Accel-NASBench that can be read ({reason(error)})."
        ) from error
    return sorted(found, key=lambda one: one.number)


def _members(archive: tarfile.TarFile) -> Iterator[tuple[int, bytes]]:
    """Number and content of each result; nothing is unpacked to the disk."""
    for member in archive:
        found = MEMBER.fullmatch(member.name)
        if not found or not member.isfile() or member.size > LARGEST:
            continue
        content = archive.extractfile(member)
        if content is not None:
            yield int(found[1]), content.read()


def _measurement(number: int, text: bytes) -> Measurement:
    told: dict[str, Any] = json.loads(text)
    built = told["architecture"]
    blocks = [[built[f"block{block}_{part}"] for part in PARTS] for block in range(BLOCKS)]
    space = MnasNet()
    words = [word for block in blocks for word in words_of(*block)]
    places = (d.options.index(word) for d, word in zip(space.decisions, words, strict=True))
    devices = told["platform_perf"]
    return Measurement(
        number=number,
        arch=space.architecture(tuple(places)),
        top1=float(told["metrics"]["val_top1"]),
        top5=float(told["metrics"]["val_top5"]),
        latencies={
            device.removeprefix("latency_"): _number(one["latency_mean"])
            for device, one in devices.items()
            if device.startswith("latency_")
        },
        params=float(told["model_info"]["params"]),
        flops=float(told["model_info"]["macs"]),
    )


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
