"""What benchmarks of supernets share: interleaved medians, a search step, counted operations."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from torch.utils._python_dispatch import TorchDispatchMode

ROUNDS = 5


def interleaved(
    *functions: Callable[[], Any],
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Median seconds of each; every round runs all of them, so that they share its weather."""
    taken: list[list[float]] = [[] for _ in functions]
    for function in functions:
        function()
    for _ in range(rounds):
        for seconds, function in zip(taken, functions, strict=True):
            started = clock()
            function()
            seconds.append(clock() - started)
    return list(map(statistics.median, taken))


def tell(benchmark: BenchmarkFixture, **facts: float) -> None:
    benchmark.extra_info.update(facts)
    print("  ".join(f"{name} {value:.3g}" for name, value in facts.items()))


class Searching:
    """A DARTS search step: the architecture's gradient, then one step of the weights."""

    def __init__(
        self,
        network: torch.nn.Module,
        batch: tuple[torch.Tensor, torch.Tensor],
        shape: tuple[int, int] = (6, 5),
    ) -> None:
        """`shape` is that of the architecture's parameters."""
        self.network, self.batch = network, batch
        self.alpha = torch.zeros(shape, requires_grad=True)
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


def operations(network: torch.nn.Module, shape: tuple[int, int]) -> tuple[int, int, int]:
    """Dispatched operations of a mixed pass and its way back, those that are no views, and waits.

    `shape` is that of the weights.
    """
    weights = torch.full(shape, 1 / shape[1], requires_grad=True)
    with Counting() as mode:
        cross_entropy(network(torch.randn(2, 3, 32, 32), weights), torch.tensor([1, 2])).backward()
    views = sum(count for op, count in mode.counts.items() if op in VIEWS)
    total = sum(mode.counts.values())
    return total, total - views, mode.counts["aten::_local_scalar_dense"]
