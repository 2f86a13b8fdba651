"""What a search on a supernet takes of the machine it runs on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.hardware import Hardware
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.networks.memory import pass_bytes
from nasbench_harness.problems.supernet.hosting import host_bytes
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

CPU, GPU = Hardware("cpu"), Hardware("cuda")
SHAPE = NetworkShape(classes=2, width=1, cells=1, in_channels=3, image_size=(4, 4))
IMAGE = 4 * 3 * 4 * 4
"""Bytes of one, in 32 bits."""


def planned(methods: str = "darts", seeds: int = 1, **given: Any) -> list[Any]:
    asked = {
        "methods": methods, "seeds": seeds, "random": False, "search": "supernet",
        "dataset": "digits", "recipe": "quick", "steps": 2, "network": {"width": 4, "cells": 1},
    }  # fmt: skip
    return plan(build_config(None, {**asked, **given}, []))


def images() -> int:
    dataset = open_dataset("digits")
    parts = [part for part in (dataset.train, dataset.valid, dataset.test) if part is not None]
    return sum(len(part) * (8 * 8 + 8) for part in parts)  # a byte a pixel, 8 for the label


class Chain(nn.Module):
    """Four results after each other, of which at most two are needed at a time."""

    def forward(self, images: Tensor, weights: Tensor, active: None) -> Tensor:
        for _ in range(4):
            images = images + 1
        return images.flatten(1)[:, :2]


class Fan(nn.Module):
    """Four results beside each other; a view takes nothing."""

    def forward(self, images: Tensor, weights: Tensor, active: None) -> Tensor:
        parts = [images * factor for factor in range(4)]
        return torch.stack([part.view(-1)[:2] for part in parts])


@pytest.mark.parametrize("count", [1, 2, 3, 250])
def test_what_is_alive_at_a_time_is_counted(count: int) -> None:
    weights, few = torch.ones(1, 1), max(count, 2)
    assert pass_bytes(Chain(), SHAPE, weights, count) == (1 + 2) * few * IMAGE
    assert pass_bytes(Fan(), SHAPE, weights, count) == (1 + 4) * few * IMAGE + 4 * 2 * 4


def test_counting_leaves_no_trace() -> None:
    network = nn.BatchNorm2d(3)
    state = torch.get_rng_state()

    class Normed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = network

        def forward(self, images: Tensor, weights: Tensor, active: None) -> Tensor:
            return self.norm(images)

    pass_bytes(Normed(), SHAPE, torch.ones(1, 1), 2)
    assert torch.equal(torch.get_rng_state(), state)
    assert network.num_batches_tracked == 0


def test_beside_a_gpu_only_images_are_on_the_host() -> None:
    """Read, and chosen from."""
    assert host_bytes(planned(), GPU) == 2 * images()


def test_seeds_that_are_one_network_take_it_so_many_times() -> None:
    (alone,) = planned()
    network = host_bytes([alone], CPU) - 2 * images()
    assert network > 0
    together = host_bytes(planned(seeds=4, cohort=4), CPU)
    assert together == pytest.approx((1 + 4) * images() + 4 * network, abs=8)


def test_the_largest_trial_is_what_counts() -> None:
    (small,) = planned()
    (batch,) = planned(network={"width": 4, "cells": 1, "batch_size": 128})
    (wide,) = planned(network={"width": 8, "cells": 1})
    each = [host_bytes([spec], CPU) for spec in (small, batch, wide)]
    assert each[0] < min(each[1:])
    assert host_bytes([small, batch, wide], CPU) == max(each)


def test_seed_and_method_do_not_matter() -> None:
    specs = planned("darts,edas", seeds=2)
    assert len({host_bytes([spec], CPU) for spec in specs}) == 1
    assert host_bytes([replace(specs[0], seed=99)], CPU) == host_bytes(specs, CPU)
