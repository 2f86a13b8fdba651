"""Seconds of a search step for each seed, alone and in one wide network; interleaved medians.

Whole steps of real jobs, with batches, augmentation and both updates, on `digits`, one cell a
stage: of DARTS, and of methods that choose what they run. `NASHARNESS_BENCH_DEVICE=cuda` measures
on another device. To reach at 8 seeds: at most a fifth of DARTS' dispatched operations for each
(the network's own; batches are drawn seed by seed).
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from searching import Counting, interleaved, tell

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.cohort import joined
from nasbench_harness.jobs.job import Job, open_job
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

SEEDS = 8
STEPS = 4
"""In a round, of every seed."""
COUNTED = 16
"""Steps whose operations are counted: what is drawn decides how many there are."""
WITHOUT_WARM_UP = {"edas": "[warmup_fraction=0]", "unas": "[warmup_epochs=0]"}
"""Steps that update alpha."""
HARDWARE = Hardware(os.environ.get("NASHARNESS_BENCH_DEVICE", "cpu"))


def jobs(method: str, width: int, places: int | None, seeds: int) -> list[Job]:
    asked = {
        "methods": method, "search": "supernet", "dataset": "digits", "recipe": "quick",
        "table": "none", "seeds": str(seeds), "epochs": 100, "random": False, "cohort": places,
        "network": {"width": width, "cells": 1, "batch_size": 64},
    }  # fmt: skip
    return [open_job(spec, HARDWARE) for spec in plan(build_config(None, asked, []))]


def waits(step: Callable[[], object]) -> Callable[[], None]:
    """A round: the steps, and what a device has still to do of them."""

    def stepped() -> None:
        for _ in range(STEPS):
            step()
        if torch.cuda.is_available():
            torch.cuda.synchronize()

    return stepped


def dispatched(step: Callable[[], object]) -> int:
    """Operations of a step, the optimisers' and the batches' among them."""
    with Counting() as mode:
        step()
    return sum(mode.counts.values())


@pytest.mark.parametrize("width", [2, 4, 8, 16])
@pytest.mark.parametrize("method", ["darts", "edas", "gdas", "unas"])
def test_seconds_of_a_seed(benchmark: BenchmarkFixture, method: str, width: int) -> None:
    asked = f"{method}{WITHOUT_WARM_UP.get(method, '')}"
    (alone,) = jobs(asked, width, None, 1)
    four, eight = (joined(jobs(asked, width, places, places)) for places in (4, SEEDS))
    steps = [alone.advance, four.advance, eight.advance]
    seconds = interleaved(*map(waits, steps))
    of_1, of_4, of_8 = (s / STEPS / n for s, n in zip(seconds, (1, 4, SEEDS), strict=True))
    ops_1, ops_8 = (
        sum(dispatched(step) for _ in range(COUNTED)) / COUNTED / seeds
        for step, seeds in ((alone.advance, 1), (eight.advance, SEEDS))
    )
    tell(
        benchmark, method=method, width=width, alone_s=of_1, of_4_s=of_4, of_8_s=of_8,
        times_as_fast_4=of_1 / of_4, times_as_fast_8=of_1 / of_8,
        operations_alone=ops_1, operations_8=ops_8, operations_fewer=ops_1 / ops_8,
    )  # fmt: skip
    benchmark.pedantic(eight.advance, rounds=1)
