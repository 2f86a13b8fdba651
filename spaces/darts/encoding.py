"""What a DARTS cell is made of: nodes, edges, operations, and the numbers that stand for it.

A cell has two inputs, the nodes 0 and 1, and intermediate nodes from 2 on. Searched are the edges
from every earlier node to every intermediate one; a cell keeps two of them a node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

KINDS = ("normal", "reduce")
"""The two types of cells; a network repeats them."""
INPUTS = 2
"""Inputs of a cell: what the two cells before it gave."""
KEPT = 2
"""Edges that an intermediate node keeps."""
NONE, SKIP = "none", "skip_connect"
OPERATIONS = (
    NONE, "max_pool_3x3", "avg_pool_3x3", SKIP, "sep_conv_3x3", "sep_conv_5x5", "dil_conv_3x3",
    "dil_conv_5x5", "sep_conv_7x7", "noise",
)  # fmt: skip
"""Of all variants. The first eight are those of DARTS, in its order; a place is a number in
`Architecture.choices` and never changes."""
SEPARABLE = {"sep_conv_3x3": 3, "sep_conv_5x5": 5, "sep_conv_7x7": 7}
DILATED = {"dil_conv_3x3": 3, "dil_conv_5x5": 5}
"""Convolutions of two kinds, by the side of their kernels."""


class Edge(NamedTuple):
    """An edge that a node keeps."""

    source: int
    """The node it comes from; 0 and 1 are the cell's inputs."""
    operation: str


Node = tuple[Edge, Edge]
"""What enters an intermediate node, the lower source first."""
CellEdges = tuple[Node, ...]
"""The intermediate nodes in their order, node 2 first."""


def edges_of(nodes: int) -> tuple[tuple[int, int], ...]:
    """(target, source) of every edge of a cell with so many intermediate nodes, in order."""
    targets = range(INPUTS, INPUTS + nodes)
    return tuple((target, source) for target in targets for source in range(target))


def encode(cells: Mapping[str, CellEdges]) -> tuple[int, ...]:
    """Source and operation of every kept edge, one cell type after the other."""
    kept = chain.from_iterable(chain.from_iterable(cell) for cell in cells.values())
    return tuple(chain.from_iterable((e.source, OPERATIONS.index(e.operation)) for e in kept))


def decode(choices: Sequence[int], kinds: Sequence[str]) -> dict[str, CellEdges]:
    """The inverse of `encode`, by cell type."""
    sources, operations = choices[::2], choices[1::2]
    kept = [Edge(s, OPERATIONS[o]) for s, o in zip(sources, operations, strict=True)]
    nodes = [(kept[place], kept[place + 1]) for place in range(0, len(kept), KEPT)]
    count = len(nodes) // len(kinds)
    return {
        kind: tuple(nodes[place * count : (place + 1) * count]) for place, kind in enumerate(kinds)
    }


def ordered(first: Edge, second: Edge) -> Node:
    """Both edges of a node, the lower source first; of one source, the operations in order."""
    a, b = sorted((first, second), key=lambda edge: (edge.source, OPERATIONS.index(edge.operation)))
    return a, b
