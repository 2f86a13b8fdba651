"""The ProxylessNAS supernet: all options of every layer, with shared weights.

A layer is the weighed sum of its options. What an identity passes on is dropped out with a
probability of 0.1, which regularises against skips, and batch norms learn an affine map (authors'
code of UNAS); the stand-alone network drops nothing out. Whether the layers' batch norms keep
running statistics can be chosen.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn

from nasbench_harness.contracts import NetworkShape, OperationParameter
from nasbench_harness.spaces.proxyless.network import (
    ProxylessNetwork,
    ProxylessSkeleton,
    operation,
)
from nasbench_harness.spaces.proxyless.structure import IDENTITY, OPTIONS, LayerSite
from nasbench_harness.spaces.shared.mixing import PlainSupernet, mixed, parameters_of_layers

DROPPED = 0.1
"""Of what identities pass on."""


class ProxylessSupernet(ProxylessSkeleton, PlainSupernet):
    """See `nasbench_harness.contracts.Supernet`."""

    def __init__(self, shape: NetworkShape, *, track_running_stats: bool = True) -> None:
        self.track = track_running_stats
        super().__init__(shape, self._options)

    def _options(self, layer: int, site: LayerSite) -> nn.ModuleList:
        return nn.ModuleList(
            nn.Dropout(DROPPED)
            if name == IDENTITY
            else operation(layer, option, site, track=self.track)
            for option, name in enumerate(OPTIONS[layer])
        )

    def forward(self, images: Tensor, weights: Tensor, active: Tensor | None = None) -> Tensor:
        """Logits [B, classes]; `weights` are [21, 7] or [B, 21, 7], `active` bool [21, 7]."""
        x: Tensor = self.stem(images)
        for place, options in enumerate(self.layers):
            assert isinstance(options, nn.ModuleList)
            row = None if active is None else active[place]
            x = mixed(list(options), x, weights[..., place, : len(options)], row)
        logits: Tensor = self.head(x)
        return logits

    def operation_parameters(self) -> list[OperationParameter]:
        """See `nasbench_harness.contracts.OperationParameters`."""
        return parameters_of_layers(self.layers)


def inherit(choices: tuple[int, ...], supernet: ProxylessSupernet) -> ProxylessNetwork:
    """The stand-alone network with the weights and statistics its options have in a supernet."""
    network = ProxylessNetwork(choices, supernet.shape, track=supernet.track)
    network.load_state_dict(dict(_state(choices, supernet)))
    network.train(supernet.training)
    return network.to(next(supernet.parameters()).device)


def _state(choices: tuple[int, ...], supernet: ProxylessSupernet) -> Iterator[tuple[str, Tensor]]:
    """The network's state under its own names: `layers.3.2.block...` is `layers.3.block...`."""
    for name, value in supernet.state_dict().items():
        part, *rest = name.split(".")
        if part != "layers":
            yield name, value
        elif int(rest[1]) == choices[int(rest[0])]:
            yield ".".join((part, rest[0], *rest[2:])), value
