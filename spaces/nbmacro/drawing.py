"""A NAS-Bench-Macro network as a picture: a chain of layers, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nasbench_harness.spaces.nbmacro.encoding import FIRST, IDENTITY, LAYERS, OPTIONS, STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart without colour vision (after Okabe & Ito, 2008), and by height in grey print as well.
STYLES = {
    "identity": ("identity", "#57606a", 0.44),
    "mbconv_3x3_e3": ("3×3, e3", "#0072b2", 0.62),
    "mbconv_5x5_e6": ("5×5, e6", "#d55e00", 0.8),
}
"""Of every option its label, colour and height."""
SHAPED = "1×1"
"""What an identity is where it changes the shape."""
_INK, _MUTED, _STAGE = "#1f2328", "#8b949e", "#eef1f4"
_WIDTH = 0.68
"""Of a box; layers are 1 apart, and stages `_GAP` more."""
_GAP = 0.5


def draw_chain(choices: Sequence[int], axes: Axes) -> None:
    """Boxes from left to right, as high as their options are large, on a ground per stage.

    An identity that passes its input on is an empty box.
    """
    axes.plot([-0.9, _place(LAYERS - 1) + 0.9], [0, 0], color=_MUTED, linewidth=1.2, zorder=1)
    for stage, layers in enumerate(STAGES):
        _draw_stage(axes, stage, _place(sum(STAGES[:stage])), layers)
    for layer, choice in enumerate(choices):
        _draw_layer(axes, layer, choice)
    for x, name in ((-0.95, "in"), (_place(LAYERS - 1) + 0.95, "out")):
        axes.text(
            x, 0, name, ha="center", va="center", fontsize=8, color=_INK, zorder=4,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
        )  # fmt: skip
    axes.set_xlim(-1.4, _place(LAYERS - 1) + 1.4)
    axes.set_ylim(-0.75, 0.65)
    axes.set_axis_off()


def _place(layer: int) -> float:
    """Where a layer stands."""
    return layer + _GAP * (sum(FIRST[: layer + 1]) - 1)


def _draw_stage(axes: Axes, stage: int, left: float, layers: int) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle((left - 0.5, -0.5), layers, 1.0, facecolor=_STAGE, edgecolor="none", zorder=0)
    )
    middle = left + (layers - 1) / 2
    axes.text(middle, -0.56, f"stage {stage + 1}", ha="center", va="top", fontsize=7, color=_INK)


def _draw_layer(axes: Axes, layer: int, choice: int) -> None:
    from matplotlib.patches import FancyBboxPatch

    label, colour, height = STYLES[OPTIONS[choice]]
    if choice == IDENTITY and FIRST[layer]:
        label = SHAPED
    empty = choice == IDENTITY and not FIRST[layer]
    x = _place(layer)
    axes.add_patch(
        FancyBboxPatch(
            (x - _WIDTH / 2, -height / 2), _WIDTH, height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor="white" if empty else colour, edgecolor=_MUTED if empty else colour,
            linewidth=1.0, linestyle=(0, (2, 2)) if empty else "-", zorder=2,
        )
    )  # fmt: skip
    axes.text(
        x, 0, label, ha="center", va="center", rotation=90, fontsize=7,
        color=_INK if empty else "white", zorder=3,
    )  # fmt: skip
