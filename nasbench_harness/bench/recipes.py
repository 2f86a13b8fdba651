"""What a whole published search takes, extrapolated from a few steps of its first epochs.

The search goes through the epochs of its recipe in their order, as many as its time allows, but for
most of a warm-up, so that stages are met; of each it makes the first steps and the last, as a
search does that is gone on with from a checkpoint. All other steps are taken to be as long as one
in between, and all epochs that were not reached as long as the last before them that was.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nasbench_harness.bench.asked import BenchRequest
from nasbench_harness.bench.searches import WHOLE, opened, planned, problem_of
from nasbench_harness.bench.timing import seconds as timed
from nasbench_harness.bench.timing import warm_up
from nasbench_harness.hardware import peak_memory_mb, reset_peak_memory
from nasbench_harness.jobs.search import SearchJob
from nasbench_harness.study.planning import WARMUP
from nasbench_harness.study.spec import TrialSpec

MOST_WARM = 3
"""Epochs of a warm-up that are gone through; the others are as these."""
MOST_RECORDED = 3
"""Epochs after which the search is also measured, as it is after every one."""


@dataclass
class _Seen:
    """Seconds of what was met so far."""

    epochs: dict[int, float] = field(default_factory=dict)
    """Of the steps of whole epochs, by their numbers."""
    recorded: list[float] = field(default_factory=list)


def whole_search(asked: BenchRequest, *, method: str, seconds: float) -> dict[str, Any]:
    """Hours of it on this device, the search of the recipe that is asked for."""
    _choose_kernels(asked, method)
    job = opened(asked, planned(asked, method, much=WHOLE), much=WHOLE)
    spec, device = job.run.spec, problem_of(job).device
    reset_peak_memory(device)
    seen, started = _Seen(), time.perf_counter()
    for epoch in _met(spec):
        if seen.epochs and time.perf_counter() - started >= seconds:
            break
        seen.epochs[epoch] = _epoch(job, epoch)
        if len(seen.recorded) < MOST_RECORDED:
            seen.recorded.append(timed(job.record, device))
    concluded = timed(lambda: job.run.problem.conclude(job.run.searcher.architecture()), device)
    stepping = _whole(seen.epochs, spec.epochs)
    recording = spec.epochs * sum(seen.recorded) / len(seen.recorded)
    return {
        "extrapolated": True,
        "whole_search_s": stepping + recording + concluded,
        "stepping_s": stepping,
        "recording_s": recording,
        "epochs": spec.epochs,
        "epochs_seen": len(seen.epochs),
        "epoch_steps": spec.epoch_steps,
        "recipe": asked.recipe,
        "images": spec.images,
        "peak_mb": peak_memory_mb(device),
    }


def _met(spec: TrialSpec) -> list[int]:
    """The epochs that are gone through while there is time."""
    return [one for one in range(spec.epochs) if not MOST_WARM <= one < spec.roles.get(WARMUP, 0)]


def _whole(epochs: Mapping[int, float], count: int) -> float:
    """Seconds of all; those that are not there are as the last before them."""
    last, total = 0.0, 0.0
    for epoch in range(count):
        last = epochs.get(epoch, last)
        total += last
    return total


def _choose_kernels(asked: BenchRequest, method: str) -> None:
    """By another search, so that the first steps of the timed one are a search's own."""
    job = opened(asked, planned(asked, method))
    warm_up(job.advance, problem_of(job).device)


def _epoch(job: SearchJob, epoch: int) -> float:
    """Seconds of its steps: the first, one in between for all others, and the last."""
    device, steps = problem_of(job).device, job.run.spec.epoch_steps
    _go_to(job, epoch * steps)
    first = timed(job.advance, device)
    if steps == 1:
        return first
    between = timed(job.advance, device) if steps > 2 else 0.0
    _go_to(job, (epoch + 1) * steps - 1)
    return first + (steps - 2) * between + timed(job.advance, device)


def _go_to(job: SearchJob, step: int) -> None:
    """Let its next step be the one of that number, from 0."""
    state = job.state_dict()
    if state["step"] == step:
        return
    # What a problem counts are the steps it drew batches for, the last of which it is in.
    job.load_state_dict({**state, "step": step, "problem": {**state["problem"], "step": step - 1}})
