"""What a search in as many cells as the evaluated network costs: EDAS' 20 beside DARTS' 8.

EDAS' abstract says that it searches a network as deep as the final one. Time is the median step of
both methods as they are run, interleaved in one process; memory how far the peak of a process of
its own rises in the first two steps above what it held before. `NASHARNESS_BENCH_BATCH` is the
batch, 64 as published.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from searching import interleaved, tell

from nasbench_harness import registry
from nasbench_harness.images.parts import ImageDataset, Images
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.spaces.darts import open_darts

BATCH = int(os.environ.get("NASHARNESS_BENCH_BATCH", "64"))
SEARCHES = {
    "darts_8_cells": ("darts", 8, {}),
    "darts_20_cells": ("darts", 20, {}),
    "edas_20_cells": ("edas", 20, {"excluded": ["none"], "relaxed_per": "cell"}),
}
STEPS = 1000


def noise() -> ImageDataset:
    """As many 32x32 images as two halves of a few batches need."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (4 * BATCH, 3, 32, 32), generator=generator, dtype=torch.uint8)
    return ImageDataset(
        name="noise", train=Images(pixels, torch.arange(4 * BATCH) % 10), valid=None, test=None,
        classes=tuple("abcdefghij"), mean=(0.5,) * 3, std=(0.25,) * 3, padding=4, flip=True,
        digest="noise", table_dataset=None,
    )  # fmt: skip


def searching(name: str) -> Callable[[], None]:
    """A step of the search, width 16."""
    method, cells, settings = SEARCHES[name]
    chosen = {"width": 16, "cells": cells, "batch_size": BATCH, "split": "halves"}
    problem = WeightSharing(
        open_darts(), noise(), NetworkSettings.build("network", chosen),
        steps=STEPS, epochs=STEPS // 2, seed=0, device="cpu",
    )  # fmt: skip
    kind = registry.methods.load(method)
    searcher = kind(problem, kind.Settings.build(method, settings), 0)

    def step() -> None:
        problem.advance()
        searcher.step()

    return step


def peak() -> float:
    """MB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def held() -> float:
    """MB that it holds now (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def risen(name: str) -> float:
    """MB that the peak of two steps lies above what was held before them."""
    step = searching(name)
    before = held()
    step()
    step()
    return peak() - before


def alone(name: str) -> str:
    """What `risen` says in a process of its own."""
    words = [sys.executable, __file__, name]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("other", ["darts_20_cells", "edas_20_cells"])
def test_depth(benchmark: BenchmarkFixture, other: str) -> None:
    names = ("darts_8_cells", other)
    seconds = interleaved(*map(searching, names))
    memory = [float(alone(name)) for name in names]
    tell(
        benchmark,
        darts_8_cells_s=seconds[0],
        other_s=seconds[1],
        times_the_time=seconds[1] / seconds[0],
        darts_8_cells_mb=memory[0],
        other_mb=memory[1],
        times_the_memory=memory[1] / memory[0],
    )
    benchmark.pedantic(lambda: None, rounds=1)


if __name__ == "__main__":
    print(risen(sys.argv[1]))
