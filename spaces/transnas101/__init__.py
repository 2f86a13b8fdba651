"""The cell-level space of TransNAS-Bench-101: 6 edges x 4 operations, 4,096 cells, seven tasks.

Source: Duan et al., "TransNAS-Bench-101", CVPR 2021 (arXiv 2105.11871), and the authors' code. The
cell is that of NAS-Bench-201 without pooling; five modules of two cells each follow a stem, and
three of them halve the map and double the channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import Architecture, Decision, NetworkShape
from nasbench_harness.spaces.shared import cell
from nasbench_harness.spaces.shared.product import ListedProduct
from nasbench_harness.spaces.transnas101 import costs, encoding, structure, training
from nasbench_harness.spaces.transnas101.citations import TRANSNAS_BIBTEX
from nasbench_harness.spaces.transnas101.columns import COLUMNS

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes

    from nasbench_harness.spaces.transnas101.network import TransNASNetwork
    from nasbench_harness.spaces.transnas101.shared_weights import TransNASSupernet

__all__ = ["TransNAS101"]


class TransNAS101(ListedProduct):
    """Six edges in the order 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2, four operations each."""

    name = "transnas101"
    decisions = tuple(
        Decision(f"{target}<-{source}", encoding.OPERATIONS, group=str(target), free=encoding.FREE)
        for target, source in cell.EDGES
    )
    costs = costs.COSTS
    columns = COLUMNS
    shapes = training.SHAPES
    training_recipes = training.RECIPES
    tables = ("transnas101",)
    citation = TRANSNAS_BIBTEX

    def __repr__(self) -> str:
        return f"<space {self.name}: {self.size:,} architectures, {len(self.decisions)} decisions>"

    def architecture(self, choices: Sequence[int]) -> Architecture:
        """The cell of six operation numbers; ValueError if one is out of range."""
        chosen = tuple(map(int, choices))
        return Architecture(self.name, chosen, encoding.format_cell(chosen))

    def parse(self, text: str) -> Architecture:
        """Read `64-41414-a_bc_def` or six digits; InvalidArchitectureError points at the fault."""
        return self.architecture(encoding.parse_cell(text))

    def cost(self, arch: Architecture, what: str, dataset: str) -> float:
        """`params` (count) or `flops` (count) of the network in one of the seven tasks."""
        return costs.cost(arch.choices, what, dataset)

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """What the cell computes, and its connectivity."""
        return {
            "canonical_form": structure.canonical_form(arch.choices),
            "connected": cell.is_connected(arch.choices),
            "collapsed": cell.is_all_skip(arch.choices),
        }

    def flaw(self, arch: Architecture) -> str:
        """Of cells that answer the same to every image."""
        if cell.is_connected(arch.choices):
            return ""
        return "no path from input to output: its numbers are those of a constant answer"

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Draw the cell as a graph, the input on the left and the output on the right."""
        from nasbench_harness.spaces.shared.cell_drawing import draw_cell

        draw_cell(arch.choices, encoding.OPERATIONS, axes)

    def supernet(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> TransNASSupernet:
        """A fresh supernet, from torch's global generator; ValueError for partial channels."""
        from nasbench_harness.spaces.transnas101.shared_weights import TransNASSupernet

        return TransNASSupernet(shape, track_running_stats=track_running_stats, partial=partial)

    def network(self, arch: Architecture, shape: NetworkShape) -> TransNASNetwork:
        """The cell's stand-alone network, as the benchmark trained it; fresh weights."""
        from nasbench_harness.spaces.transnas101.network import TransNASNetwork

        return TransNASNetwork(arch.choices, shape)

    def inherit(self, arch: Architecture, supernet: torch.nn.Module) -> TransNASNetwork:
        """The cell's stand-alone network with the weights it has in `supernet`."""
        from nasbench_harness.spaces.transnas101.shared_weights import TransNASSupernet, inherit

        assert isinstance(supernet, TransNASSupernet)
        return inherit(arch.choices, supernet)
