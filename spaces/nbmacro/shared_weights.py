"""The NAS-Bench-Macro supernet: all three options of every layer, with shared weights.

A layer is the weighed sum of its options. Their batch norms learn an affine map, as in the
stand-alone network, which thus takes an option over as it is; whether they keep running statistics
can be chosen. That is a decision of this project: the publication trains its supernet by paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from torch import Tensor, nn

from nasbench_harness.contracts import NetworkShape, OperationParameter
from nasbench_harness.spaces.nbmacro.encoding import OPTIONS
from nasbench_harness.spaces.nbmacro.network import MacroNetwork, MacroSkeleton, operation
from nasbench_harness.spaces.shared.mixing import PlainSupernet, mixed, parameters_of_layers


class MacroSupernet(MacroSkeleton, PlainSupernet):
    """See `nasbench_harness.contracts.Supernet`."""

    def __init__(self, shape: NetworkShape, *, track_running_stats: bool = True) -> None:
        self.track = track_running_stats
        super().__init__(shape, self._options)

    def _options(self, layer: int, inputs: int, outputs: int, stride: int) -> nn.ModuleList:
        del layer  # all layers have the same
        return nn.ModuleList(
            operation(name, inputs, outputs, stride, track=self.track) for name in OPTIONS
        )

    def forward(self, images: Tensor, weights: Tensor, active: Tensor | None = None) -> Tensor:
        """Logits [B, classes]; `weights` are [8, 3] or [B, 8, 3], `active` bool [8, 3]."""
        x: Tensor = self.stem(images)
        for place, options in enumerate(self.layers):
            assert isinstance(options, nn.ModuleList)
            row = None if active is None else active[place]
            x = mixed(list(options), x, weights[..., place, :], row)
        return self.head(x)

    def operation_parameters(self) -> list[OperationParameter]:
        """See `nasbench_harness.contracts.OperationParameters`."""
        return parameters_of_layers(self.layers)


def inherit(choices: tuple[int, ...], supernet: MacroSupernet) -> MacroNetwork:
    """The stand-alone network with the weights and statistics its options have in a supernet."""
    network = MacroNetwork(choices, supernet.shape, track=supernet.track)
    network.load_state_dict(dict(_state(choices, supernet)))
    network.train(supernet.training)
    return network.to(next(supernet.parameters()).device)


def _state(choices: tuple[int, ...], supernet: MacroSupernet) -> Iterator[tuple[str, Tensor]]:
    """The network's state under its own names: `layers.3.2.block...` is `layers.3.block...`."""
    for name, value in supernet.state_dict().items():
        part, *rest = name.split(".")
        if part != "layers":
            yield name, value
        elif int(rest[1]) == choices[int(rest[0])]:
            yield ".".join(chain((part, rest[0]), rest[2:])), value
