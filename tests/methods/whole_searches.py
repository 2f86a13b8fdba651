"""Whole searches on the pretended accelerator, from the plan to the result, in every small size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness import hardware
from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.cohort import run_cohort
from nasbench_harness.jobs.search import SearchJob
from nasbench_harness.store.files import read_json
from nasbench_harness.store.outcomes import RESULT, Status
from nasbench_harness.study.config import build_config, settled
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec
from nasbench_harness.testing.jobs import FEWEST, check_jobs
from tests.pretended import Pretending, pretended_device

Wait = tuple[str, str]
Allowed = Mapping[Wait, int]
"""How often a step may wait, by what for and where."""

GRADIENT: Wait = ("to the host", "shared/placed.py:backward")
"""Alpha is on the host, where architectures are drawn, and its gradient comes back."""

SMALL = {
    "search": "supernet", "dataset": "digits", "limit": 32, "epochs": 2, "seeds": "3,",
    "random": False,
}  # fmt: skip
"""Two epochs of two steps."""
NETWORK = {
    "width": 4, "cells": 1, "batch_size": 8, "split": "halves", "train_share": 0.5,
    "evaluated_images": 4, "augmentation": "random",
}  # fmt: skip


def planned(method: str, space: str = "nb201", **asked: Any) -> TrialSpec:
    """One small search."""
    network = {**NETWORK, **asked.pop("network", {})}
    given = {**SMALL, "methods": method, "space": space, "network": network, **asked}
    (spec,) = plan(settled(build_config(None, given, [])), Hardware("cpu"))
    return spec


def check_whole_search(
    spec: TrialSpec, allowed: Allowed, folder: Path, patch: pytest.MonkeyPatch
) -> None:
    """Does a search run on the accelerator, and wait in its steps where it may and no more.

    It ends with the architecture that it finds on the CPU, and the same after it was stopped,
    killed and gone on with from checkpoints. MixedDevicesError for what mixes host and device.
    """
    host, device = folder / "host", folder / "device"
    pretended_device()  # before the first way back of the process
    _run(spec, host)
    advance = SearchJob.advance
    worst: Counter[Wait] = Counter()
    with Pretending() as mode:

        def watched(job: SearchJob) -> bool:
            mode.waits.clear()
            recorded = advance(job)
            worst.update(mode.waits - worst)
            return recorded

        patch.setattr(SearchJob, "advance", watched)
        patch.setattr(hardware, "find_device", lambda _: mode.device)
        if spec.steps >= FEWEST:
            check_jobs([spec], device)
        else:
            _run(spec, device)
    assert _answer(spec, device) == _answer(spec, host)
    beyond = {wait: times for wait, times in worst.items() if times > allowed.get(wait, 0)}
    assert not beyond, beyond


def _run(spec: TrialSpec, folder: Path) -> None:
    (outcome,) = run_cohort([spec], folder, hardware=Hardware("cpu"))
    assert outcome.status == Status.DONE, outcome.error


def _answer(spec: TrialSpec, folder: Path) -> str:
    """What the search has ended with."""
    return str(read_json(folder / spec.trial_id / RESULT)["architecture"])
