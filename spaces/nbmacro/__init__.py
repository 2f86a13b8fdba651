"""The NAS-Bench-Macro space: 8 layers x 3 blocks, 6,561 networks trained on CIFAR-10.

Source: Su et al., "Prioritized Architecture Sampling with Monto-Carlo Tree Search", CVPR 2021. The
layers follow one another in stages of two, three and three.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import Architecture, Decision, Layer, NetworkShape
from nasbench_harness.spaces.nbmacro import costs, encoding, training
from nasbench_harness.spaces.nbmacro.citations import NBMACRO_BIBTEX
from nasbench_harness.spaces.nbmacro.columns import COLUMNS
from nasbench_harness.spaces.shared.product import ListedProduct

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes

    from nasbench_harness.spaces.nbmacro.network import MacroNetwork
    from nasbench_harness.spaces.nbmacro.shared_weights import MacroSupernet

__all__ = ["NBMacro"]


class NBMacro(ListedProduct):
    """Eight layers, each an identity or one of two inverted residual blocks, such as `22212220`.

    Strings that differ in where identities stand in a stage can be one network; they are kept
    apart everywhere, and `trained_as` tells whose trainings a string has in the benchmark.
    """

    name = "nbmacro"
    decisions = tuple(
        Decision(
            f"layer{layer + 1}", encoding.OPTIONS, group=f"stage{encoding.STAGE_OF[layer] + 1}",
            free=() if first else (encoding.OPTIONS[encoding.IDENTITY],),
        )
        for layer, first in enumerate(encoding.FIRST)
    )  # fmt: skip
    costs = costs.COSTS
    columns = COLUMNS
    shapes = training.SHAPES
    training_recipes = training.RECIPES
    tables = ("nbmacro",)
    citation = NBMACRO_BIBTEX

    def __repr__(self) -> str:
        return f"<space {self.name}: {self.size:,} architectures, {len(self.decisions)} decisions>"

    def architecture(self, choices: Sequence[int]) -> Architecture:
        """The one with these options; ValueError where there are none such."""
        chosen = super().architecture(choices).choices
        return Architecture(self.name, chosen, encoding.format_layers(chosen))

    def parse(self, text: str) -> Architecture:
        """Read `22212220`, or a list of eight digits or names of options."""
        return self.architecture(encoding.parse_layers(text))

    def cost(self, arch: Architecture, what: str, dataset: str = "cifar10") -> float:
        """`params` (count) or `flops` (multiply-adds) of the stand-alone network."""
        return costs.cost(arch.choices, what, dataset)

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """Whose trainings the benchmark gives it."""
        return {"trained_as": encoding.format_layers(encoding.trained_as(arch.choices))}

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Draw the layers as a chain, stage by stage."""
        from nasbench_harness.spaces.nbmacro.drawing import draw_chain

        draw_chain(arch.choices, axes)

    def supernet(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> MacroSupernet:
        """A fresh supernet, from torch's global generator.

        ValueError for partial channels, which it has not, and for `cells` other than 1.
        """
        from nasbench_harness.spaces.nbmacro.shared_weights import MacroSupernet

        self.check_supernet(shape, partial=partial)
        return MacroSupernet(shape, track_running_stats=track_running_stats)

    def check_supernet(self, shape: NetworkShape, *, partial: int = 1) -> None:
        """ValueError for partial channels, which it has not, and for `cells` other than 1."""
        if partial != 1:
            raise ValueError("networks of nbmacro pass all of their channels")
        training.check_depth(shape)

    def network(self, arch: Architecture, shape: NetworkShape) -> MacroNetwork:
        """The stand-alone network, as the benchmark trained it; fresh weights."""
        from nasbench_harness.spaces.nbmacro.network import MacroNetwork

        return MacroNetwork(arch.choices, shape)

    def inherit(self, arch: Architecture, supernet: torch.nn.Module) -> MacroNetwork:
        """The stand-alone network with the weights it has in `supernet`."""
        from nasbench_harness.spaces.nbmacro.shared_weights import MacroSupernet, inherit

        assert isinstance(supernet, MacroSupernet)
        return inherit(arch.choices, supernet)

    def layer(self, decision: int, option: int, shape: NetworkShape) -> Layer:
        """An option of a layer by itself, with what it reads; see `Layerwise`."""
        from nasbench_harness.spaces.nbmacro.network import layer_alone

        return layer_alone(decision, option, shape)

    def around(self, shape: NetworkShape) -> Sequence[Layer]:
        """Stem and head."""
        from nasbench_harness.spaces.nbmacro.network import layers_around

        return layers_around(shape)
