"""The supernet beside a plain one, interleaved in one process; ratios are printed and kept.

To reach on two CPU cores, batch 64, 32x32, width 16: a DARTS search step at least 2 times as fast
as the plain supernet's (aim 3), one-hot weights at least 2 times as fast as mixed ones, at most 0.6
of its memory, the images below 5 % of a step, recording and checkpoints below 3 % of a search.
`NASHARNESS_BENCH_CELLS=1` leaves out the five cells per stage, which take minutes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from plain_supernet import PlainSupernet
from pytest_benchmark.fixture import BenchmarkFixture
from torch.nn.functional import cross_entropy, one_hot
from torch.nn.utils import clip_grad_norm_
from torch.utils._python_dispatch import TorchDispatchMode

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.nb201.shared_weights import CellSupernet

ROUNDS = 5
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


def interleaved(*functions: Callable[[], Any]) -> list[float]:
    """Median seconds of each; every round runs all of them, so that they share its weather."""
    taken: list[list[float]] = [[] for _ in functions]
    for function in functions:
        function()
    for _ in range(ROUNDS):
        for seconds, function in zip(taken, functions, strict=True):
            started = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - started)
    return list(map(statistics.median, taken))


def tell(benchmark: BenchmarkFixture, **facts: float) -> None:
    benchmark.extra_info.update(facts)
    print("  ".join(f"{name} {value:.3g}" for name, value in facts.items()))


class Searching:
    """A DARTS search step: the architecture's gradient, then one step of the weights."""

    def __init__(self, network: torch.nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> None:
        self.network, self.batch = network, batch
        self.alpha = torch.zeros(6, 5, requires_grad=True)
        self.parameters = list(network.parameters())
        self.adam = torch.optim.Adam([self.alpha], lr=3e-4, betas=(0.5, 0.999))
        self.sgd = torch.optim.SGD(
            self.parameters, lr=0.025, momentum=0.9, weight_decay=3e-4, fused=True
        )

    def loss(self, weights: torch.Tensor) -> torch.Tensor:
        return cross_entropy(self.network(self.batch[0], weights), self.batch[1])

    def fit(self, weights: torch.Tensor) -> None:
        self.sgd.zero_grad()
        self.loss(weights).backward()
        clip_grad_norm_(self.parameters, 5.0)
        self.sgd.step()


class Plain(Searching):
    """As published code does it: every backward pass computes every gradient."""

    def __call__(self) -> None:
        self.adam.zero_grad()
        self.loss(self.alpha.softmax(-1)).backward()
        self.adam.step()
        self.fit(self.alpha.softmax(-1))


class Ours(Searching):
    def __call__(self) -> None:
        self.adam.zero_grad()
        with self.network.frozen():  # type: ignore[operator]
            loss = self.loss(self.alpha.softmax(-1))
        loss.backward()
        self.adam.step()
        self.fit(self.alpha.softmax(-1).detach())


def supernet(cells: int) -> CellSupernet:
    return CellSupernet(NetworkShape(classes=10, width=WIDTH, cells=cells))


@pytest.mark.parametrize("cells", CELLS)
def test_search_step(
    benchmark: BenchmarkFixture, batch: tuple[torch.Tensor, torch.Tensor], cells: int
) -> None:
    plain = Plain(PlainSupernet(width=WIDTH, cells=cells), batch)
    ours = Ours(supernet(cells), batch)
    theirs, own = interleaved(plain, ours)
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
from test_supernet import BATCH, WIDTH, PlainSupernet, supernet
torch.set_num_threads(2)
cells = int(sys.argv[3])
network = PlainSupernet(width=WIDTH, cells=cells) if sys.argv[2] == "plain" else supernet(cells)
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

    plain, ours = megabytes("plain"), megabytes("ours")
    tell(benchmark, plain_mb=plain, ours_mb=ours, share=ours / plain)
    benchmark.pedantic(lambda: None, rounds=1)


class Counting(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.counts[func.overloadpacket._qualified_op_name] += 1
        return func(*args, **(kwargs or {}))


VIEWS = {
    f"aten::{name}"
    for name in (
        "permute", "view", "detach", "select", "split", "split_with_sizes", "unsqueeze", "squeeze",
        "expand", "t", "transpose", "_unsafe_view", "slice", "unbind", "alias",
    )
}  # fmt: skip


def test_operations_of_a_mixed_pass(benchmark: BenchmarkFixture) -> None:
    """Dispatched operations, forward and backward, 16 channels and 5 cells; without views too."""
    facts = {}
    for name, network in (("plain", PlainSupernet()), ("ours", supernet(5))):
        weights = torch.full((6, 5), 0.2, requires_grad=True)
        with Counting() as mode:
            cross_entropy(
                network(torch.randn(2, 3, 32, 32), weights), torch.tensor([1, 2])
            ).backward()
        views = sum(count for op, count in mode.counts.items() if op in VIEWS)
        total = sum(mode.counts.values())
        facts |= {f"{name}_operations": total, f"{name}_launches": total - views}
        facts[f"{name}_waits"] = mode.counts["aten::_local_scalar_dense"]
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
