"""What a network is given for its training only: a second classifier, paths that are dropped."""

from __future__ import annotations

import torch
from torch import nn

from nasbench_harness.contracts import (
    Architecture,
    AuxiliaryHead,
    DropPath,
    NetworkSpace,
    SmoothedLoss,
    TrainingLoss,
)
from nasbench_harness.errors import HarnessError
from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.seeding import stream_seed
from nasbench_harness.training.settings import TrainingSettings
from nasbench_harness.training.training import build_network


def equip(network: nn.Module, settings: TrainingSettings, seed: int) -> None:
    """As the settings say; fresh weights from the seed alone. HarnessError for what it cannot."""
    if settings.auxiliary_weight:
        if not isinstance(network, AuxiliaryHead):
            raise _cannot("auxiliary_weight", "have a second classifier")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(stream_seed(seed, "auxiliary"))
            network.add_auxiliary(settings.auxiliary_weight)
    if settings.drop_path:
        if not isinstance(network, DropPath):
            raise _cannot("drop_path", "drop paths")
        network.drop_path = settings.drop_path
    if settings.label_smoothing and isinstance(network, TrainingLoss):
        if not isinstance(network, SmoothedLoss):
            raise _cannot("label_smoothing", "smooth labels in a loss of their own")
        network.label_smoothing = settings.label_smoothing


def check_equipment(
    space: NetworkSpace, arch: Architecture, dataset: ImageDataset, settings: TrainingSettings
) -> None:
    """HarnessError where networks of the space cannot be given what the settings say."""
    if settings.auxiliary_weight or settings.drop_path or settings.label_smoothing:
        equip(build_network(space, arch, dataset, settings, 0), settings, 0)


def _cannot(setting: str, what: str) -> HarnessError:
    return HarnessError(f"Networks of this space do not {what}; leave `{setting}` at 0.")
