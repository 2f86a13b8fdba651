"""How long forward passes take: alone, or the layers of a space one by one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from nasbench_harness.contracts import Layer, NetworkShape
from nasbench_harness.hardware import wait_for

FIRST_PASSES = 2
"""Of each layer, not counted: what is loaded or chosen at the first is done then (our decision)."""


@torch.no_grad()
def forward_ms(network: nn.Module, images: Tensor) -> float:
    """Milliseconds of one forward pass, from an idle device to an idle device."""
    wait_for(images.device)
    started = time.perf_counter()
    network(images)
    wait_for(images.device)
    return 1000 * (time.perf_counter() - started)


def network_ms(
    network: nn.Module, shape: NetworkShape, device: torch.device, batch: int, passes: int
) -> float:
    """The median of `passes` forward passes of `batch` images."""
    network = network.to(device).eval()
    images = torch.zeros((batch, shape.in_channels, *shape.image_size), device=device)
    return sorted(forward_ms(network, images) for _ in range(passes))[passes // 2]


def layer_times(
    layers: Sequence[Layer],
    device: torch.device,
    *,
    batch: int,
    passes: int,
    told: Callable[[int, int], None] = lambda done, all_passes: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Medians and interquartile ranges [N], ms, of every layer's forward passes.

    A pass goes through all layers before the next begins, so that what disturbs the machine for a
    while falls on all of them (our decision). `told` hears of every pass.
    """
    modules = [layer.module.to(device).eval() for layer in layers]
    shapes = {layer.inputs for layer in layers}
    inputs = {inputs: torch.zeros((batch, *inputs), device=device) for inputs in shapes}
    taken = np.empty((passes, len(layers)))
    for number in range(-FIRST_PASSES, passes):
        for place, (layer, module) in enumerate(zip(layers, modules, strict=True)):
            spent = forward_ms(module, inputs[layer.inputs])
            if number >= 0:
                taken[number, place] = spent
        told(number + FIRST_PASSES + 1, passes + FIRST_PASSES)
    low, median, high = np.quantile(taken, [0.25, 0.5, 0.75], axis=0)
    return median, high - low
