"""NAS-Bench-Graph: one of 9 graphs of four nodes, and one of 9 operations on each of them.

Source: Qin et al., "NAS-Bench-Graph: Benchmarking Graph Neural Architecture Search", NeurIPS 2022,
data sets and benchmarks (arXiv 2206.09166). The space is the free product of five decisions, 59,049
architectures; its authors trained the 26,206 networks that differ in more than order and idle
skips (see `structure`), and none of the nine architectures that are skips alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import Architecture, Decision
from nasbench_harness.spaces.nbgraph import encoding, structure
from nasbench_harness.spaces.nbgraph.citations import NBGRAPH_BIBTEX
from nasbench_harness.spaces.nbgraph.columns import COLUMNS
from nasbench_harness.spaces.shared.product import ListedProduct

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes

__all__ = ["NBGraph"]


class NBGraph(ListedProduct):
    """The graph, then the operations of its four nodes; `0012/gat/gcn/skip/fc`.

    The nine architectures of skips alone are architectures all the same, so that the space is a
    free product. They are neither sampled nor mutated to, and a table has no numbers of them.
    """

    name = "nbgraph"
    decisions = (
        Decision("graph", encoding.GRAPHS, group="graph"),
        *(
            Decision(f"node{node}", encoding.OPERATIONS, group=f"node{node}", free=encoding.FREE)
            for node in range(1, 1 + encoding.NODES)
        ),
    )
    columns = COLUMNS
    tables = ("nbgraph",)
    citation = NBGRAPH_BIBTEX

    def __repr__(self) -> str:
        return f"<space {self.name}: {self.size:,} architectures, {len(self.decisions)} decisions>"

    def parse(self, text: str) -> Architecture:
        """Read `0012/gat/gcn/skip/fc` or `30187`; InvalidArchitectureError points at the fault."""
        return self.architecture(encoding.parse(text))

    def sample(self, generator: torch.Generator) -> Architecture:
        """Draw uniformly among those with an operation other than skip."""
        while not structure.is_trained((drawn := super().sample(generator)).choices):
            pass
        return drawn

    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        """Another option of one decision, uniformly among those that leave more than skips."""
        while not structure.is_trained((child := super().mutate(arch, generator)).choices):
            pass
        return child

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """The architecture that stands for the same network, and whether it is skips alone."""
        return {
            "canonical_form": structure.canonical_form(arch.choices),
            "collapsed": not structure.is_trained(arch.choices),
        }

    def flaw(self, arch: Architecture) -> str:
        """Of architectures that were never trained."""
        if structure.is_trained(arch.choices):
            return ""
        return "skips alone: the benchmark trained no such network and has no numbers of it"

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Draw the architecture as a tree, the raw input on the left, the output on the right."""
        from nasbench_harness.spaces.nbgraph.drawing import draw_tree

        draw_tree(arch.choices, axes)
