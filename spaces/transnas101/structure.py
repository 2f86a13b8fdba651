"""What a TransNAS-Bench-101 cell computes.

Its cells are repeated at two kinds of place. Where the map keeps its size a skip hands its input
on; where it is halved, a skip that leaves the input is a factorised reduction with weights of its
own (Duan et al., CVPR 2021). So only skips between later nodes leave nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence

from nasbench_harness.spaces.shared.cell import EDGES, NONE, SKIP
from nasbench_harness.spaces.transnas101.encoding import OPERATIONS


def canonical_form(choices: Sequence[int]) -> str:
    """The sum a cell computes, without what is not connected; empty where nothing is.

    Cells with equal forms compute the same; there are 1,229 forms. The benchmark trained many cells
    of one form apart, so that their numbers may differ.
    """
    nodes: list[list[str]] = [["in"]]
    for choice, (target, source) in zip(choices, EDGES, strict=True):
        if source == 0:
            nodes.append([])
        terms = nodes[source]
        if choice == NONE or not terms:
            continue
        if choice == SKIP and source:
            nodes[target] += terms
        else:
            nodes[target].append(f"{OPERATIONS[choice]}({'+'.join(sorted(terms))})")
    return "+".join(sorted(nodes[-1]))
