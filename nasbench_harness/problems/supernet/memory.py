"""What a step of a search on a supernet takes of the memory, before it is run."""

from __future__ import annotations

from typing import cast

import torch
from torch import nn

from nasbench_harness.contracts import NetworkShape, NetworkSpace, SearchSpace
from nasbench_harness.networks.memory import StepBytes
from nasbench_harness.problems.supernet.network_settings import NetworkSettings


def built(network: nn.Module, settings: NetworkSettings, shape: NetworkShape) -> StepBytes:
    """Of a supernet that is there, which stays as it is."""
    moments = 2 if settings.optimizer == "adam" else int(settings.momentum > 0)
    return StepBytes(network, shape, settings.batch_size, moments=moments)


def unbuilt(space: SearchSpace, settings: NetworkSettings, shape: NetworkShape) -> StepBytes:
    """Of the one that would be built; global random state stays as it is."""
    with torch.random.fork_rng(devices=[]):
        network = cast("NetworkSpace", space).supernet(
            shape, track_running_stats=settings.track_running_stats
        )
    return built(network, settings, shape)
