"""Steps of several seeds as one on a pretended accelerator: no mixed devices, no waits."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from nasbench_harness import registry
from nasbench_harness.problems.supernet.joint import JointSharing
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.spaces.nb201 import NB201
from tests.methods.test_on_supernet import CASES
from tests.methods.tiny_supernet import BATCH, tiny_images
from tests.methods.whole_searches import GRADIENT
from tests.pretended import Pretending


def supernet(mode: Pretending, place: int) -> WeightSharing:
    chosen = {"width": 4, "cells": 1, "batch_size": BATCH, "split": "halves"}
    settings = NetworkSettings.build("network", chosen)
    return WeightSharing(
        NB201(), tiny_images(), settings, steps=2, epochs=1, seed=5, device=mode.device,
        places=3, place=place,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["darts", "drnas", "sdarts", "fairdarts", "snas"])
def test_a_step_of_several_seeds_waits_for_nothing(name: str) -> None:
    """But the first, where Adams are found to have made as many."""
    settings = next(given for case, given in CASES if case == name)
    with Pretending() as mode:
        assert not steps(mode, name, settings)


def steps(mode: Pretending, name: str, given: dict[str, Any]) -> Counter[tuple[str, str]]:
    """What was waited for in the second of two steps."""
    method: Any = registry.methods.load(name)
    settings = method.Settings.build(name, given)
    problems = [supernet(mode, place) for place in (2, 0)]
    searchers = [method(problem, settings, seed) for seed, problem in enumerate(problems)]
    joint = JointSharing(problems, NB201().grouped)
    searcher = method.join(searchers, joint)
    for step in range(2):
        if step:
            mode.waits.clear()
        joint.advance()
        searcher.step()
    return mode.waits


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("edas", {"entropy_weight": 0.1}),
        ("gdas", {}),
        ("reinmax", {}),
        ("unas", {"sample_per": "batch", "least_weight": 0.1}),
    ],
)
def test_those_that_choose_wait_for_the_gradient_of_alpha_alone(
    name: str, given: dict[str, Any]
) -> None:
    with Pretending() as mode:
        assert not steps(mode, name, given) - Counter({GRADIENT: 1})
