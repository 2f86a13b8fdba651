"""Both cells of a DARTS architecture as a picture, one above the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nasbench_harness.spaces.darts.encoding import INPUTS, NONE, CellEdges

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart without colour vision (after Okabe & Ito, 2008), and by width in grey print as well;
# each has a contrast of 3 to 1 with white.
STYLES = {
    "sep_conv_3x3": ("sep 3×3", "#0072b2", 2.6), "sep_conv_5x5": ("sep 5×5", "#0072b2", 3.4),
    "sep_conv_7x7": ("sep 7×7", "#0072b2", 4.2), "dil_conv_3x3": ("dil 3×3", "#a64d79", 2.2),
    "dil_conv_5x5": ("dil 5×5", "#a64d79", 3.0), "max_pool_3x3": ("max pool", "#d55e00", 2.0),
    "avg_pool_3x3": ("mean pool", "#d55e00", 1.4), "skip_connect": ("skip", "#008f68", 1.4),
    "noise": ("noise", "#6e7781", 1.4), NONE: ("none", "#8b949e", 1.0),
}  # fmt: skip
_INK, _MUTED = "#1f2328", "#8b949e"
_BAND = 2.6
"""Height of a cell."""
_STEP = 1.75
"""From node to node."""
Point = tuple[float, float]


def draw_cells(cells: Mapping[str, CellEdges], axes: Axes) -> None:
    """Nodes as circles, operations as coloured arrows with their names.

    On the left are the outputs of the last two cells, on the right what this cell gives.
    """
    nodes = max(map(len, cells.values()))
    for row, (kind, cell) in enumerate(cells.items()):
        _draw_cell(axes, kind, cell, -_BAND * row)
    axes.set_xlim(-1.0, _STEP * (nodes + 1) + 0.4)
    axes.set_ylim(-_BAND * (len(cells) - 1) - 1.15, 1.3)
    axes.set_aspect("equal")  # bends are of what is seen, and labels lie on them
    axes.set_axis_off()


def _draw_cell(axes: Axes, kind: str, cell: CellEdges, base: float) -> None:
    places = _places(len(cell), base)
    axes.text(
        -0.95,
        base + 1.2,
        {"reduce": "reduction"}.get(kind, kind) + " cell",
        fontsize=9,
        color=_INK,
        va="top",
    )
    for node, edges in enumerate(cell, INPUTS):
        for number, (source, operation) in enumerate(edges):
            twice = edges[0].source == edges[1].source
            bend = (0.28, -0.28)[number] if twice else _bend(places[source], places[node])
            _draw_edge(axes, (places[source], places[node]), operation, bend, 0.42 + 0.2 * number)
        _arrow(axes, places[node], places[-1], 0.0, _MUTED, 0.8)
    names = ["k−2", "k−1", *(str(node) for node in range(INPUTS, INPUTS + len(cell))), "out"]
    for place, name in zip(places, names, strict=True):
        axes.scatter(
            [place[0]], [place[1]], s=270, color="white", edgecolors=_MUTED, linewidths=1.1,
            zorder=2,
        )  # fmt: skip
        axes.text(*place, name, ha="center", va="center", fontsize=7, color=_INK, zorder=4)


def _places(nodes: int, base: float) -> list[Point]:
    """Inputs, intermediate nodes up and down in turn, output."""
    between = [(_STEP * (node + 1), base + (0.8, -0.8)[node % 2]) for node in range(nodes)]
    return [(-0.4, base + 0.5), (-0.4, base - 0.5), *between, (_STEP * (nodes + 1), base)]


def _bend(source: Point, target: Point) -> float:
    """Along the band an edge keeps clear of the nodes in between."""
    level = abs(source[1] - target[1]) < 0.5
    return 0.0 if not level else (-0.16 if source[1] > target[1] - 0.4 else 0.16)


def _draw_edge(
    axes: Axes, ends: tuple[Point, Point], operation: str, bend: float, at: float
) -> None:
    label, colour, width = STYLES[operation]
    _arrow(axes, *ends, bend, colour, width, dashed=operation == NONE)
    x, y = _along(*ends, bend, at)
    axes.text(
        x, y, label, ha="center", va="center", fontsize=6.5, color=_INK, zorder=3,
        bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"},
    )  # fmt: skip


def _arrow(  # noqa: PLR0913, PLR0917 - what an arrow is
    axes: Axes, source: Point, target: Point, bend: float, colour: str, width: float,
    dashed: bool = False,
) -> None:  # fmt: skip
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            source, target, connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>",
            mutation_scale=9, linewidth=width, color=colour, shrinkA=9, shrinkB=9, zorder=1,
            linestyle=(0, (3, 3)) if dashed else "-",
        )
    )  # fmt: skip


def _along(source: Point, target: Point, bend: float, t: float) -> Point:
    """Point at parameter t of matplotlib's `arc3` curve (a quadratic Bezier)."""
    (x0, y0), (x2, y2) = source, target
    x1 = (x0 + x2) / 2 + bend * (y2 - y0)
    y1 = (y0 + y2) / 2 - bend * (x2 - x0)
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2
