"""The search space of DARTS cells and its variants."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import Architecture, Decision, NetworkShape
from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.darts import costs, encoding, steps
from nasbench_harness.spaces.darts.citations import DARTS_SPACE_BIBTEX
from nasbench_harness.spaces.darts.columns import COLUMNS, facts
from nasbench_harness.spaces.darts.derivation import derive
from nasbench_harness.spaces.darts.encoding import INPUTS, SKIP, CellEdges
from nasbench_harness.spaces.darts.genotypes import format_genotype, read_genotype
from nasbench_harness.spaces.darts.places import check_width
from nasbench_harness.spaces.darts.training import RECIPES
from nasbench_harness.spaces.darts.variants import DEFAULT, VARIANTS, CellVariant

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes

    from nasbench_harness.spaces.darts.network import EvaluationNetwork
    from nasbench_harness.spaces.darts.shared_weights import DARTSSupernet

NAME = "darts"


class DARTSSpace:
    """A decision an edge: 14 of the normal cell, then 14 of the reduction cell.

    An architecture keeps two edges a node, each with one operation; weights of the others are 0.
    """

    version = "1"
    costs = costs.COSTS
    columns = COLUMNS
    citation = DARTS_SPACE_BIBTEX
    tables = ()
    training_recipes = RECIPES
    parameters: Mapping[str, Mapping[str, str]] = MappingProxyType(
        {"variant": {name: variant.text for name, variant in VARIANTS.items()}}
    )

    def __init__(self, variant: str = DEFAULT) -> None:
        """UnknownNameError for a variant that is none."""
        if variant not in VARIANTS:
            raise UnknownNameError(f"variant of `{NAME}`", variant, VARIANTS)
        self.name = NAME if variant == DEFAULT else f"{NAME}[variant={variant}]"
        self.variant: CellVariant = VARIANTS[variant]
        self.shapes = self.variant.shapes

    def __repr__(self) -> str:
        return f"<space {self.name}: {self.variant.text}>"

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """The edges of the normal cell, `normal_2<-0` first, then those of the reduction cell."""
        places = [(kind, *edge) for kind in self.variant.kinds for edge in self.variant.edges]
        return tuple(
            Decision(
                f"{kind}_{target}<-{source}",
                options,
                group=f"{kind}_{target}",
                free=(SKIP,) if SKIP in options and _keeps_size(kind, source) else (),
                cell=kind,
            )
            for (kind, target, source), options in zip(places, self.variant.options, strict=True)
        )

    @cached_property
    def mask(self) -> torch.Tensor:
        """bool [D, K]: True where the edge has so many operations."""
        import torch

        counts = torch.tensor([len(options) for options in self.variant.options])
        return torch.arange(int(counts.max())) < counts.unsqueeze(1)

    # --- architectures ---------------------------------------------------------------------------

    def architecture(self, cells: Mapping[str, CellEdges]) -> Architecture:
        """The one with these cells, which are of this variant."""
        return Architecture(self.name, encoding.encode(cells), format_genotype(cells))

    def cells(self, arch: Architecture) -> dict[str, CellEdges]:
        """By cell type, the two kept edges of every node."""
        return encoding.decode(arch.choices, self.variant.kinds)

    def parse(self, text: str) -> Architecture:
        """Read `Genotype(normal=[('sep_conv_3x3', 0), ...], ...)` or the name of a published cell.

        See `genotypes` for the other forms. InvalidArchitectureError points at the first fault.
        """
        return self.architecture(read_genotype(text, self.variant, self.name))

    def sample(self, generator: torch.Generator) -> Architecture:
        """Two inputs of every node and their operations, uniformly; never `none`."""
        return self.architecture(steps.sample(self.variant, generator))

    def mutate(self, arch: Architecture, generator: torch.Generator) -> Architecture:
        """A kept edge with another operation, or from another input; uniform among neighbours."""
        near = self.neighbours(arch)
        return near[steps.below(len(near), generator)]

    def neighbours(self, arch: Architecture) -> list[Architecture]:
        """All that differ in the operation or the input of one kept edge.

        An edge that moves keeps its operation, and moves only where the other edge has it.
        """
        return [self.architecture(cells) for cells in steps.moves(self.cells(arch), self.variant)]

    def weights(self, arch: Architecture) -> torch.Tensor:
        """[D, K]: 1 at the operation of each kept edge; 2 where a node has it twice."""
        import torch

        weights = torch.zeros(self.mask.shape)
        for place, operation in self.kept(arch):
            weights[place, self.variant.options[place].index(operation)] += 1
        return weights

    def kept(self, arch: Architecture) -> list[tuple[int, str]]:
        """Number of the decision and operation of every kept edge."""
        return [
            (self.variant.decision(kind, target, edge.source), edge.operation)
            for kind, cell in self.cells(arch).items()
            for target, node in enumerate(cell, INPUTS)
            for edge in node
        ]

    def derive(self, scores: torch.Tensor) -> Architecture:
        """The two strongest edges of every node; see `derivation`."""
        return self.architecture(derive(scores.detach().cpu().tolist(), self.variant))

    # --- facts -----------------------------------------------------------------------------------

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """Skips and depth of the normal cell."""
        return facts(self.cells(arch))

    def cost(self, arch: Architecture, what: str, dataset: str = "cifar10") -> float:
        """`params` (count) or `flops` (multiply-adds) of the evaluated network, without its aux."""
        return costs.cost(self.cells(arch), what, dataset, self.shapes.evaluation)

    def draw(self, arch: Architecture, axes: Axes) -> None:
        """Draw the cells as graphs, one above the other."""
        from nasbench_harness.spaces.darts.drawing import draw_cells

        draw_cells(self.cells(arch), axes)

    # --- networks --------------------------------------------------------------------------------

    def supernet(
        self, shape: NetworkShape, *, track_running_stats: bool = True, partial: int = 1
    ) -> DARTSSupernet:
        """A fresh supernet, from torch's global generator; ValueError for an impossible width."""
        from nasbench_harness.spaces.darts.shared_weights import DARTSSupernet

        return DARTSSupernet(
            shape, self.variant, track_running_stats=track_running_stats, partial=partial
        )

    def check_supernet(self, shape: NetworkShape, *, partial: int = 1) -> None:
        """ValueError for an impossible width."""
        check_width(shape, partial)

    def network(self, arch: Architecture, shape: NetworkShape) -> EvaluationNetwork:
        """The stand-alone network, as DARTS' authors evaluate it; fresh weights."""
        from nasbench_harness.spaces.darts.network import EvaluationNetwork

        return EvaluationNetwork(self.cells(arch), shape)

    def inherit(self, arch: Architecture, supernet: torch.nn.Module) -> EvaluationNetwork:
        """The stand-alone network with the weights it has in `supernet`."""
        from nasbench_harness.spaces.darts.inheritance import inherit
        from nasbench_harness.spaces.darts.shared_weights import DARTSSupernet

        assert isinstance(supernet, DARTSSupernet)
        return inherit(self.cells(arch), supernet)


def _keeps_size(kind: str, source: int) -> bool:
    """Is a skip of the edge an identity; in a reduction cell those of its inputs have weights."""
    return kind != "reduce" or source >= INPUTS
