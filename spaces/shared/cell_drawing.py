"""A cell of four nodes as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nasbench_harness.spaces.shared.cell import EDGES, NODES, NONE, live_edges

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart without colour vision (after Okabe & Ito, 2008), and by width in grey print as well;
# each has a contrast of 3 to 1 with white.
STYLES = {
    "nor_conv_3x3": ("conv 3×3", "#0072b2", 3.4),
    "nor_conv_1x1": ("conv 1×1", "#2a8fcb", 2.2),
    "avg_pool_3x3": ("pool 3×3", "#d55e00", 2.2),
    "skip_connect": ("skip", "#008f68", 1.4),
}
_INK, _MUTED = "#1f2328", "#8b949e"
_POSITIONS = ((0.0, 0.0), (1.0, 0.62), (2.0, -0.62), (3.0, 0.0))
_BENDS = {(1, 0): 0.15, (2, 0): 0.15, (2, 1): 0.0, (3, 0): 0.0, (3, 1): -0.15, (3, 2): 0.15}
# Where the edges cross only one label may stand; the other lies where its edge is alone.
_LABEL_AT = {(3, 0): 0.76, (2, 1): 0.34}


def draw_cell(choices: Sequence[int], operations: Sequence[str], axes: Axes) -> None:
    """Nodes as circles, operations as coloured arrows; `none` is not drawn.

    What lies on no path from the input to the output is dead, and drawn grey and dashed.
    """
    live = live_edges(choices)
    for choice, edge, alive in zip(choices, EDGES, live, strict=True):
        if choice != NONE:
            _draw_edge(axes, edge, operations[choice], alive=alive)
    joined = {node for edge, alive in zip(EDGES, live, strict=True) if alive for node in edge}
    for node in range(NODES):
        _draw_node(axes, node, alive=node in {0, NODES - 1, *joined})
    if any(c != NONE and not alive for c, alive in zip(choices, live, strict=True)):
        axes.text(-0.3, -1.0, "dashed: no way from in to out", fontsize=7, color=_INK)
    axes.set_xlim(-0.3, 3.3)
    axes.set_ylim(-1.0, 1.0)
    axes.set_axis_off()


def _draw_edge(axes: Axes, edge: tuple[int, int], operation: str, *, alive: bool) -> None:
    from matplotlib.patches import FancyArrowPatch

    label, colour, width = STYLES[operation]
    target, source = (_POSITIONS[node] for node in edge)
    bend = _BENDS[edge]
    axes.add_patch(
        FancyArrowPatch(
            source, target, connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>",
            mutation_scale=12, linewidth=width if alive else 1.0,
            color=colour if alive else _MUTED, linestyle="-" if alive else (0, (3, 3)),
            shrinkA=11, shrinkB=11, zorder=1,
        )
    )  # fmt: skip
    x, y = _along(source, target, bend, _LABEL_AT.get(edge, 0.5))
    axes.text(
        x, y, label, ha="center", va="center", fontsize=8, color=_INK if alive else _MUTED,
        zorder=3, bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"},
    )  # fmt: skip


def _draw_node(axes: Axes, node: int, *, alive: bool) -> None:
    x, y = _POSITIONS[node]
    style = "-" if alive else (0, (2, 2))
    axes.scatter(
        [x], [y], s=330, color="white", edgecolors=_MUTED, linewidths=1.2, linestyles=[style],
        zorder=2,
    )  # fmt: skip
    name = {0: "in", NODES - 1: "out"}.get(node, str(node))
    axes.text(
        x, y, name, ha="center", va="center", fontsize=8, color=_INK if alive else _MUTED, zorder=4
    )


def _along(
    source: tuple[float, float], target: tuple[float, float], bend: float, t: float
) -> tuple[float, float]:
    """Point at parameter t of matplotlib's `arc3` curve (a quadratic Bezier)."""
    (x0, y0), (x2, y2) = source, target
    x1 = (x0 + x2) / 2 + bend * (y2 - y0)
    y1 = (y0 + y2) / 2 - bend * (x2 - x0)
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2
