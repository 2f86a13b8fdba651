"""The DARTS supernet beside a plain one, interleaved in one process; ratios are printed and kept.

To reach on two CPU cores, batch 64, 32x32, width 16, 8 cells: a DARTS search step at least 2 times
as fast as the plain supernet's, at most half of its operations, no wait for the device.
`NASHARNESS_BENCH_BATCH=16` needs a quarter of the time and of the plain one's 8 GB.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch
from plain_darts import PlainDARTS
from pytest_benchmark.fixture import BenchmarkFixture
from searching import Ours, Plain, interleaved, operations, tell
from torch.nn.functional import cross_entropy

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.darts import open_darts

BATCH = int(os.environ.get("NASHARNESS_BENCH_BATCH", "64"))
SIZE = (28, 8)
"""Of the architecture's parameters."""


@pytest.fixture(autouse=True)
def _two_cores() -> Iterator[None]:
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(BATCH, 3, 32, 32), torch.randint(10, (BATCH,))


def supernet(variant: str = "regular") -> torch.nn.Module:
    return open_darts(variant).supernet(NetworkShape(classes=10, width=16, cells=8))


def test_darts_search_step(
    benchmark: BenchmarkFixture, batch: tuple[torch.Tensor, torch.Tensor]
) -> None:
    """An alpha pass and a weights pass, against the authors' layout and channels-last maps."""
    nchw = Plain(PlainDARTS(), batch, SIZE)
    last = Plain(PlainDARTS(channels_last=True), batch, SIZE)
    ours = Ours(supernet(), batch, SIZE)
    theirs, changed, own = interleaved(nchw, last, ours)
    tell(
        benchmark,
        plain_s=theirs,
        channels_last_s=changed,
        ours_s=own,
        times_as_fast=theirs / own,
        times_as_fast_as_channels_last=changed / own,
    )
    benchmark.pedantic(ours, rounds=1)


def test_darts_cells_alone(
    benchmark: BenchmarkFixture, batch: tuple[torch.Tensor, torch.Tensor]
) -> None:
    """A step of the weights: mixed against one cell, drawn anew each time."""
    space, ours = open_darts(), Ours(supernet(), batch, SIZE)
    generator = torch.Generator().manual_seed(0)
    mixed, discrete = interleaved(
        lambda: ours.fit(torch.full(SIZE, 1 / SIZE[1])),
        lambda: ours.fit(space.weights(space.sample(generator))),
    )
    tell(benchmark, mixed_s=mixed, cell_s=discrete, times_as_fast=mixed / discrete)
    benchmark.pedantic(lambda: None, rounds=1)


def test_darts_kept_options(
    benchmark: BenchmarkFixture, batch: tuple[torch.Tensor, torch.Tensor]
) -> None:
    """A step of the weights with four of eight options an edge, drawn anew, as DrNAS drops them."""
    ours = Ours(supernet(), batch, SIZE)
    generator = torch.Generator().manual_seed(0)

    def kept() -> None:
        ours.sgd.zero_grad()
        active = torch.rand(SIZE, generator=generator).argsort(dim=1) < 4
        weights = active / 4
        cross_entropy(ours.network(batch[0], weights, active), batch[1]).backward()
        ours.sgd.step()

    every, some = interleaved(lambda: ours.fit(torch.full(SIZE, 1 / SIZE[1])), kept)
    tell(benchmark, all_s=every, four_s=some, times_as_fast=every / some)
    benchmark.pedantic(lambda: None, rounds=1)


def test_operations_of_a_darts_pass(benchmark: BenchmarkFixture) -> None:
    """Dispatched operations, forward and backward; without views too; waits for the device."""
    facts = {}
    for name, network in (("plain", PlainDARTS()), ("ours", supernet())):
        total, launches, waits = operations(network, SIZE)
        facts |= {f"{name}_operations": total, f"{name}_launches": launches}
        facts[f"{name}_waits"] = waits
    facts["share"] = facts["ours_operations"] / facts["plain_operations"]
    tell(benchmark, **facts)
    benchmark.pedantic(lambda: None, rounds=1)
