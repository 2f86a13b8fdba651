"""A DrNAS search step of the harness beside its authors' code, where a checkout of it is given.

`NASHARNESS_DRNAS=/path/to/DrNAS` names it (see `authors_drnas`). To reach on a CPU: 2.9 times as
fast as their code, and twice as fast as the same with network and images in channels-last. All are
stepped in one process of its own by turns, with the environment that workers have.
`NASHARNESS_BENCH_CELLS=1` leaves out the five cells per stage, `NASHARNESS_BENCH_THREADS=1` what
two threads take, `NASHARNESS_BENCH_ROUNDS` says how many steps each makes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from authors_drnas import AuthorsStep, Batch, authors_network, missing, pairs
from pytest_benchmark.fixture import BenchmarkFixture
from searching import Plain, interleaved, tell
from torch.nn.functional import cross_entropy

from nasbench_harness import registry
from nasbench_harness.contracts import NetworkShape
from nasbench_harness.jobs.executors.local import ENVIRONMENT
from nasbench_harness.spaces.nb201.plain import PerEdgeSupernet
from nasbench_harness.spaces.nb201.shared_weights import CellSupernet

WIDTH, BATCH = 16, 64
CELLS, THREADS = (
    [int(n) for n in os.environ.get(f"NASHARNESS_BENCH_{name}", default).split(",")]
    for name, default in (("CELLS", "1,5"), ("THREADS", "1,2"))
)
ROUNDS = int(os.environ.get("NASHARNESS_BENCH_ROUNDS", "7"))

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))


def noise() -> Batch:
    return torch.randn(BATCH, 3, 32, 32), torch.randint(10, (BATCH,))


def shape(cells: int) -> NetworkShape:
    return NetworkShape(classes=10, width=WIDTH, cells=cells)


def test_both_compute_the_same() -> None:
    """Loss, the gradient of alpha and those of all weights, for the same weights and alpha.

    In float64: in float32 their gradients are some thousandths off themselves, as are ours.
    """
    torch.manual_seed(0)
    theirs = authors_network(WIDTH, 1, species="softmax").double()
    ours = CellSupernet(shape(1)).double()
    for their, own, rows in pairs(theirs, ours):
        own.data[rows].copy_(their.data)
    images, labels = noise()
    images, alpha = images.double(), torch.randn(6, 5).double()
    theirs._arch_parameters.data.copy_(alpha)
    alpha.requires_grad_()
    wanted = theirs._loss(images, labels)
    loss = cross_entropy(ours(images, alpha.softmax(-1)), labels)
    wanted.backward()
    loss.backward()
    assert off(loss, wanted) < 1e-9
    assert off(alpha.grad, theirs._arch_parameters.grad) < 1e-9
    same = 0
    for their, own, rows in pairs(theirs, ours):
        assert own.grad is not None
        assert off(own.grad[rows], their.grad) < 1e-9
        same += their.numel()
    assert same == sum(p.numel() for p in ours.parameters())


def off(found: Any, wanted: Any) -> float:
    """The length of the difference, of the length of what is wanted."""
    return float(((found - wanted).norm() / wanted.norm()).detach())


def harness_step(cells: int) -> Any:
    """What `nasharness run -m drnas --search supernet` does in a step, but for drawing images."""
    from nasbench_harness.images.parts import ImageDataset, Images, digest
    from nasbench_harness.problems.supernet.network_settings import NetworkSettings
    from nasbench_harness.problems.supernet.weight_sharing import WeightSharing

    pixels = torch.randint(256, (2000, 3, 32, 32), dtype=torch.uint8)
    images = Images(pixels, torch.arange(2000) % 10)
    classes = tuple("abcdefghij")
    dataset = ImageDataset(
        "noise", images, None, None, classes, (0.5,) * 3, (0.25,) * 3, 4, True,
        digest([images], classes), None,
    )  # fmt: skip
    settings = NetworkSettings(width=WIDTH, cells=cells, batch_size=BATCH)
    space = registry.open_space("nb201")
    problem = WeightSharing(space, dataset, settings, steps=1000, epochs=100)
    method = registry.methods.load("drnas")
    searcher = method(problem, method.Settings(), seed=0)
    problem.advance()
    return searcher.step


def measured(cells: int, threads: int) -> dict[str, float]:
    """Median seconds of a step: of the processor with one thread, else of the clock."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    train, valid = noise(), noise()
    steps = {
        "authors_s": AuthorsStep(authors_network(WIDTH, cells), train, valid),
        "channels_last_s": AuthorsStep(
            authors_network(WIDTH, cells), train, valid, channels_last=True
        ),
        "plain_s": Plain(PerEdgeSupernet(shape(cells)), train),
        "ours_s": harness_step(cells),
    }
    clock = time.process_time if threads == 1 else time.perf_counter
    found = interleaved(*steps.values(), rounds=ROUNDS, clock=clock)
    return dict(zip(steps, found, strict=True))


ALONE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from test_authors_drnas import measured
print(json.dumps(measured(int(sys.argv[2]), int(sys.argv[3]))))
"""


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("cells", CELLS)
def test_search_step(benchmark: BenchmarkFixture, cells: int, threads: int) -> None:
    command = [sys.executable, "-c", ALONE, str(Path(__file__).parent), str(cells), str(threads)]
    environment = os.environ | ENVIRONMENT
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    facts = json.loads(done.stdout.splitlines()[-1])
    ours = facts["ours_s"]
    tell(
        benchmark,
        **facts,
        authors_over_ours=facts["authors_s"] / ours,
        channels_last_over_ours=facts["channels_last_s"] / ours,
        plain_over_ours=facts["plain_s"] / ours,
    )
    benchmark.pedantic(lambda: None, rounds=1)
