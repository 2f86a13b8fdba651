"""What a step takes of searches that differ in their seed only, stepped as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from nasbench_harness.bench.asked import BenchRequest
from nasbench_harness.bench.refusal import NotMeasurableError
from nasbench_harness.bench.searches import opened, planned, problem_of
from nasbench_harness.bench.timing import medians, warm_up
from nasbench_harness.hardware import peak_memory_mb, reset_peak_memory
from nasbench_harness.jobs.search import SearchJob


def step(asked: BenchRequest, *, seeds: int) -> dict[str, Any]:
    """Of the first method whose searches can be stepped so."""
    method, first = _first_to_join(asked)
    others = [opened(asked, first.run.spec, seed=seed) for seed in range(1, seeds)]
    jobs = [first, *others]
    return {"method": method, **joined_step(jobs, problem_of(first).device, tiny=asked.tiny)}


def joined_step(
    jobs: Sequence[SearchJob], device: torch.device, *, tiny: bool
) -> dict[str, float | int]:
    """Of all of them, and of each its part; one is stepped by itself."""
    reset_peak_memory(device)
    advance: Callable[[], Any] = jobs[0].advance
    if len(jobs) > 1:
        advance = SearchJob.join(jobs).advance
    first = warm_up(advance, device)
    taken = medians({"step": advance}, device, tiny=tiny)["step"]
    return {
        "seeds": len(jobs),
        "step_ms": 1000 * taken,
        "seed_ms": 1000 * taken / len(jobs),
        "first_step_s": first,
        "peak_mb": peak_memory_mb(device),
    }


def _first_to_join(asked: BenchRequest) -> tuple[str, SearchJob]:
    for method in asked.methods:
        try:
            spec = planned(asked, method, warm=True)
        except NotMeasurableError:
            continue
        if (job := opened(asked, spec)).joins:
            return method, job
    raise NotMeasurableError(
        "searches of these methods on a supernet of this space are not stepped as one"
    )
