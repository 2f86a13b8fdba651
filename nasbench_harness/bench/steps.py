"""What steps take: of a method's search, and of the mixed pass that most of them are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nasbench_harness.bench.asked import BenchRequest
from nasbench_harness.bench.plainly import plain_step
from nasbench_harness.bench.refusal import NotMeasurableError
from nasbench_harness.bench.searches import (
    arithmetic_of,
    check_modes,
    opened,
    planned,
    problem_of,
)
from nasbench_harness.bench.timing import medians, warm_up
from nasbench_harness.hardware import peak_memory_mb, reset_peak_memory
from nasbench_harness.jobs.search import SearchJob
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing


def search_step(
    asked: BenchRequest, *, method: str, arithmetic: str, compile_mode: str
) -> dict[str, Any]:
    """A complete step of a method after its warm-up, images drawn included."""
    job = _opened(asked, method, arithmetic, compile_mode)
    return _told(asked, job, job.advance, arithmetic)


def mixed_pass(asked: BenchRequest, *, arithmetic: str, compile_mode: str) -> dict[str, Any]:
    """A step in the first order on one batch, of no method: both passes mix all operations."""
    job = _opened(asked, first_able(asked), arithmetic, compile_mode)
    problem = problem_of(job)
    problem.advance()
    return _told(asked, job, mixed_step(problem), arithmetic)


def mixed_step(problem: WeightSharing) -> Callable[[], None]:
    """The architecture's gradient on the one batch, a step of the weights on the other."""
    mask = problem.space.mask.to(problem.device)
    point = (mask / mask.sum(dim=-1, keepdim=True)).to(problem.dtype).requires_grad_()

    def step() -> None:
        point.grad = None
        problem.losses(point, "valid").mean().backward()  # type: ignore[no-untyped-call]
        problem.fit(point.detach())

    return step


def _opened(asked: BenchRequest, method: str, arithmetic: str, compile_mode: str) -> SearchJob:
    check_modes(asked, arithmetic, compile_mode)
    spec = planned(asked, method, warm=True, arithmetic=arithmetic)
    return opened(asked, spec, compile_mode=compile_mode)


def first_able(asked: BenchRequest) -> str:
    """The first method whose search of a supernet can be planned: its network is measured."""
    why = "there is no method"
    for method in asked.methods:
        try:
            planned(asked, method, warm=True)
        except NotMeasurableError as error:
            why = str(error)
            continue
        return method
    raise NotMeasurableError(f"none of the methods trains a network of this space ({why})")


def _told(
    asked: BenchRequest, job: SearchJob, step: Callable[[], Any], arithmetic: str
) -> dict[str, Any]:
    problem = problem_of(job)
    device = problem.device
    with arithmetic_of(arithmetic):
        reset_peak_memory(device)
        first = warm_up(step, device)
        peak = peak_memory_mb(device)
        plain = plain_step(problem)
        acts: dict[str, Callable[[], Any]] = {"ours": step}
        if plain is not None:
            warm_up(plain, device)
            acts["plain"] = plain
        taken = medians(acts, device, tiny=asked.tiny)
    problem.check()
    settings = problem.settings
    found: dict[str, Any] = {
        "step_ms": 1000 * taken["ours"], "first_step_s": first, "peak_mb": peak,
        "width": settings.width, "cells": settings.cells, "batch_size": settings.batch_size,
    }  # fmt: skip
    if "plain" in taken:
        found |= {
            "plain_ms": 1000 * taken["plain"], "times_as_fast": taken["plain"] / taken["ours"]
        }  # fmt: skip
    return found
