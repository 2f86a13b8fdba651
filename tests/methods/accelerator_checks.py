"""Whole steps on a pretended accelerator: nothing mixes host and device, and few things wait."""

from __future__ import annotations

from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.problems.supernet.joint import JointSharing
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.spaces.nb201 import NB201
from tests.methods.test_on_supernet import CASES
from tests.methods.tiny_supernet import BATCH, tiny_images
from tests.pretended import Pretending

STEP_WAITS = {
    ("to the device", "shared/alignment.py:__call__"): "numbers of layers, a few bytes",
    ("to the device", "shared/alignment.py:_spread"): "numbers of layers, a few bytes",
    ("to the host", "methods/unas.py:only"): "what was drawn says what runs; not yet on the host",
    ("to the host", "methods/edas.py:relax"): "the same",
    ("to the host", "methods/edas.py:step"): "the same",
    ("to the device", "shared/sweeps.py:_order"): "the edges of a sweep, once a sweep",
    ("to the host", "shared/sweeps.py:next_edge"): "the same",
    ("to the device", "shared/chosen.py:fit"): "what the host drew, a few bytes",
    ("to the device", "shared/chosen.py:loss_at"): "the same",
    ("to the device", "supernet/weight_sharing.py:chosen_losses"): "the same, as a mask",
    ("to the host", "elsewhere"): "autograd brings the gradient of such a draw back to alpha",
}
"""Where a step within an epoch may wait, with the reason."""

NAMES = (
    "darts", "drnas", "pcdarts", "sdarts", "fairdarts", "betadarts", "dartsminus", "oles",
    "lambdadarts", "unas", "edas", "gdas", "reinmax", "snas", "random",
)  # fmt: skip
FIRST = [next(case for case in CASES if case[0] == name) for name in NAMES]


def supernet(mode: Pretending, place: int = 0, **changes: float) -> WeightSharing:
    chosen = {"width": 4, "cells": 1, "batch_size": BATCH, "split": "halves", **changes}
    settings = NetworkSettings.build("network", chosen)
    return WeightSharing(
        NB201(), tiny_images(), settings, steps=2, epochs=1, seed=5, device=mode.device,
        places=3, place=place,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "settings"), FIRST, ids=str)
def test_a_step_waits_nowhere_else(name: str, settings: dict[str, Any]) -> None:
    method = registry.methods.load(name)
    with Pretending() as mode:
        problem = supernet(mode)
        searcher = method(problem, method.Settings.build(name, settings), 0)
        mode.waits.clear()
        for _ in range(2):
            problem.advance()
            searcher.step()
        assert set(mode.waits) <= set(STEP_WAITS)


@pytest.mark.parametrize("name", ["darts", "drnas", "sdarts", "fairdarts", "snas"])
def test_a_step_of_several_seeds_waits_nowhere_else(name: str) -> None:
    """But at the first, where Adams are found to have made as many.

    Without momenta, which are found by addresses of memory that is only pretended here.
    """
    method: Any = registry.methods.load(name)
    settings = method.Settings.build(name, next(given for case, given in FIRST if case == name))
    with Pretending() as mode:
        problems = [supernet(mode, place, momentum=0.0) for place in (2, 0)]
        searchers = [method(problem, settings, seed) for seed, problem in enumerate(problems)]
        joint = JointSharing(problems, NB201().grouped)
        searcher = method.join(searchers, joint)
        for step in range(2):
            if step:
                mode.waits.clear()
            joint.advance()
            searcher.step()
        assert set(mode.waits) <= set(STEP_WAITS)
