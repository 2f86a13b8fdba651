"""DARTS cells as independent choices: two paths a node, each of an input and an operation.

Every choice is free of the others, so a product distribution is one over cells with two paths a
node (UNAS, Vahdat et al., CVPR 2020): the weight of operation k on the edge from input j is the sum
over both paths of input_j times op_k. Both paths may be the same.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from nasbench_harness.contracts import Architecture, Decision
from nasbench_harness.spaces.darts.encoding import (
    INPUTS,
    KEPT,
    NONE,
    CellEdges,
    Edge,
    Node,
    ordered,
)
from nasbench_harness.spaces.darts.space import DARTSSpace

if TYPE_CHECKING:
    from torch import Tensor


class PathSpace(DARTSSpace):
    """A variant of the space whose edges all have the same operations; see `Factorised`.

    Factors of a node: input and operation of its first path, then those of its second.
    """

    @cached_property
    def path_operations(self) -> tuple[str, ...]:
        """What a path can have: all operations but `none`."""
        return tuple(name for name in self.variant.operations if name != NONE)

    @cached_property
    def factors(self) -> tuple[Decision, ...]:
        """Input and operation of two paths a node: 32 of two cells with four nodes."""
        made = []
        for kind, node in self._nodes:
            for path in range(KEPT):
                called, group = f"{kind}_{node}_path{path}", f"{kind}_{node}"
                inputs = tuple(str(source) for source in range(node))
                made.append(Decision(f"{called}_input", inputs, group, cell=kind))
                operations = self.path_operations
                made.append(Decision(f"{called}_operation", operations, group, cell=kind))
        return tuple(made)

    def expand(self, weights: Tensor) -> Tensor:
        """[..., F, M] to [..., D, K]; `none` has weight 0."""
        import torch

        rows = []
        for place, (_, node) in enumerate(self._nodes):
            both = [self._path(weights, place, path, node) for path in range(KEPT)]
            first, second = (inputs.unsqueeze(-1) * ops.unsqueeze(-2) for inputs, ops in both)
            rows.append(first + second)
        edges = torch.cat(rows, dim=-2)
        missing = len(self.variant.operations) - len(self.path_operations)
        return torch.nn.functional.pad(edges, (missing, 0)) if missing else edges

    def compose(self, scores: Tensor) -> Architecture:
        """The best input and the best operation of every path.

        Where both paths of a node have one input and the variant has no such cells, the path that
        prefers it less takes its second best: our decision.
        """
        rows = scores.detach().cpu()
        nodes: list[Node] = []
        for place, (_, node) in enumerate(self._nodes):
            paths = [self._path(rows, place, path, node) for path in range(KEPT)]
            sources = [int(inputs.argmax()) for inputs, _ in paths]
            if sources[0] == sources[1] and not self.variant.repeats:
                weaker = min(range(KEPT), key=lambda path: float(paths[path][0].max()))
                others = paths[weaker][0].clone()
                others[sources[weaker]] = -float("inf")
                sources[weaker] = int(others.argmax())
            first, second = (
                Edge(source, self.path_operations[int(ops.argmax())])
                for source, (_, ops) in zip(sources, paths, strict=True)
            )
            nodes.append(ordered(first, second))
        count = self.variant.nodes
        cells: dict[str, CellEdges] = {
            kind: tuple(nodes[place * count : (place + 1) * count])
            for place, kind in enumerate(self.variant.kinds)
        }
        return self.architecture(cells)

    def overlap(self, weights: Tensor) -> Tensor:
        """Sum over the nodes of <path 0, path 1>: 1 a node where both paths are the same."""
        import torch

        both = []
        for place, (_, node) in enumerate(self._nodes):
            (inputs, ops), (others, other_ops) = (
                self._path(weights, place, path, node) for path in range(KEPT)
            )
            both.append((inputs * others).sum(dim=-1) * (ops * other_ops).sum(dim=-1))
        return torch.stack(both, dim=-1).sum(dim=-1)

    def _path(self, weights: Tensor, place: int, path: int, node: int) -> tuple[Tensor, Tensor]:
        """Weights of the inputs [..., node] and of the operations [..., K] of one path."""
        row = 2 * (KEPT * place + path)
        return weights[..., row, :node], weights[..., row + 1, : len(self.path_operations)]

    @cached_property
    def _nodes(self) -> tuple[tuple[str, int], ...]:
        """Type of cell and number of every intermediate node."""
        nodes = range(INPUTS, INPUTS + self.variant.nodes)
        return tuple((kind, node) for kind in self.variant.kinds for node in nodes)
