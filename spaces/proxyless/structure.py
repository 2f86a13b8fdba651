"""The skeleton of the ProxylessNAS space: layers, their options, widths and strides.

Numbers are those of the authors' code of UNAS. What small images get is a decision of this project:
five strides would leave nothing of them, so that only as many are kept as leave maps of four pixels
a side, the last ones; those left out are the first, the stem's before all. Images of 97 pixels or
more have all five, those of 32 pixels three, those of 8 pixels one.
"""

from __future__ import annotations

from typing import NamedTuple

from nasbench_harness.contracts import NetworkShape

IDENTITY = "identity"
BLOCKS = {
    f"{kernel}x{kernel}_e{expansion}": (kernel, expansion)
    for kernel in (3, 5, 7)
    for expansion in (3, 6)
}
"""Kernel size and expansion ratio of the inverted residuals, in the order of the options."""
LAYERS = 21
WIDENING_LAYERS = (0, 4, 8, 12, 16, 20)
"""Those, from 0, that change the width: they have no identity, and add no input."""
STEM, FIRST, TAIL = 40, 24, 1728
"""Channels of the stem, of the block behind it that is no decision, and of the last convolution."""
WIDTHS = (32, 56, 112, 128, 256, 432)
"""Channels from each width-changing layer on."""
STRIDED = (0, 4, 8, 16)
"""Layers of stride 2, where images are large enough."""
IMAGE, COLOURS, CLASSES = 224, 3, 1000
"""What networks were published for."""
LEAST_MAP = 4
"""Pixels a side that strides leave."""
FIRST_BLOCK = 3, 1
"""Kernel size and expansion of the block behind the stem."""

OPTIONS = tuple(
    tuple(BLOCKS) if layer in WIDENING_LAYERS else (IDENTITY, *BLOCKS) for layer in range(LAYERS)
)
"""Of every layer."""

HeightWidth = tuple[int, int]
"""Height and width."""


class LayerSite(NamedTuple):
    """Where a layer stands."""

    inputs: int
    outputs: int
    stride: int
    before: HeightWidth
    """Of what comes in."""
    after: HeightWidth


class LayerSites(NamedTuple):
    """What a network has whatever its options are."""

    stem: LayerSite
    first: LayerSite
    layers: tuple[LayerSite, ...]
    tail: LayerSite


def skeleton(width: int, image: HeightWidth, colours: int = COLOURS) -> LayerSites:
    """Of a stem with `width` channels; all widths are in proportion, rounded, 1 at least."""
    kept = strides_kept(min(image))
    places: list[int | None] = [None, *STRIDED]
    strided = set(places[len(places) - kept :])

    def scaled(channels: int) -> int:
        return max(1, round(channels * width / STEM))

    def site(inputs: int, outputs: int, layer: int | None, before: HeightWidth) -> LayerSite:
        stride = 2 if layer in strided else 1
        return LayerSite(inputs, outputs, stride, before, _smaller(before, stride))

    stem = site(colours, width, None, image)
    first = site(width, scaled(FIRST), -1, stem.after)
    layers = [first]
    for layer in range(LAYERS):
        before = layers[-1]
        new = layer in WIDENING_LAYERS
        outputs = scaled(WIDTHS[WIDENING_LAYERS.index(layer)]) if new else before.outputs
        layers.append(site(before.outputs, outputs, layer, before.after))
    tail = site(layers[-1].outputs, scaled(TAIL), -1, layers[-1].after)
    return LayerSites(stem, first, tuple(layers[1:]), tail)


def strides_kept(side: int) -> int:
    """How many of the five strides an image of so many pixels a side has."""
    kept, most = 0, 1 + len(STRIDED)
    while kept < most and (side + 1) // 2 >= LEAST_MAP:
        side = (side + 1) // 2
        kept += 1
    return kept


def _smaller(before: HeightWidth, stride: int) -> HeightWidth:
    height, width = before
    return (height + stride - 1) // stride, (width + stride - 1) // stride


def check_shape(shape: NetworkShape) -> None:
    """ValueError for `cells` other than 1."""
    if shape.cells != 1:
        raise ValueError(f"a network of proxyless has 21 layers, so cells is 1, not {shape.cells}")
