"""An architecture of NAS-Bench-Graph as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nasbench_harness.spaces.nbgraph.encoding import GRAPHS, NODES, OPERATIONS, SKIP

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _MUTED, _BOX = "#1f2328", "#8b949e", "#eaf2f8"
Point = tuple[float, float]


def draw_tree(choices: Sequence[int], axes: Axes) -> None:
    """Operations as boxes from the input on the left to the output on the right; skips are grey.

    Every operation reads one other; what nobody reads goes to the output.
    """
    graph, *operations = choices
    sources = [int(digit) for digit in GRAPHS[graph]]
    places = _places(sources)
    output = max(x for x, _ in places) + 1, 0.0
    for node, source in enumerate(sources, start=1):
        _draw_arrow(axes, places[source], places[node])
        if node not in sources:
            _draw_arrow(axes, places[node], output)
    _draw_box(axes, places[0], "in", skip=False)
    _draw_box(axes, output, "out", skip=False)
    for node, operation in enumerate(operations, start=1):
        _draw_box(axes, places[node], OPERATIONS[operation], skip=operation == SKIP)
    axes.set_xlim(-0.4, output[0] + 0.4)
    axes.set_ylim(-2.0, 2.0)
    axes.set_axis_off()


def _places(sources: Sequence[int]) -> list[Point]:
    """Where the input and the nodes stand: by their depth, leaves evenly from top to bottom."""
    depths = [0]
    for source in sources:
        depths.append(depths[source] + 1)
    leaves = _leaves(0, sources)
    heights = {leaf: (len(leaves) - 1) / 2 - i for i, leaf in enumerate(leaves)}
    return [
        (float(depth), sum(heights[leaf] for leaf in own) / len(own))
        for depth, own in ((depths[node], _leaves(node, sources)) for node in range(1 + NODES))
    ]


def _leaves(node: int, sources: Sequence[int]) -> list[int]:
    """What ends at the output among a node and all that go on from it, branch after branch."""
    following = [other for other, source in enumerate(sources, start=1) if source == node]
    return [leaf for other in following for leaf in _leaves(other, sources)] or [node]


def _draw_arrow(axes: Axes, source: Point, target: Point) -> None:
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            source, target, arrowstyle="-|>", mutation_scale=10, linewidth=1.2, color=_MUTED,
            shrinkA=14, shrinkB=16, zorder=1,
        )
    )  # fmt: skip


def _draw_box(axes: Axes, place: Point, name: str, *, skip: bool) -> None:
    face = "white" if skip or name in ("in", "out") else _BOX
    axes.text(
        *place, name, ha="center", va="center", fontsize=8, color=_MUTED if skip else _INK,
        zorder=3, bbox={"boxstyle": "round,pad=0.3", "facecolor": face, "edgecolor": _MUTED},
    )  # fmt: skip
