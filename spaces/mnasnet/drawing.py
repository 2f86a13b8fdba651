"""Drawing a network: its seven blocks from the image on top to the classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _FILL, _SQUEEZED = "#333333", "#dfe6ee", "#9db7d5"
_MOST = 4
"""Layers of the longest bar."""


def draw_blocks(blocks: Sequence[Sequence[str]], axes: Axes) -> None:
    """A row of boxes for each block, one a layer; darker with squeeze-excite."""
    axes.set_axis_off()
    axes.set_xlim(-1.6, _MOST)
    axes.set_ylim(-len(blocks) + 0.4, 0.6)
    for place, (expansion, kernel, layers, squeeze) in enumerate(blocks):
        height = kernel.removeprefix("k")
        told = f"x{expansion.removeprefix('e')}, {height}x{height}"
        axes.text(-0.1, -place, told, ha="right", va="center", fontsize=8, color=_INK)
        axes.barh(
            [-place] * int(layers.removeprefix("layers")),
            0.9,
            height=0.7,
            left=range(int(layers.removeprefix("layers"))),
            color=_SQUEEZED if squeeze == "se1" else _FILL,
            edgecolor=_INK,
            linewidth=0.8,
        )
