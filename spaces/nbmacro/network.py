"""The stand-alone network of one NAS-Bench-Macro architecture, and what supernets share with it.

Stem, eight layers in three stages, 1x1 convolution to 40 times the stem's channels, global average
pool, classifier (Su et al., CVPR 2021, and the authors' code). The first layer of a stage has
stride 2 and doubles the channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from nasbench_harness.contracts import Layer, NetworkShape
from nasbench_harness.spaces.nbmacro.costs import BLOCKS, TAIL
from nasbench_harness.spaces.nbmacro.encoding import FIRST, IDENTITY, OPTIONS
from nasbench_harness.spaces.nbmacro.training import check_depth
from nasbench_harness.spaces.shared.inverted import BlockStyle, ConvNorm, MBConv


def operation(name: str, inputs: int, outputs: int, stride: int, *, track: bool) -> nn.Module:
    """One of the three options of a layer."""
    style, same = BlockStyle(track=track), stride == 1 and inputs == outputs
    if name in BLOCKS:
        return MBConv(inputs, outputs, stride, BLOCKS[name], residual=same, style=style)
    if same:
        return nn.Identity()
    return ConvNorm(inputs, outputs, stride=stride, linear=True, style=style)


def widths(width: int) -> list[tuple[int, int, int]]:
    """Channels in and out of every layer, and its stride, behind a stem of `width` channels."""
    found = []
    for first in FIRST:
        outputs, stride = (2 * width, 2) if first else (width, 1)
        found.append((width, outputs, stride))
        width = outputs
    return found


MakeLayer = Callable[[int, int, int, int], nn.Module]
"""From a layer's number, its channels in and out, and its stride."""


class MacroSkeleton(nn.Module):
    """Stem, layers and head around whatever stands for a layer."""

    def __init__(self, shape: NetworkShape, make_layer: MakeLayer) -> None:
        """ValueError for `cells` other than 1: the layers are the depth."""
        check_depth(shape)
        super().__init__()
        self.shape = shape
        self.stem = ConvNorm(shape.in_channels, shape.width, 3)
        places = widths(shape.width)
        self.layers = nn.ModuleList(make_layer(layer, *at) for layer, at in enumerate(places))
        channels = places[-1][1]
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


def layer_alone(layer: int, option: int, shape: NetworkShape) -> Layer:
    """An option of a layer, with what it reads."""
    at = widths(shape.width)[layer]
    height, width = _pixels(shape, layer)
    return Layer(operation(OPTIONS[option], *at, track=True), (at[0], height, width))


def layers_around(shape: NetworkShape) -> tuple[Layer, Layer]:
    """Stem and head, with what they read."""
    network = MacroNetwork((IDENTITY,) * len(FIRST), shape)
    channels = widths(shape.width)[-1][1]
    head = nn.Sequential(network.tail, nn.AdaptiveAvgPool2d(1), nn.Flatten(), network.classifier)
    return (
        Layer(network.stem, (shape.in_channels, *shape.image_size)),
        Layer(head, (channels, *_pixels(shape, len(FIRST)))),
    )


def _pixels(shape: NetworkShape, layer: int) -> tuple[int, int]:
    """Height and width of the maps that come into a layer."""
    height, width = shape.image_size
    for _ in range(sum(FIRST[:layer])):
        height, width = (height + 1) // 2, (width + 1) // 2
    return height, width
