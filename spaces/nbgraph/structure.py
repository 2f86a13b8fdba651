"""Which architectures are one network: a skip within the graph changes nothing but its shape.

Every node has one predecessor, so that an architecture is a tree of operations that grows from the
raw input. Three things leave its network as it is: the order of branches; where in a chain a skip
stands; and a skip that carries the raw input to the output, which is not of the output's width and
is not added there. The benchmark trained one architecture of all that agree in this: the skips
that say nothing stand in front of everything, as a chain, and the operations are the first in their
order among all ways to number the nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import permutations, product

from nasbench_harness.spaces.nbgraph.encoding import GRAPHS, NODES, OPERATIONS, SKIP, key_of

_ROOT = -1
"""The raw input, as a predecessor among nodes that are counted from 0."""


def is_trained(choices: Sequence[int]) -> bool:
    """Has it an operation other than skip: the nine without any were never trained."""
    return any(operation != SKIP for operation in choices[1:])


def canonical(choices: Sequence[int]) -> tuple[int, ...]:
    """The architecture that stands for all of the same network: a graph and four operations."""
    graph, *operations = choices
    sources = [int(digit) - 1 for digit in GRAPHS[graph]]
    order, placed = _skips_in_front(sources, operations)
    numbered = [operations[node] for node in order]
    return min(
        (graph, *(numbered[node] for node in ordering)) for graph, ordering in _orderings(placed)
    )


def canonical_key(choices: Sequence[int]) -> int | None:
    """The benchmark's key of the network; None where it was never trained."""
    return key_of(canonical(choices)) if is_trained(choices) else None


def canonical_form(choices: Sequence[int]) -> str:
    """The same as five digits; empty where it was never trained."""
    key = canonical_key(choices)
    return "" if key is None else f"{key:0{1 + NODES}d}"


def _skips_in_front(
    sources: Sequence[int], operations: Sequence[int]
) -> tuple[list[int], tuple[int, ...]]:
    """Nodes in a new order, skips that say nothing first, and the new predecessor of each place."""
    kept = dict(enumerate(sources))
    for node, operation in enumerate(operations):
        if operation == SKIP and _says_nothing(node, kept):
            source = kept.pop(node)
            kept = {n: source if parent == node else parent for n, parent in kept.items()}
    idle = [node for node in range(NODES) if node not in kept]
    last = len(idle) - 1  # what hung on the raw input hangs on the last idle skip
    place = {_ROOT: last, **{node: len(idle) + i for i, node in enumerate(kept)}}
    return [*idle, *kept], (*range(_ROOT, last), *(place[parent] for parent in kept.values()))


def _says_nothing(node: int, sources: Mapping[int, int]) -> bool:
    """Can a skip be left out: others go on from it, it goes on alone, or it starts at the input.

    A skip beside others that ends at the output adds its predecessor's result there, and stays.
    """
    source = sources[node]
    alone = list(sources.values()).count(source) == 1
    return node in sources.values() or alone or source == _ROOT


@cache
def _orderings(sources: tuple[int, ...]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Every way to number the nodes so that the tree is one of the graphs: (graph, old nodes)."""
    found = []
    for order in permutations(range(NODES)):
        place = {_ROOT: _ROOT, **{node: new for new, node in enumerate(order)}}
        text = "".join(str(place[sources[node]] + 1) for node in order)
        if text in GRAPHS:
            found.append((GRAPHS.index(text), order))
    return tuple(found)


def canonical_keys() -> list[int | None]:
    """The benchmark's key of every architecture, in rank order; None for those never trained."""
    counts = (len(GRAPHS), *(len(OPERATIONS),) * NODES)
    return [canonical_key(choices) for choices in product(*map(range, counts))]
