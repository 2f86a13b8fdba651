"""Does a space that gives its layers one by one keep the contract of `Layerwise`."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from nasbench_harness.contracts import Architecture, Layer, NetworkShape


def check_layers(space: Any, shape: NetworkShape, archs: list[Architecture]) -> None:
    """Are networks a chain: what is around the layers, and between its first and others these.

    Choices are options; layers read what those before them make, end in logits, and have together
    the parameters of the network.
    """
    around = list(space.around(shape))
    assert around, "around() has the part that reads the images at least"
    expected = (shape.in_channels, *shape.image_size)
    assert around[0].inputs == expected, f"the first part around must read images {expected}"
    for arch in archs:
        chosen = [options.index(1) for options in space.weights(arch).int().tolist()]
        assert tuple(chosen) == tuple(arch.choices), f"choices of {arch} must be its options"
        layers = [space.layer(place, option, shape) for place, option in enumerate(chosen)]
        chain = [around[0], *layers, *around[1:]]
        _check_chain(chain, shape, arch)
        alone = sum(_parameters(layer.module) for layer in chain)
        whole = _parameters(space.network(arch, shape))
        assert alone == whole, f"layers of {arch} have {alone} parameters, its network {whole}"


@torch.no_grad()
def _check_chain(chain: list[Layer], shape: NetworkShape, arch: Architecture) -> None:
    x = torch.zeros(2, *chain[0].inputs)
    for number, layer in enumerate(chain):
        assert tuple(x.shape[1:]) == layer.inputs, (
            f"part {number} of {arch} says that it reads {layer.inputs}, and would be given"
            f" {tuple(x.shape[1:])}"
        )
        x = layer.module.eval()(x)
    assert x.shape == (2, shape.classes), f"the last part of {arch} must give logits"


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
