"""Steps of several seeds as one on a pretended accelerator: no mixed devices, no waits."""

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


def supernet(mode: Pretending, place: int) -> WeightSharing:
    """Without momenta, which are found by addresses of memory that is only pretended here."""
    chosen = {
        "width": 4, "cells": 1, "batch_size": BATCH, "split": "halves", "momentum": 0.0,
    }  # fmt: skip
    settings = NetworkSettings.build("network", chosen)
    return WeightSharing(
        NB201(), tiny_images(), settings, steps=2, epochs=1, seed=5, device=mode.device,
        places=3, place=place,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["darts", "drnas", "sdarts", "fairdarts", "snas"])
def test_a_step_of_several_seeds_waits_for_nothing(name: str) -> None:
    """But the first, where Adams are found to have made as many."""
    method: Any = registry.methods.load(name)
    settings = method.Settings.build(name, next(given for case, given in CASES if case == name))
    with Pretending() as mode:
        problems = [supernet(mode, place) for place in (2, 0)]
        searchers = [method(problem, settings, seed) for seed, problem in enumerate(problems)]
        joint = JointSharing(problems, NB201().grouped)
        searcher = method.join(searchers, joint)
        for step in range(2):
            if step:
                mode.waits.clear()
            joint.advance()
            searcher.step()
        assert not mode.waits
