"""The variants of the DARTS space: which operations an edge has, how many nodes, how large a net.

DARTS: Liu, Simonyan & Yang, ICLR 2019. `unas`: the cells of UNAS (Vahdat et al., CVPR 2020), whose
nodes may take the same input twice. `s1` to `s4`: Zela et al., "Understanding and Robustifying
Differentiable Architecture Search", ICLR 2020, and the authors' code. `wide`, `deep` and
`single_cell`, each with all operations, without skips, or with another skip beside every edge: the
nine problems of DARTS-Bench-Suite, sizes as in the authors' code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nasbench_harness.contracts import NetworkSize, NetworkSizes
from nasbench_harness.spaces.darts.encoding import KINDS, NONE, OPERATIONS, SKIP, edges_of

DARTS_OPERATIONS = OPERATIONS[:8]
UNAS_OPERATIONS = (
    SKIP, "sep_conv_3x3", "max_pool_3x3", "dil_conv_3x3", "sep_conv_5x5", "avg_pool_3x3",
    "sep_conv_7x7",
)  # fmt: skip
"""In the order of the authors' code, which takes the first n of them for smaller sets."""
SHAPES = NetworkSizes(NetworkSize(width=16, cells=8), NetworkSize(width=36, cells=20), staged=False)
"""Searched small, evaluated large; `cells` are those of the whole network."""


@dataclass(frozen=True)
class CellVariant:
    """What tells a variant of the space from the others."""

    text: str
    operations: tuple[str, ...] = DARTS_OPERATIONS
    """Of every edge, where `pairs` says nothing else."""
    pairs: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """By cell type, the operations of each edge."""
    kinds: tuple[str, ...] = KINDS
    """Types of cells; a network of one type repeats it throughout."""
    nodes: int = 4
    """Intermediate nodes of a cell."""
    repeats: bool = False
    """May a node take the same input twice."""
    auxiliary_skip: bool = False
    """Does a skip stand beside every edge of the supernet, outside of what is searched."""
    shapes: NetworkSizes = SHAPES

    @cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """(target, source) of every edge of a cell, in order: 14 of four nodes."""
        return edges_of(self.nodes)

    @cached_property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """The operations of every decision: the edges of one cell type after the other's."""
        default = (self.operations,) * len(self.edges)
        return tuple(o for kind in self.kinds for o in self.pairs.get(kind, default))

    def decision(self, kind: str, target: int, source: int) -> int:
        """The number of an edge's decision, its place in `options`."""
        return self.kinds.index(kind) * len(self.edges) + self.edges.index((target, source))

    @cached_property
    def known(self) -> tuple[str, ...]:
        """Every operation that some edge has, each once."""
        return tuple(dict.fromkeys(name for options in self.options for name in options))


def _sized(width: int, cells: int) -> NetworkSizes:
    return NetworkSizes(NetworkSize(width, cells), NetworkSize(width, cells), staged=False)


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"


_S, _M, _A = SKIP, "max_pool_3x3", "avg_pool_3x3"
_C3, _D3, _D5 = "sep_conv_3x3", "dil_conv_3x3", "dil_conv_5x5"
S1_PAIRS = {
    "normal": (
        (_S, _D3), (_S, _D5), (_S, _D5), (_S, _C3), (_S, _D3), (_M, _S), (_S, _C3), (_S, _C3),
        (_S, _D3), (_S, _C3), (_M, _S), (_S, _D3), (_D3, _D5), (_D3, _D5),
    ),
    "reduce": (
        (_M, _A), (_M, _D3), (_M, _A), (_M, _A), (_S, _D5), (_M, _A), (_M, _C3), (_S, _D3),
        (_S, _D5), (_M, _A), (_M, _A), (_S, _D5), (_S, _D5), (_S, _D5),
    ),
}  # fmt: skip
"""Two operations an edge, those that DARTS itself left over (RobustDARTS' code)."""

NO_SKIP = tuple(name for name in DARTS_OPERATIONS if name != SKIP)
DEFAULT = "regular"
VARIANTS = {
    DEFAULT: CellVariant("eight operations, as DARTS has them"),
    "unas": CellVariant(
        "seven operations with sep_conv_7x7 and without none; a node may take one input twice",
        UNAS_OPERATIONS, repeats=True,
    ),
    "s1": CellVariant("two operations an edge, those that DARTS itself left over", pairs=S1_PAIRS),
    "s2": CellVariant("skip and sep_conv_3x3", (SKIP, _C3)),
    "s3": CellVariant("none, skip and sep_conv_3x3", (NONE, SKIP, _C3)),
    "s4": CellVariant("noise and sep_conv_3x3", ("noise", _C3)),
}  # fmt: skip
for _name, _shapes, _kinds, _nodes in (
    ("wide", _sized(18, 4), KINDS, 4),
    ("deep", _sized(7, 18), KINDS, 4),
    ("single_cell", _sized(26, 1), KINDS[:1], 8),
):
    for _skips, _operations in (
        ("", DARTS_OPERATIONS), ("_no_skip", NO_SKIP), ("_all_skip", DARTS_OPERATIONS)
    ):  # fmt: skip
        VARIANTS[_name + _skips] = CellVariant(
            f"width {_shapes.search.width}, {_counted(_shapes.search.cells)}, {_nodes} nodes a cell"
            + {"": "", "_no_skip": ", no skips", "_all_skip": ", a skip beside every edge"}[_skips],
            _operations,
            kinds=_kinds,
            nodes=_nodes,
            auxiliary_skip=_skips == "_all_skip",
            shapes=_shapes,
        )
