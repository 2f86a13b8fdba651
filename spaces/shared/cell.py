"""Cells of four nodes in which every pair is joined by an edge: where their paths lead.

The graph of NAS-Bench-201 (Dong & Yang, ICLR 2020) and of TransNAS-Bench-101 (Duan et al., CVPR
2021). A cell is six operations in the order of `EDGES`; in both, `none` is the operation number 0
and `skip_connect` number 1.
"""

from __future__ import annotations

from collections.abc import Sequence

NODES = 4
EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))  # (target, source)
NONE, SKIP = 0, 1


def is_connected(choices: Sequence[int]) -> bool:
    """Does a path of operations other than `none` lead from input to output."""
    reached = {0}
    for choice, (target, source) in zip(choices, EDGES, strict=True):
        if choice != NONE and source in reached:
            reached.add(target)
    return NODES - 1 in reached


def live_edges(choices: Sequence[int]) -> tuple[bool, ...]:
    """Per edge: does it lie on a path of operations other than `none` from input to output."""
    edges = [edge for choice, edge in zip(choices, EDGES, strict=True) if choice != NONE]
    reached, needed = {0}, {NODES - 1}
    for target, source in edges:
        if source in reached:
            reached.add(target)
    for target, source in reversed(edges):
        if target in needed:
            needed.add(source)
    return tuple(
        choice != NONE and source in reached and target in needed
        for choice, (target, source) in zip(choices, EDGES, strict=True)
    )


def is_all_skip(choices: Sequence[int]) -> bool:
    """The cell without any operation but skips: where DARTS is known to collapse."""
    return all(choice == SKIP for choice in choices)
