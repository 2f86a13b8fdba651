"""A network of the ProxylessNAS space as a picture: a chain of layers, as wide as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nasbench_harness.spaces.proxyless.structure import (
    BLOCKS,
    LAYERS,
    OPTIONS,
    WIDENING_LAYERS,
    WIDTHS,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _MUTED, _GROUND = "#1f2328", "#8b949e", "#eef1f4"
COLOURS = {3: "#0072b2", 5: "#d55e00", 7: "#009e73"}
"""By kernel, told apart without colour vision (after Okabe & Ito, 2008)."""
HEIGHTS = {3: 0.5, 6: 0.85}
"""By expansion, which tells them apart in grey print."""
_WIDTH = 0.7


def draw_layers(choices: Sequence[int], axes: Axes) -> None:
    """Boxes from left to right, coloured by kernel and as high as they expand.

    An identity is an empty box; a ground holds the layers of one width.
    """
    axes.plot([-0.9, LAYERS - 0.1], [0, 0], color=_MUTED, linewidth=1.2, zorder=1)
    ends = [*WIDENING_LAYERS[1:], LAYERS]
    for width, first, end in zip(WIDTHS, WIDENING_LAYERS, ends, strict=True):
        _draw_ground(axes, first, end, width)
    for layer, choice in enumerate(choices):
        _draw_box(axes, layer, OPTIONS[layer][choice])
    axes.set_xlim(-1.1, LAYERS + 0.1)
    axes.set_ylim(-0.8, 0.6)
    axes.set_axis_off()


def _draw_ground(axes: Axes, first: int, end: int, width: int) -> None:
    from matplotlib.patches import Rectangle

    place = (first - 0.46, -0.5)
    axes.add_patch(
        Rectangle(place, end - first - 0.08, 1.0, facecolor=_GROUND, edgecolor="none", zorder=0)
    )
    middle = (first + end - 1) / 2
    axes.text(middle, -0.56, str(width), ha="center", va="top", fontsize=7, color=_INK)


def _draw_box(axes: Axes, layer: int, option: str) -> None:
    from matplotlib.patches import Rectangle

    kernel, expansion = BLOCKS.get(option, (0, 0))
    height, colour = HEIGHTS.get(expansion, 0.35), COLOURS.get(kernel, "white")
    axes.add_patch(
        Rectangle(
            (layer - _WIDTH / 2, -height / 2), _WIDTH, height, facecolor=colour,
            edgecolor=colour if kernel else _MUTED, linestyle="-" if kernel else (0, (2, 2)),
            zorder=2,
        )
    )  # fmt: skip
    told = f"{kernel}×{kernel}, e{expansion}" if kernel else "identity"
    axes.text(
        layer, 0, told, ha="center", va="center", rotation=90, fontsize=6,
        color="white" if kernel else _INK, zorder=3,
    )  # fmt: skip
