"""Random cells, and the cells one step away from another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from nasbench_harness.spaces.darts.derivation import pairs_of_inputs
from nasbench_harness.spaces.darts.encoding import INPUTS, NONE, CellEdges, Edge, Node, ordered
from nasbench_harness.spaces.darts.variants import CellVariant

if TYPE_CHECKING:
    import torch

Cells = dict[str, CellEdges]


def sample(variant: CellVariant, generator: torch.Generator) -> Cells:
    """Two inputs of every node and their operations, uniformly; never `none`."""
    cells = {}
    for kind in variant.kinds:
        nodes = []
        for node in range(INPUTS, INPUTS + variant.nodes):
            pairs = pairs_of_inputs(node, repeats=variant.repeats)
            sources = pairs[below(len(pairs), generator)]
            first, second = (
                Edge(source, _drawn(derived_options(variant, kind, node, source), generator))
                for source in sources
            )
            nodes.append(ordered(first, second))
        cells[kind] = tuple(nodes)
    return cells


def moves(cells: Mapping[str, CellEdges], variant: CellVariant) -> Iterator[Cells]:
    """Every cell that differs in one kept edge's operation or input, each once."""
    for kind, cell in cells.items():
        for place, node in enumerate(cell):
            for changed in _changes(node, kind, INPUTS + place, variant):
                yield {**cells, kind: (*cell[:place], changed, *cell[place + 1 :])}


def _changes(node: Node, kind: str, target: int, variant: CellVariant) -> list[Node]:
    changed: list[Node] = []
    for edge, other in (node, node[::-1]):
        changed += [
            ordered(Edge(edge.source, operation), other)
            for operation in derived_options(variant, kind, target, edge.source)
        ]
        changed += [
            ordered(Edge(source, edge.operation), other)
            for source in range(target)
            if (variant.repeats or source != other.source)
            and edge.operation in derived_options(variant, kind, target, source)
        ]
    return [n for n in dict.fromkeys(changed) if n != node]


def derived_options(variant: CellVariant, kind: str, target: int, source: int) -> list[str]:
    """What an edge can keep: all of its operations but `none`."""
    options = variant.options[variant.decision(kind, target, source)]
    return [name for name in options if name != NONE]


def below(count: int, generator: torch.Generator) -> int:
    """A number from 0 to below `count`, uniformly."""
    import torch

    return int(torch.randint(count, (), generator=generator, device=generator.device))


def _drawn(names: list[str], generator: torch.Generator) -> str:
    return names[below(len(names), generator)]
