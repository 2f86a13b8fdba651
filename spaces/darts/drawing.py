"""The cells of a DARTS architecture as a picture, one above the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nasbench_harness.spaces.darts.encoding import INPUTS, NONE, CellEdges, Edge, Node

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Told apart without colour vision (after Okabe & Ito, 2008), and by width in grey print as well;
# each has a contrast of 3 to 1 with white.
STYLES = {
    "sep_conv_3x3": ("sep 3×3", "#0072b2", 1.6), "sep_conv_5x5": ("sep 5×5", "#0072b2", 2.1),
    "sep_conv_7x7": ("sep 7×7", "#0072b2", 2.6), "dil_conv_3x3": ("dil 3×3", "#a64d79", 1.6),
    "dil_conv_5x5": ("dil 5×5", "#a64d79", 2.1), "max_pool_3x3": ("max pool", "#d55e00", 1.6),
    "avg_pool_3x3": ("avg pool", "#d55e00", 1.0), "skip_connect": ("skip", "#008f68", 1.2),
    "noise": ("noise", "#6e7781", 1.2), NONE: ("none", "#8b949e", 0.8),
}  # fmt: skip
_INK, _MUTED, _BOX = "#1f2328", "#8b949e", "#f3f5f7"
_LABEL = 0.5
"""From the middle of a node to that of the operation that enters it; nodes are 1 apart."""
_NEAR, _STEP = 0.26, 0.1
"""From an operation to the first line that passes it, and from line to line."""
_INPUT = 0.32
"""From the middle of the row to that of an input."""
INPUT_NAMES, OUTPUT_NAME = ("cₖ₋₂", "cₖ₋₁"), "cₖ"
"""Plain characters: not everybody who asks for a drawing lets formulas be read in labels."""
Point = tuple[float, float]


def draw_cells(cells: Mapping[str, CellEdges], axes: Axes) -> None:
    """Inputs on the left, nodes in a row from 0 on, and `c_k`, which joins them, on the right.

    Every node is the sum of two operations, one above and one below it; a line leads to each from
    what it reads. Node 0 here is input 2 of a genotype.
    """
    nodes = max(map(len, cells.values()))
    routes = {kind: list(_routes(cell)) for kind, cell in cells.items()}
    passing = max(lane for all_routes in routes.values() for *_, lane in all_routes)
    half = _LABEL + _NEAR + _STEP * passing
    for row, (kind, cell) in enumerate(cells.items()):
        base = -2 * half * row
        name = {"reduce": "reduction"}.get(kind, kind)
        axes.text(-0.52, base, name, fontsize=7, color=_INK, rotation=90, va="center", ha="center")
        _draw_nodes(axes, len(cell), base)
        for node, edge, side, lane in routes[kind]:
            _draw_edge(axes, _place(edge.source, base), _place(node, base), edge, (side, lane))
    axes.set_xlim(-0.65, nodes + 1.3)
    axes.set_ylim(-half * (2 * len(cells) - 1), half)
    axes.set_axis_off()


def _routes(cell: CellEdges) -> Iterator[tuple[int, Edge, int, int]]:
    """Node, edge, above (1) or below (-1), and which line beside the row, 0 for next nodes."""
    routes = []
    for node, edges in enumerate(cell, INPUTS):
        above, below = _sides(edges)
        routes += [(node, above, 1), (node, below, -1)]
    taken = {1: 0, -1: 0}
    for node, edge, side in sorted(routes, key=lambda r: r[0] - max(r[1].source, 1)):
        far = node - max(edge.source, 1) > 1
        taken[side] += far
        yield node, edge, side, taken[side] if far else 0


def _sides(edges: Node) -> tuple[Edge, Edge]:
    """Which edge comes from above: the first input is above the second, and their lines with it."""
    first, second = edges
    return (second, first) if first.source == 1 and second.source != 1 else (first, second)


def _place(node: int, base: float) -> Point:
    """The inputs, one above the other, then the nodes in a row."""
    if node < INPUTS:
        return 0.0, base + (_INPUT, -_INPUT)[node]
    return node - 1.0, base


def _draw_nodes(axes: Axes, nodes: int, base: float) -> None:
    """With what the cell's output joins behind them."""
    from matplotlib.patches import FancyBboxPatch

    out = nodes + 1.0
    joint = FancyBboxPatch(
        (0.65, base - 0.15), nodes - 0.3, 0.3, facecolor=_BOX, edgecolor="none",
        boxstyle="round,pad=0.05", zorder=0,
    )  # fmt: skip
    axes.add_patch(joint)
    _draw_arrow(axes, (out - 0.6, base), (out - 0.18, base), _MUTED, 1.0)
    names = [*INPUT_NAMES, *map(str, range(nodes))]
    for node, name in enumerate(names):
        _write(axes, _place(node, base), name, edgecolor=_MUTED, pad=0.28)
    _write(axes, (out, base), OUTPUT_NAME, edgecolor=_MUTED, pad=0.28)


def _draw_edge(
    axes: Axes, source: Point, target: Point, edge: Edge, route: tuple[int, int]
) -> None:
    """From what is read to the operation, and from there to the node."""
    label, colour, width = STYLES[edge.operation]
    (x0, y0), (x1, base), (side, lane) = source, target, route
    y1 = base + side * _LABEL
    start = [(x0, y0), (x0 + 0.5, y0)]
    if lane:
        high = y1 + side * (_NEAR + _STEP * (lane - 1))
        line = [*start, (x0 + 0.3, high), (x0 + 0.8, high)]
        line += [(x0 + 0.8, high), (x1 - 0.3, high), (x1 - 0.3, high)]
        line += [(x1, high), (x1, high), (x1, y1)]
    else:
        line = [*start, (x1 - 0.5, y1), (x1, y1)]
    _draw_line(axes, line, colour, width, dashed=edge.operation == NONE)
    _draw_arrow(axes, (x1, y1), (x1, base + side * 0.14), colour, width)
    _write(axes, (x1, y1), label, edgecolor=colour, pad=0.2)


def _write(axes: Axes, place: Point, text: str, *, edgecolor: str, pad: float) -> None:
    box: dict[str, Any] = {
        "boxstyle": f"round,pad={pad}", "facecolor": "white", "edgecolor": edgecolor,
        "linewidth": 0.8,
    }  # fmt: skip
    axes.text(*place, text, ha="center", va="center", fontsize=6.5, color=_INK, zorder=3, bbox=box)


def _draw_line(axes: Axes, points: list[Point], colour: str, width: float, *, dashed: bool) -> None:
    """Along Bezier curves, each of three further points."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    path = Path(points, [Path.MOVETO, *[Path.CURVE4] * (len(points) - 1)])
    axes.add_patch(
        PathPatch(
            path, facecolor="none", edgecolor=colour, linewidth=width, zorder=1,
            linestyle=(0, (3, 3)) if dashed else "-",
        )
    )  # fmt: skip


def _draw_arrow(axes: Axes, source: Point, target: Point, colour: str, width: float) -> None:
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            source, target, arrowstyle="-|>", mutation_scale=5 + width, linewidth=width,
            color=colour, shrinkA=0, shrinkB=0, zorder=1,
        )
    )  # fmt: skip
