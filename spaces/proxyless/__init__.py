"""The ProxylessNAS space as UNAS searches it: 21 layers of up to 7 options, 2 x 10^17 networks.

Source: Cai et al., "ProxylessNAS", ICLR 2019, in the form of Vahdat et al., "UNAS", CVPR 2020, and
the code of its authors. Layers follow one another; six of them change the width, the others may be
left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import (
    Architecture,
    Column,
    Decision,
    Layer,
    NetworkShape,
    Role,
    Value,
)
from nasbench_harness.spaces.proxyless import costs, encoding, training
from nasbench_harness.spaces.proxyless.citations import PROXYLESS_BIBTEX
from nasbench_harness.spaces.proxyless.structure import (
    IDENTITY,
    OPTIONS,
    WIDENING_LAYERS,
    check_shape,
)
from nasbench_harness.spaces.shared.product import ProductSpace

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes

    from nasbench_harness.spaces.proxyless.network import ProxylessNetwork
    from nasbench_harness.spaces.proxyless.shared_weights import ProxylessSupernet

__all__ = ["Proxyless"]


def _decision(layer: int, options: tuple[str, ...]) -> Decision:
    stage = sum(first <= layer for first in WIDENING_LAYERS)
    free = (IDENTITY,) if IDENTITY in options else ()
    return Decision(f"layer{layer + 1}", options, group=f"stage{stage}", free=free)


class Proxyless(ProductSpace):
    """Networks written layer by layer, `5x5_e3/3x3_e3/identity/...`: kernel and expansion.

    `UNAS` and `ProxylessNAS-GPU` are read as the networks that these publications found. Networks
    are those for images of 224x224 pixels with a stem of 40 channels; smaller images have fewer
    strides, and another `width` scales all widths.
    """

    name = "proxyless"
    decisions = tuple(_decision(layer, options) for layer, options in enumerate(OPTIONS))
    costs = costs.COSTS
    columns = (
        Column("depth", Value.WHOLE, Role.RECORD, "layers that are no identity", "count"),
        Column(
            "known_as", Value.TEXT, Role.RECORD, "name of the publication that found it",
            missing="no publication did",
        ),
    )  # fmt: skip
    shapes = training.SHAPES
    training_recipes = training.RECIPES
    citation = PROXYLESS_BIBTEX

    def __repr__(self) -> str:
        return f"<space {self.name}: {len(self.decisions)} decisions>"

    def parse(self, text: str) -> Architecture:
        """Read `5x5_e3/3x3_e3/identity/...`, a list of such options, or a published name."""
        return self.architecture(encoding.parse_layers(text))

    def cost(self, arch: Architecture, what: str, dataset: str = "") -> float:
        """`params` (count) or `flops` (multiply-adds) of the stand-alone network."""
        return costs.cost(arch.choices, what, dataset)

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """How deep it is, and who found it."""
        words = self.options(arch.choices)
        known = [n for n, found in encoding.PUBLISHED.items() if list(found) == words]
        facts: dict[str, Any] = {"depth": sum(word != IDENTITY for word in words)}
        return facts | ({"known_as": known[0]} if known else {})

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Draw the layers as a chain, on a ground for each width."""
        from nasbench_harness.spaces.proxyless.drawing import draw_layers

        draw_layers(arch.choices, axes)

    # --- networks ------------------------------------------------------------------------------

    def supernet(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> ProxylessSupernet:
        """A fresh supernet, from torch's global generator.

        ValueError for partial channels, which it has not, and for `cells` other than 1.
        """
        from nasbench_harness.spaces.proxyless.shared_weights import ProxylessSupernet

        self.check_supernet(shape, partial=partial)
        return ProxylessSupernet(shape, track_running_stats=track_running_stats)

    def check_supernet(self, shape: NetworkShape, *, partial: int = 1) -> None:
        """ValueError for what `supernet` has not."""
        check_shape(shape)
        if partial != 1:
            raise ValueError("networks of proxyless pass all of their channels")

    def network(self, arch: Architecture, shape: NetworkShape) -> ProxylessNetwork:
        """The stand-alone network; fresh weights."""
        from nasbench_harness.spaces.proxyless.network import ProxylessNetwork

        return ProxylessNetwork(arch.choices, shape)

    def inherit(self, arch: Architecture, supernet: torch.nn.Module) -> ProxylessNetwork:
        """The stand-alone network with the weights it has in `supernet`."""
        from nasbench_harness.spaces.proxyless.shared_weights import ProxylessSupernet, inherit

        assert isinstance(supernet, ProxylessSupernet)
        return inherit(arch.choices, supernet)

    def layer(self, decision: int, option: int, shape: NetworkShape) -> Layer:
        """An option of a layer by itself, with what it reads; see `Layerwise`."""
        from nasbench_harness.spaces.proxyless.network import layer_alone

        return layer_alone(decision, option, shape)

    def around(self, shape: NetworkShape) -> Sequence[Layer]:
        """Stem and head."""
        from nasbench_harness.spaces.proxyless.network import layers_around

        return layers_around(shape)
