"""The NAS-Bench-201 cell space: 6 edges x 5 operations, 15,625 cells.

Source: Dong & Yang, "NAS-Bench-201", ICLR 2020 (arXiv 2001.00326). Every pair of the nodes 0..3
is joined by an edge, a node is the sum of what its edges bring, and one cell is repeated in three
stages of a fixed skeleton.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, cast

from nasbench_harness.contracts import Architecture, Decision, NetworkShape
from nasbench_harness.spaces.nb201 import costs, encoding, notations, structure, training
from nasbench_harness.spaces.nb201.citations import NB201_BIBTEX
from nasbench_harness.spaces.nb201.columns import COLUMNS

if TYPE_CHECKING:
    import numpy as np
    import torch
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from nasbench_harness.spaces.nb201.grouped import GroupedSupernet
    from nasbench_harness.spaces.nb201.network import Network
    from nasbench_harness.spaces.nb201.plain import PerEdgeSupernet
    from nasbench_harness.spaces.nb201.shared_weights import CellSupernet

__all__ = ["NB201"]

NAME = "nb201"


class NB201:
    """Six edges in the order 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2, five operations each."""

    name = NAME
    version = "1"
    decisions = tuple(
        Decision(f"{target}<-{source}", encoding.OPERATIONS, group=str(target), free=encoding.FREE)
        for target, source in encoding.EDGES
    )
    size = encoding.SIZE
    product = True
    costs = costs.COSTS
    columns = COLUMNS
    shapes = training.SHAPES
    training_recipes = training.RECIPES
    tables = ("official", "analog")
    citation = NB201_BIBTEX

    def __repr__(self) -> str:
        return f"<space {self.name}: {self.size:,} architectures, {len(self.decisions)} decisions>"

    @cached_property
    def mask(self) -> torch.Tensor:
        """bool [6, 5], all True: every edge has all five operations."""
        import torch

        return torch.ones(len(encoding.EDGES), len(encoding.OPERATIONS), dtype=torch.bool)

    def architecture(self, choices: Sequence[int]) -> Architecture:
        """The cell of six operation indices; ValueError if one is out of range."""
        chosen = tuple(int(choice) for choice in choices)
        return Architecture(NAME, chosen, encoding.format_cell(chosen))

    def parse(self, text: str) -> Architecture:
        """Read `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`, or what other tools print of a cell."""
        return self.architecture(notations.read_cell(text))

    def at_index(self, index: int) -> Architecture:
        """The cell with this official benchmark index, 0..15624; IndexError outside."""
        return self.architecture(encoding.cell_at(index))

    def index(self, arch: Architecture) -> int:
        """The official benchmark index of a cell, 0..15624."""
        return encoding.index_of(arch.choices)

    def indices(self) -> NDArray[np.int64]:
        """[15625] the official index of every cell, in rank order."""
        import numpy as np

        return np.array(encoding.official_indices(), dtype=np.int64)

    def sample(self, generator: torch.Generator) -> Architecture:
        """Draw a cell uniformly."""
        import torch

        shape = (len(encoding.EDGES),)
        drawn = torch.randint(
            len(encoding.OPERATIONS), shape, generator=generator, device=generator.device
        )
        return self.architecture(drawn.tolist())

    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        """Another operation on one edge: a uniform node, then one of its edges, then what is new.

        As the benchmark's authors mutate for regularised evolution.
        """
        import torch

        def draw(below: int) -> int:
            return int(torch.randint(below, (), generator=generator, device=generator.device))

        node = 1 + draw(encoding.NODES - 1)
        edges = [edge for edge, (target, _) in enumerate(encoding.EDGES) if target == node]
        edge = edges[draw(len(edges))]
        shift = 1 + draw(len(encoding.OPERATIONS) - 1)
        choices = list(arch.choices)
        choices[edge] = (choices[edge] + shift) % len(encoding.OPERATIONS)
        return self.architecture(choices)

    def neighbours(self, arch: Architecture) -> list[Architecture]:
        """The 24 cells that differ in the operation of one edge."""
        choices = arch.choices
        return [
            self.architecture((*choices[:edge], other, *choices[edge + 1 :]))
            for edge in range(len(choices))
            for other in range(len(encoding.OPERATIONS))
            if other != choices[edge]
        ]

    def enumerate(self) -> Iterator[Architecture]:
        """All 15,625 cells, first edge slowest."""
        operations = range(len(encoding.OPERATIONS))
        return map(self.architecture, product(operations, repeat=len(encoding.EDGES)))

    def rank(self, arch: Architecture) -> int:
        """Position in `enumerate()` (not the official index, which is shuffled)."""
        return encoding.rank_of(arch.choices)

    def unrank(self, rank: int) -> Architecture:
        """The cell at a position of `enumerate()`."""
        return self.architecture(encoding.cell_of_rank(rank))

    def weights(self, arch: Architecture) -> torch.Tensor:
        """One-hot [6, 5]."""
        import torch

        chosen = torch.tensor(arch.choices)
        return torch.nn.functional.one_hot(chosen, len(encoding.OPERATIONS)).float()

    def derive(self, scores: torch.Tensor) -> Architecture:
        """Argmax over all five operations of every edge, `none` included (as published)."""
        return self.architecture(scores.argmax(dim=-1).tolist())

    def cost(self, arch: Architecture, what: str, dataset: str = "cifar10") -> float:
        """`params` (count) or `flops` (multiply-adds) of the stand-alone network."""
        return costs.cost(arch.choices, what, dataset)

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """Index, isomorphism class and connectivity."""
        return {
            "index": self.index(arch),
            "canonical_form": structure.canonical_form(arch.choices),
            "connected": structure.is_connected(arch.choices),
            "collapsed": structure.is_all_skip(arch.choices),
        }

    def flaw(self, arch: Architecture) -> str:
        """Of cells that answer the same to every image, and compile to nothing."""
        if structure.is_connected(arch.choices):
            return ""
        return "no path from input to output: accuracy is chance, latencies are artefacts"

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Draw the cell as a graph, the input on the left and the output on the right."""
        from nasbench_harness.spaces.shared.cell_drawing import draw_cell

        draw_cell(arch.choices, encoding.OPERATIONS, axes)

    def supernet(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> CellSupernet:
        """A fresh supernet, from torch's global generator; ValueError for an impossible width."""
        from nasbench_harness.spaces.nb201.shared_weights import CellSupernet

        return CellSupernet(shape, track_running_stats=track_running_stats, partial=partial)

    def grouped(self, networks: Sequence[torch.nn.Module]) -> GroupedSupernet:
        """Supernets of several runs as one; ValueError where they are not of one shape."""
        from nasbench_harness.spaces.nb201.grouped import GroupedSupernet

        return GroupedSupernet(cast("Sequence[CellSupernet]", networks))

    def check_supernet(self, shape: NetworkShape, *, partial: int = 1) -> None:
        """ValueError for an impossible width."""
        training.check_width(shape, partial)

    def plain_supernet(self, shape: NetworkShape) -> PerEdgeSupernet:
        """A fresh supernet of one module per operation per edge, as published codes have it."""
        from nasbench_harness.spaces.nb201.plain import PerEdgeSupernet

        return PerEdgeSupernet(shape)

    def network(self, arch: Architecture, shape: NetworkShape) -> Network:
        """The cell's stand-alone network, as the benchmark trained it; fresh weights."""
        from nasbench_harness.spaces.nb201.network import Network

        return Network(arch.choices, shape)

    def inherit(self, arch: Architecture, supernet: torch.nn.Module) -> Network:
        """The cell's stand-alone network with the weights it has in `supernet`."""
        from nasbench_harness.spaces.nb201.shared_weights import CellSupernet, inherit

        assert isinstance(supernet, CellSupernet)
        return inherit(arch.choices, supernet)
