"""Does a device compute what the CPU does: passes of the supernet, and each method's steps."""

from __future__ import annotations

import contextlib
import copy
import io
import math
import sys
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nasbench_harness.bench.asked import FULL, BenchRequest
from nasbench_harness.bench.searches import SMALL, arithmetic_of, opened, planned, problem_of
from nasbench_harness.bench.steps import first_able
from nasbench_harness.contracts import Supernet
from nasbench_harness.errors import HarnessError
from nasbench_harness.jobs.search import SearchJob

TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-3}
"""Largest difference to the CPU that passes, as a share of the largest number: our decision."""
STEPS = 2
_WAITED = "called a synchronizing"
"""What torch warns of where a step waits."""


class CheckFailedError(HarnessError):
    """A device that does not compute what it should."""


# --- passes ------------------------------------------------------------------------------------


def network_passes(asked: BenchRequest) -> dict[str, Any]:
    """Logits and all gradients of a small supernet, mixed and of single operations."""
    spec = planned(asked, first_able(asked), much=SMALL)
    problem = problem_of(opened(asked, spec, much=SMALL))
    problem.advance()
    images, labels = (part.cpu() for part in problem.batch("train"))
    found = {}
    for dtype, tolerance in TOLERANCES.items():
        network = copy.deepcopy(problem.supernet).cpu().to(dtype)
        for name, (weights, active) in _points(problem.space.mask, dtype).items():
            batch, told = (images.to(dtype), labels), f"{name}_{str(dtype).rpartition('.')[2]}"
            with arithmetic_of(FULL):
                here = _gradients(copy.deepcopy(network), batch, weights, active, "cpu")
                there = _gradients(copy.deepcopy(network), batch, weights, active, asked.device)
            found[told] = largest_difference(here, there)
            if not found[told] <= tolerance:
                raise CheckFailedError(
                    f"the pass {told} differs from the CPU's by {found[told]:.2g} of its largest"
                    f" number, more than {tolerance:g}"
                )
    return found


def _points(mask: Tensor, dtype: torch.dtype) -> Mapping[str, tuple[Tensor, Tensor | None]]:
    """All options mixed, and one of each decision alone."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.rand(mask.shape, generator=generator, dtype=torch.float64).masked_fill(~mask, 0.0)
    chosen = drawn == drawn.amax(dim=-1, keepdim=True)
    mixed = (drawn / drawn.sum(dim=-1, keepdim=True)).to(dtype)
    return {"mixed": (mixed, None), "chosen": (chosen.to(dtype), chosen)}


def _gradients(
    network: nn.Module, batch: tuple[Tensor, Tensor], weights: Tensor, active: Tensor | None,
    device: str,
) -> list[Tensor]:  # fmt: skip
    """Logits, and the gradients of the loss in mixing weights and parameters, on the host."""
    images, labels = (part.to(device) for part in batch)
    point = weights.detach().to(device).requires_grad_()
    network = network.to(device)
    logits = cast("Supernet", network)(images, point, active)
    cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
    gradients = [one.grad for one in (point, *network.parameters()) if one.grad is not None]
    return [one.detach().cpu() for one in (logits, *gradients)]


def largest_difference(some: list[Tensor], others: list[Tensor]) -> float:
    """Of numbers at the same place, as a share of the largest number of their tensor.

    Of tensors that are next to nothing beside the others, of a thousandth of the largest of all.
    """
    if len(some) != len(others):
        return math.inf
    pairs = [pair for pair in zip(some, others, strict=True) if pair[0].numel()]
    largest = [float(one.abs().max()) for one, _ in pairs]
    least = max(max(largest) / 1000, sys.float_info.min)
    shares = [
        float((one - other).abs().max()) / max(size, least)
        for size, (one, other) in zip(largest, pairs, strict=True)
    ]
    return math.nan if any(map(math.isnan, shares)) else max(shares)


# --- searches ----------------------------------------------------------------------------------


def search(asked: BenchRequest, *, method: str) -> dict[str, Any]:
    """Steps of a method that end as they do after a checkpoint, and how often one waits.

    `waits` are those of a step for the device, which keep it idle; None where nobody tells.
    """
    spec = planned(asked, method, warm=True, much=SMALL)
    kept = io.BytesIO()
    job, again = (opened(asked, spec, much=SMALL) for _ in range(2))
    with arithmetic_of(FULL), _repeatable():
        _advance(job)
        torch.save(job.state_dict(), kept)
        _advance(job)
        kept.seek(0)
        again.load_state_dict(torch.load(kept, map_location="cpu", weights_only=True))
        _advance(again)
        differs = largest_difference(_numbers(job), _numbers(again))
        if not differs <= TOLERANCES[torch.float32]:
            raise CheckFailedError(
                f"steps after a checkpoint differ from those without one by {differs:.2g} of the"
                " largest number"
            )
        problem_of(job).check()
        return {"resumed_difference": differs, "waits": waits(job)}


@contextlib.contextmanager
def _repeatable() -> Iterator[None]:
    """Within it steps are the same at every run, as far as their operations have such a form."""
    benchmark = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.benchmark = benchmark


def _advance(job: SearchJob) -> None:
    for _ in range(STEPS):
        job.advance()


def _numbers(job: SearchJob) -> list[Tensor]:
    """What a search has found out: preferences, and weights of the network."""
    preferences = job.run.searcher.scores().detach().cpu()
    weights = [one.detach().cpu() for one in problem_of(job).supernet.parameters()]
    return [preferences, *weights]


def waits(job: SearchJob) -> int | None:
    """How often the next step waits for the device; None where it is no CUDA device."""
    if problem_of(job).device.type != "cuda":
        return None
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            job.advance()
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return sum(_WAITED in str(one.message) for one in told)
