"""The DARTS cell space: a normal and a reduction cell, two edges a node, 10^18 architectures.

Source: Liu, Simonyan & Yang, "DARTS: Differentiable Architecture Search", ICLR 2019 (arXiv
1806.09055), and the authors' code. UNAS, DrNAS and what they compare themselves with report on it.
A relaxed cell has all 14 edges; an architecture keeps the two strongest of each node.
"""

from nasbench_harness.spaces.darts.space import DARTSSpace
from nasbench_harness.spaces.darts.variants import DEFAULT, VARIANTS

__all__ = ["open_darts"]


def open_darts(variant: str = DEFAULT) -> DARTSSpace:
    """The space or a variant of it, `darts[variant=s2]`; UnknownNameError for one that is none.

    Where all edges have the same operations, its cells are also two independent paths a node.
    """
    from nasbench_harness.spaces.darts.factors import PathSpace

    own_edges = variant in VARIANTS and VARIANTS[variant].pairs
    return DARTSSpace(variant) if own_edges else PathSpace(variant)


open_darts.parameters = DARTSSpace.parameters  # type: ignore[attr-defined]
