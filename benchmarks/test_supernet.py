"""The supernet beside a plain one, interleaved in one process; ratios are printed and kept.

To reach on two CPU cores, batch 64, 32x32, width 16: a DARTS search step at least 2 times as fast
as the plain supernet's (aim 3), one-hot weights at least 2 times as fast as mixed ones, at most 0.6
of its memory, the images below 5 % of a step, recording and checkpoints below 3 % of a search.
`NASHARNESS_BENCH_CELLS=1` leaves out the five cells per stage, which take minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from searching import Ours, Plain, interleaved, operations, tell
from torch.nn.functional import one_hot

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.nb201.plain import PerEdgeSupernet
from nasbench_harness.spaces.nb201.shared_weights import CellSupernet

WIDTH, BATCH = 16, 64
CELLS = [int(n) for n in os.environ.get("NASHARNESS_BENCH_CELLS", "1,5").split(",")]


@pytest.fixture(autouse=True)
def _two_cores() -> Any:
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(BATCH, 3, 32, 32), torch.randint(10, (BATCH,))


def supernet(cells: int) -> CellSupernet:
    return CellSupernet(NetworkShape(classes=10, width=WIDTH, cells=cells))


def plain(cells: int) -> PerEdgeSupernet:
    return PerEdgeSupernet(NetworkShape(classes=10, width=WIDTH, cells=cells))


@pytest.mark.parametrize("cells", CELLS)
def test_search_step(
    benchmark: BenchmarkFixture, batch: tuple[torch.Tensor, torch.Tensor], cells: int
) -> None:
    ours = Ours(supernet(cells), batch)
    theirs, own = interleaved(Plain(plain(cells), batch), ours)
    tell(benchmark, plain_s=theirs, ours_s=own, times_as_fast=theirs / own)
    benchmark.pedantic(ours, rounds=1)


@pytest.mark.parametrize("cells", CELLS)
def test_one_hot_weights(
    benchmark: BenchmarkFixture, batch: tuple[torch.Tensor, torch.Tensor], cells: int
) -> None:
    """A step of the weights: mixed against one operation an edge, drawn anew each time."""
    ours = Ours(supernet(cells), batch)
    generator = torch.Generator().manual_seed(0)

    def sampled() -> None:
        choices = torch.randint(5, (6,), generator=generator)
        ours.fit(one_hot(choices, 5).float())

    mixed, discrete = interleaved(lambda: ours.fit(torch.full((6, 5), 0.2)), sampled)
    tell(benchmark, mixed_s=mixed, one_hot_s=discrete, times_as_fast=mixed / discrete)
    benchmark.pedantic(sampled, rounds=1)


MEMORY = """
import sys, torch
from pathlib import Path
from torch.nn.functional import cross_entropy
sys.path.insert(0, sys.argv[1])
from test_supernet import BATCH, plain, supernet
torch.set_num_threads(2)
cells = int(sys.argv[3])
network = plain(cells) if sys.argv[2] == "plain" else supernet(cells)
images, labels = torch.randn(BATCH, 3, 32, 32), torch.randint(10, (BATCH,))
weights = torch.full((6, 5), 0.2, requires_grad=True)
cross_entropy(network(images[:2], weights), labels[:2]).backward()
def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1000
before = peak()
cross_entropy(network(images, weights), labels).backward()
print(peak() - before)
"""


@pytest.mark.parametrize("cells", CELLS)
def test_memory_of_a_mixed_step(benchmark: BenchmarkFixture, cells: int) -> None:
    """Megabytes that a forward and backward pass adds to a process of its own."""
    here = str(Path(__file__).parent)

    def megabytes(which: str) -> float:
        command = [sys.executable, "-c", MEMORY, here, which, str(cells)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(done.stdout)

    theirs, own = megabytes("plain"), megabytes("ours")
    tell(benchmark, plain_mb=theirs, ours_mb=own, share=own / theirs)
    benchmark.pedantic(lambda: None, rounds=1)


def test_operations_of_a_mixed_pass(benchmark: BenchmarkFixture) -> None:
    """Dispatched operations, forward and backward, 16 channels and 5 cells; without views too."""
    facts = {}
    for name, network in (("plain", plain(5)), ("ours", supernet(5))):
        total, launches, waits = operations(network, (6, 5))
        facts |= {f"{name}_operations": total, f"{name}_launches": launches}
        facts[f"{name}_waits"] = waits
    tell(benchmark, **facts)
    benchmark.pedantic(lambda: None, rounds=1)


def test_share_of_the_images(benchmark: BenchmarkFixture) -> None:
    """Drawing and augmenting both batches of a step, against the whole step; one core."""
    from nasbench_harness.images.parts import ImageDataset, Images, digest
    from nasbench_harness.problems.supernet.network_settings import NetworkSettings
    from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

    torch.set_num_threads(1)
    pixels = torch.randint(256, (2000, 3, 32, 32), dtype=torch.uint8)
    images = Images(pixels, torch.arange(2000) % 10)
    classes = tuple("abcdefghij")
    dataset = ImageDataset(
        "noise", images, None, None, classes, (0.5,) * 3, (0.25,) * 3, 4, True,
        digest([images], classes), None,
    )  # fmt: skip
    shares = {}
    for width, cells in ((16, 5), (8, 1)):
        if cells not in CELLS:
            continue
        settings = NetworkSettings(width=width, cells=cells)
        problem = WeightSharing(
            registry.open_space("nb201"), dataset, settings, steps=1000, epochs=100
        )
        method = registry.methods.load("darts")
        searcher = method(problem, method.Settings(), seed=0)
        drawing, step = interleaved(problem.advance, searcher.step)
        shares[f"share_{width}_{cells}"] = drawing / (drawing + step)
    tell(benchmark, **shares)
    benchmark.pedantic(lambda: None, rounds=1)


def test_overhead_of_a_trial(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """Recording and checkpoints of whole trials: all time beside steps and measuring accuracy."""
    from nasbench_harness.hardware import Hardware
    from nasbench_harness.jobs import driver
    from nasbench_harness.jobs.search import open_search
    from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
    from nasbench_harness.store.files import read_json
    from nasbench_harness.study.config import build_config
    from nasbench_harness.study.planning import plan

    measuring = 0.0

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            nonlocal measuring
            started = time.perf_counter()
            found = function(*args)
            measuring += time.perf_counter() - started
            return found

        return call

    values = {
        "methods": "darts", "search": "supernet", "dataset": "digits", "recipe": "quick",
        "table": "analog", "seeds": "0,", "random": False, "epochs": 5,
        "network": {"width": 16, "cells": 1},
    }  # fmt: skip
    (spec,) = plan(build_config(None, values, []))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WeightSharing, "accuracy", timed(WeightSharing.accuracy))
        search = open_search(spec, Hardware())
        patch.setattr(driver, "open_job", lambda *_: search)
        started = time.perf_counter()
        driver.run_job(spec, tmp_path)
        total = time.perf_counter() - started
    searching = read_json(tmp_path / "result.json")["search_seconds"]
    tell(
        benchmark,
        overhead=(total - searching - measuring) / total,
        accuracy=measuring / total,
        total_s=total,
    )
    benchmark.pedantic(lambda: None, rounds=1)
