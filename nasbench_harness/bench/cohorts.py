"""What a step takes of searches that differ in their seed only, stepped as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import torch

from nasbench_harness.bench.asked import BenchRequest
from nasbench_harness.bench.refusal import NotMeasurableError
from nasbench_harness.bench.searches import opened, planned, problem_of
from nasbench_harness.bench.timing import medians, warm_up
from nasbench_harness.hardware import peak_memory_mb, reset_peak_memory
from nasbench_harness.jobs.search import SearchJob
from nasbench_harness.study.spec import TrialSpec


def step(asked: BenchRequest, *, seeds: int) -> dict[str, Any]:
    """Of the first method whose searches can be stepped so."""
    spec = _first_to_join(asked, seeds)
    jobs = [opened(asked, spec, seed=seed) for seed in range(seeds)]
    device = problem_of(jobs[0]).device
    return {"method": spec.method, **joined_step(jobs, device, tiny=asked.tiny)}


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


def _first_to_join(asked: BenchRequest, seeds: int) -> TrialSpec:
    """Planned as so many, and where there is one only as one of those that could be more."""
    for method in asked.methods:
        with suppress(NotMeasurableError):
            several = planned(asked, method, warm=True, cohort=max(2, seeds))
            return several if seeds > 1 else planned(asked, method, warm=True)
    raise NotMeasurableError(
        "searches of these methods on networks of this space are not stepped as one"
    )
