"""Cells with noise, which networks draw also where they are evaluated: no other's draws count."""

from __future__ import annotations

import torch

from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.problems.supernet.network_settings import NetworkSettings
from nasbench_harness.problems.supernet.weight_sharing import WeightSharing
from nasbench_harness.spaces.darts import open_darts
from nasbench_harness.training.images import training_images
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.training import Training, build_network, count_costs

SPACE = open_darts("s4")
SIZE = {"width": 2, "cells": 3, "batch_size": 10}


def test_one_shot_accuracy_is_the_same_each_time_and_disturbs_nothing() -> None:
    settings = NetworkSettings.build("network", {**SIZE, "split": "halves"})
    problem = WeightSharing(SPACE, open_dataset("digits", limit=60), settings, steps=4, epochs=2)
    problem.advance()
    uniform = SPACE.mask.float() / 2
    torch.manual_seed(1)
    before = torch.get_rng_state()
    with problem.evaluating("batch"):
        first = problem.supernet(problem._batch["valid"][0], uniform)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    with problem.evaluating("batch"):
        assert torch.equal(problem.supernet(problem._batch["valid"][0], uniform), first)


def test_a_stand_alone_network_is_evaluated_the_same_each_time() -> None:
    dataset = open_dataset("digits", limit=60)
    arch = SPACE.sample(torch.Generator().manual_seed(0))
    assert "noise" in str(arch)
    settings = TrainingSettings(epochs=1, **SIZE)  # type: ignore[arg-type]
    network = build_network(SPACE, arch, dataset, settings, seed=3)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    count_costs(network, dataset)
    training = Training(
        network, training_images(dataset, "search"), settings, seed=3, device=torch.device("cpu")
    )
    first = training.evaluate()
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(7)
    assert training.evaluate() == first
