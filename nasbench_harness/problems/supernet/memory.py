"""What a step of a search on a supernet takes of the memory, before it is run."""

from __future__ import annotations

import torch
from torch import nn

from nasbench_harness.contracts import NetworkShape, NetworkSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.networks.memory import StepBytes
from nasbench_harness.problems.supernet.network_settings import NetworkSettings


def built(network: nn.Module, settings: NetworkSettings, shape: NetworkShape) -> StepBytes:
    """Of a supernet that is there, which stays as it is."""
    moments = 2 if settings.optimizer == "adam" else int(settings.momentum > 0)
    return StepBytes(network, shape, settings.batch_size, moments=moments)


def unbuilt(space: NetworkSpace, shape: NetworkShape, *, track_running_stats: bool) -> nn.Module:
    """A supernet as one would be built; global random state stays as it is.

    HarnessError where the space has none of that shape.
    """
    with torch.random.fork_rng(devices=[]):
        try:
            return space.supernet(shape, track_running_stats=track_running_stats)
        except ValueError as error:
            raise HarnessError(f"The supernet cannot be built: {error}.") from error
