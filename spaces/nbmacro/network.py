"""The stand-alone network of one NAS-Bench-Macro architecture, and what supernets share with it.

Stem, eight layers in three stages, 1x1 convolution to 40 times the stem's channels, global average
pool, classifier (Su et al., CVPR 2021, and the authors' code). The first layer of a stage has
stride 2 and doubles the channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from nasbench_harness.contracts import NetworkShape
from nasbench_harness.spaces.nbmacro.costs import BLOCKS, TAIL
from nasbench_harness.spaces.nbmacro.encoding import FIRST, OPTIONS
from nasbench_harness.spaces.shared.inverted import BlockStyle, ConvNorm, MBConv


def operation(name: str, inputs: int, outputs: int, stride: int, *, track: bool) -> nn.Module:
    """One of the three options of a layer."""
    style, same = BlockStyle(track=track), stride == 1 and inputs == outputs
    if name in BLOCKS:
        return MBConv(inputs, outputs, stride, BLOCKS[name], residual=same, style=style)
    if same:
        return nn.Identity()
    return ConvNorm(inputs, outputs, stride=stride, linear=True, style=style)


MakeLayer = Callable[[int, int, int, int], nn.Module]
"""From a layer's number, its channels in and out, and its stride."""


class MacroSkeleton(nn.Module):
    """Stem, layers and head around whatever stands for a layer."""

    def __init__(self, shape: NetworkShape, make_layer: MakeLayer) -> None:
        """ValueError for `cells` other than 1: the layers are the depth."""
        if shape.cells != 1:
            raise ValueError(
                f"a network of nbmacro has eight layers, so cells is 1, not {shape.cells}"
            )
        super().__init__()
        self.shape = shape
        channels, layers = shape.width, []
        self.stem = ConvNorm(shape.in_channels, channels, 3)
        for layer, first in enumerate(FIRST):
            outputs, stride = (2 * channels, 2) if first else (channels, 1)
            layers.append(make_layer(layer, channels, outputs, stride))
            channels = outputs
        self.layers = nn.ModuleList(layers)
        self.tail = ConvNorm(channels, TAIL * shape.width)
        self.classifier = nn.Linear(TAIL * shape.width, shape.classes)

    def head(self, x: Tensor) -> Tensor:
        """[B, C, H, W] to logits [B, classes]."""
        logits: Tensor = self.classifier(self.tail(x).mean(dim=(2, 3)))
        return logits


class MacroNetwork(MacroSkeleton):
    """An architecture's network: images [B, channels, H, W] to logits [B, classes]."""

    def __init__(self, choices: Sequence[int], shape: NetworkShape, *, track: bool = True) -> None:
        """`track`: do the layers' batch norms keep running statistics."""
        super().__init__(
            shape,
            lambda layer, inputs, outputs, stride: operation(
                OPTIONS[choices[layer]], inputs, outputs, stride, track=track
            ),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        x: Tensor = self.stem(images)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)
