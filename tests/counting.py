"""What networks have and do, counted on the modules themselves."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def multiply_adds(network: nn.Module, images: Tensor) -> int:
    """Of convolutions and classifier, counted while an image without memory passes."""
    counted = []

    def count(module: nn.Module, _: object, made: Tensor) -> None:
        weight = module.weight
        assert isinstance(weight, Tensor)
        counted.append(weight.numel() * made[0, 0].numel() if made.ndim == 4 else weight.numel())

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    with torch.no_grad():
        network.eval()(images)
    return sum(counted)
