"""From preferences to a cell, and back: what discretisation keeps of a relaxed cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from nasbench_harness.spaces.darts.encoding import (
    INPUTS,
    KEPT,
    NONE,
    CellEdges,
    Edge,
    Node,
    ordered,
)
from nasbench_harness.spaces.darts.variants import CellVariant

Preferences = Sequence[Sequence[float]]
"""Preferences [D, K] of all decisions."""


def derive(rows: Preferences, variant: CellVariant) -> dict[str, CellEdges]:
    """The two strongest edges of every node, each with its best operation, by cell type.

    As DARTS derives: an edge is as strong as its best operation other than `none`, which is never
    derived. But that an edge of which `none` alone is preferred keeps it, so that cells with `none`
    have a place among the preferences. Where a node may take an input twice, its two strongest
    (input, operation) are kept instead; one counts twice that is above 1 and above twice the next,
    as only sums over two paths are.
    """
    node = _paths if variant.repeats else _edges
    cells, place = {}, 0
    for kind in variant.kinds:
        nodes: list[Node] = []
        for inputs in range(INPUTS, INPUTS + variant.nodes):
            entering = slice(place, place + inputs)
            nodes.append(node(rows[entering], variant.options[entering]))
            place += inputs
        cells[kind] = tuple(nodes)
    return cells


def _edges(rows: Preferences, options: Sequence[Sequence[str]]) -> Node:
    """Top-2 edges of a node; of equals the lower source."""
    best = [_best(row, names) for row, names in zip(rows, options, strict=True)]
    ranked = sorted(range(len(best)), key=lambda source: best[source][:2], reverse=True)
    first, second = (Edge(source, best[source][2]) for source in ranked[:KEPT])
    return ordered(first, second)


def _best(row: Sequence[float], names: Sequence[str]) -> tuple[float, float, str]:
    """How strong an edge is, how strong its `none`, and its operation."""
    values = dict(zip(names, row, strict=False))  # rows are padded
    absent = values.pop(NONE, 0.0)
    operation = max(values, key=values.__getitem__)
    if absent > 0 and not values[operation] > 0:
        operation = NONE
    return max(values.values()), absent, operation


def _paths(rows: Preferences, options: Sequence[Sequence[str]]) -> Node:
    """Top-2 (input, operation) of a node; of equals the lower source, then the first operation."""
    paths = [
        (value, Edge(source, name))
        for source, (row, names) in enumerate(zip(rows, options, strict=True))
        for value, name in zip(row, names, strict=False)
        if name != NONE
    ]
    (value, first), (next_value, second), *_ = sorted(paths, key=lambda p: p[0], reverse=True)
    return ordered(first, first if value > max(1.0, 2 * next_value) else second)


def pairs_of_inputs(inputs: int, *, repeats: bool) -> list[tuple[int, int]]:
    """Which two of a node's inputs can be kept."""
    twice = [(source, source) for source in range(inputs)] if repeats else []
    return [(a, b) for a, b in combinations(range(inputs), 2)] + twice
