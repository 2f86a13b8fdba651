"""An archive as Accel-NASBench publishes it, of made-up measurements."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

from nasbench_harness.spaces.mnasnet.space import BLOCKS, PARTS, MnasNet

NETWORKS = 1500


def made_up_archive(file: Path, networks: int = NETWORKS, *, uneven: bool = False) -> None:
    """Accuracies of main effects and some noise; `uneven`: counts that are no sums over blocks."""
    draw = np.random.default_rng(0)
    space = MnasNet()
    counts = [len(decision.options) for decision in space.decisions]
    worth = [draw.normal(size=count) for count in counts]
    choices = [[int(draw.integers(count)) for count in counts] for _ in range(networks)]
    choices[-1] = choices[0]  # measured twice
    with tarfile.open(file, "w:gz") as archive:
        for number, cell in enumerate(choices):
            mean = 60 + sum(row[option] for row, option in zip(worth, cell, strict=True))
            told = _told(space, cell, mean + 0.1 * draw.normal(), extra=number if uneven else 0)
            if number == 1:
                told["platform_perf"]["latency_zcu102"]["latency_mean"] = None
            _add(archive, f"./anb_dataset_jsons/result_{number}.json", told)


def _told(space: MnasNet, cell: list[int], top1: float, extra: int) -> dict[str, Any]:
    words = space.options(cell)
    names = [f"block{block}_{part}" for block in range(BLOCKS) for part in PARTS]
    sizes = [1000 * (place + 1) ** 2 * (option + 1) for place, option in enumerate(cell)]
    return {
        "architecture": {
            name: word == "se1" if name.endswith("se") else int(word[-1])
            for name, word in zip(names, words, strict=True)
        },
        "metrics": {"val_top1": top1, "val_top5": top1 + 20, "train_time": 1000.0},
        "model_info": {"macs": (100 * sum(sizes) + extra) / 1e6, "params": sum(sizes) / 1e6},
        "platform_perf": {
            "latency_zcu102": {"latency_mean": sum(sizes) / 1e6, "latency_std": None},
            "latency_vck190": {"latency_mean": sum(sizes) / 2e6, "latency_std": None},
            "throughput_a100": {"throughput_mean": 7000.0, "throughput_std": 7.5},
        },
    }


def _add(archive: tarfile.TarFile, name: str, told: dict[str, Any]) -> None:
    content = json.dumps(told).encode()
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))
