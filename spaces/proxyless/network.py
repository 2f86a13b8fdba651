"""The stand-alone network of one architecture, and what supernets share with it.

Stem, a block that is no decision, 21 layers, a 1x1 convolution, global average pool and classifier;
batch norms with an epsilon of 1e-3, ReLU6 (authors' code of UNAS).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from nasbench_harness.contracts import Layer, NetworkShape
from nasbench_harness.spaces.proxyless.structure import (
    BLOCKS,
    FIRST_BLOCK,
    OPTIONS,
    WIDENING_LAYERS,
    LayerSite,
    check_shape,
    skeleton,
)
from nasbench_harness.spaces.shared.inverted import BlockStyle, ConvNorm, MBConv

MakeProxylessLayer = Callable[[int, LayerSite], nn.Module]
"""From a layer's number and where it stands."""


def style_of(track: bool) -> BlockStyle:
    """Of every convolution; `track`: do batch norms keep running statistics."""
    return BlockStyle(nn.ReLU6, 1e-3, track)


def operation(layer: int, option: int, site: LayerSite, *, track: bool) -> nn.Module:
    """An option of a layer."""
    name = OPTIONS[layer][option]
    if name not in BLOCKS:
        return nn.Identity()
    return MBConv(
        site.inputs, site.outputs, site.stride, BLOCKS[name],
        residual=layer not in WIDENING_LAYERS, style=style_of(track),
    )  # fmt: skip


class ProxylessSkeleton(nn.Module):
    """Stem, layers and head around whatever stands for a layer."""

    def __init__(self, shape: NetworkShape, make_layer: MakeProxylessLayer) -> None:
        """ValueError for `cells` other than 1: the layers are the depth."""
        check_shape(shape)
        super().__init__()
        self.shape = shape
        self.stem, self.head = stem(shape), head(shape)
        sites = skeleton(shape.width, shape.image_size).layers
        self.layers = nn.ModuleList(make_layer(place, site) for place, site in enumerate(sites))


class ProxylessNetwork(ProxylessSkeleton):
    """An architecture's network: images [B, channels, H, W] to logits [B, classes]."""

    def __init__(self, choices: Sequence[int], shape: NetworkShape, *, track: bool = True) -> None:
        """`track`: do the layers' batch norms keep running statistics."""
        super().__init__(
            shape, lambda layer, site: operation(layer, choices[layer], site, track=track)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        x: Tensor = self.stem(images)
        for layer in self.layers:
            x = layer(x)
        logits: Tensor = self.head(x)
        return logits


def stem(shape: NetworkShape) -> nn.Sequential:
    """Convolution and the block that is no decision."""
    frame = skeleton(shape.width, shape.image_size, shape.in_channels)
    first, style = frame.first, style_of(track=True)
    return nn.Sequential(
        ConvNorm(frame.stem.inputs, frame.stem.outputs, 3, stride=frame.stem.stride, style=style),
        MBConv(first.inputs, first.outputs, 1, FIRST_BLOCK, residual=False, style=style),
    )


def head(shape: NetworkShape) -> nn.Sequential:
    """From the last layer's maps to logits."""
    tail = skeleton(shape.width, shape.image_size).tail
    return nn.Sequential(
        ConvNorm(tail.inputs, tail.outputs, style=style_of(track=True)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(tail.outputs, shape.classes),
    )


def layer_alone(layer: int, option: int, shape: NetworkShape) -> Layer:
    """An option of a layer, with what it reads."""
    check_shape(shape)
    site = skeleton(shape.width, shape.image_size).layers[layer]
    return Layer(operation(layer, option, site, track=True), (site.inputs, *site.before))


def layers_around(shape: NetworkShape) -> tuple[Layer, Layer]:
    """Stem and head, with what they read."""
    check_shape(shape)
    tail = skeleton(shape.width, shape.image_size).tail
    return (
        Layer(stem(shape), (shape.in_channels, *shape.image_size)),
        Layer(head(shape), (tail.inputs, *tail.before)),
    )
