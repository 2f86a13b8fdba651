"""How far small changes of random images move the features of a random network (Lin, 2021).

Lin et al., "Zen-NAS: A Zero-Shot NAS for High-Performance Image Recognition", ICCV 2021.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nasbench_harness.contracts import Probe, Proxy
from nasbench_harness.methods.proxies.shared import NO_VALUE
from nasbench_harness.methods.setups.citations import ZEN_BIBTEX
from nasbench_harness.networks.passes import WatchedPool

MIXED = 0.01
"""Length of the change [C: NASLib]."""


@torch.no_grad()
def zen(probe: Probe) -> float:
    """log D + sum over batch norms of log sqrt(mean running variance) [C: NASLib].

    D is the mean over images of sum |f(x) - f(x + 0.01 x')| of what the global pool reads; x and x'
    are Gaussian of the batch's shape, convolutions Gaussian N(0, 1) without bias, norms fresh, in
    training mode. Norms are those of modules with running statistics. Not a number where the
    network has no global average pool, minus infinity where nothing reaches it.
    """
    _redraw(probe)
    first = _normal(probe, probe.images.shape)
    second = first + MIXED * _normal(probe, probe.images.shape)
    features = [_features(probe, images) for images in (first, second)]
    if features[0] is None or features[1] is None:
        return NO_VALUE
    distance = (features[0] - features[1]).abs().flatten(1).sum(dim=1).mean()
    scales = [
        norm.running_var.mean().sqrt().log()
        for norm in probe.network.modules()
        if isinstance(norm, nn.BatchNorm2d) and norm.running_var is not None
    ]
    return float(distance.log() + sum(scales))


def _redraw(probe: Probe) -> None:
    """Gaussian convolutions, fresh norms."""
    for part in probe.network.modules():
        if isinstance(part, nn.Conv2d):
            part.weight.copy_(_normal(probe, part.weight.shape))
            if part.bias is not None:
                part.bias.zero_()
        elif isinstance(part, nn.BatchNorm2d):
            part.reset_parameters()


def _normal(probe: Probe, shape: torch.Size) -> Tensor:
    return torch.randn(shape, generator=probe.generator, dtype=torch.float64).to(probe.images)


def _features(probe: Probe, images: Tensor) -> Tensor | None:
    with WatchedPool() as watched:
        probe.network(images)
    maps: Tensor | None = watched.maps
    return maps


PROXY = Proxy("zen", zen, reads="nothing", citation=ZEN_BIBTEX)
