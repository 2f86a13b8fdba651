"""Streamed images beside torchvision's `ImageFolder` with a `DataLoader`, interleaved; ratios.

The same crops at 224 pixels, mirror and normalisation, batches of 64, with 0, 1 and 2 processes.
To reach: at least 0.9 of its images a second, and a fifth of its memory for each process.
`NASHARNESS_BENCH_IMAGES` names a folder with train/<class>/ of a whole data set; without it one of
512 photographs of 500x375 pixels in 16 classes is made up.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pytest_benchmark.fixture import BenchmarkFixture

from nasbench_harness.images.augment import Augment
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.streamed import MEAN, STD
from nasbench_harness.images.streaming import StreamedBatches

BATCH, BATCHES, ROUNDS = 64, 4, 5
SIDE = 224


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if given := os.environ.get("NASHARNESS_BENCH_IMAGES"):
        return Path(given)
    root, chance = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    y, x = np.mgrid[0:375, 0:500]
    for number in range(512):
        place = root / "train" / f"class{number % 16:02}"
        place.mkdir(parents=True, exist_ok=True)
        wave = 127 + 100 * np.sin(x / chance.uniform(10, 90)) * np.cos(y / chance.uniform(10, 90))
        pixels = (wave[:, :, None] + chance.normal(0, 14, (375, 500, 3))).clip(0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(place / f"{number}.jpg", quality=90)
    return root


def peak(process: int | str) -> float:
    """Megabytes of memory, of which no other process has the same, at most so far."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    own = [line.split() for line in rollup.splitlines() if line.startswith("Private")]
    return sum(int(words[1]) for words in own) / 1000


class Ours:
    def __init__(self, folder: Path, workers: int) -> None:
        started = time.perf_counter()
        dataset = open_dataset(f"folder:{folder}", image_size=SIDE, stream=True, workers=workers)
        self.opened = time.perf_counter() - started
        augment = Augment(dataset, device="cpu")
        self.batches = StreamedBatches(dataset.train, BATCH, seed=0, augment=augment)
        self.batches.next()
        self.first = time.perf_counter() - started

    def next(self) -> Any:
        return self.batches.next()

    @property
    def processes(self) -> list[int]:
        return [one.popen.pid for one in self.batches.images.decoders._processes]


class Plain:
    """As training scripts do it."""

    def __init__(self, folder: Path, workers: int) -> None:
        from torchvision import transforms as t
        from torchvision.datasets import ImageFolder

        started = time.perf_counter()
        steps = [t.RandomResizedCrop(SIDE), t.RandomHorizontalFlip(), t.ToTensor()]
        dataset = ImageFolder(folder / "train", t.Compose([*steps, t.Normalize(MEAN, STD)]))
        self.opened = time.perf_counter() - started
        self.loader = torch.utils.data.DataLoader(
            dataset, BATCH, shuffle=True, num_workers=workers, drop_last=True,
            persistent_workers=workers > 0,
        )  # fmt: skip
        self.batches = self._for_ever()
        next(self.batches)
        self.first = time.perf_counter() - started

    def _for_ever(self) -> Iterator[Any]:
        while True:
            self.iterator = iter(self.loader)
            yield from self.iterator

    def next(self) -> Any:
        return next(self.batches)

    @property
    def processes(self) -> list[int]:
        return [one.pid for one in getattr(self.iterator, "_workers", [])]


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_images_a_second(benchmark: BenchmarkFixture, folder: Path, workers: int) -> None:
    both = {"plain": Plain(folder, workers)}
    both["ours"] = Ours(folder, workers)  # type: ignore[assignment]
    taken: dict[str, list[float]] = {name: [] for name in both}
    for _ in range(ROUNDS):
        for name, one in both.items():
            # What the other's processes decoded ahead meanwhile is taken first, and not timed.
            for _ in range(2 + 2 * workers):
                one.next()
            started = time.perf_counter()
            for _ in range(BATCHES):
                one.next()
            taken[name].append(time.perf_counter() - started)
    facts = {}
    for name, one in both.items():
        facts[f"{name}_images_a_second"] = BATCH * BATCHES / statistics.median(taken[name])
        facts[f"{name}_opened_s"], facts[f"{name}_first_s"] = one.opened, one.first
        if workers and Path("/proc/self/smaps_rollup").exists():
            facts[f"{name}_mb_a_process"] = max(map(peak, one.processes))
    pairs = zip(taken["plain"], taken["ours"], strict=True)
    facts["times_as_fast"] = statistics.median(plain / ours for plain, ours in pairs)
    benchmark.extra_info.update(facts)
    print("  ".join(f"{name} {value:.3g}" for name, value in facts.items()))
    benchmark.pedantic(lambda: None, rounds=1)
