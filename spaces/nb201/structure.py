"""What a NAS-Bench-201 cell computes: isomorphism classes and dead cells."""

from __future__ import annotations

from collections.abc import Sequence

from nasbench_harness.spaces.nb201.encoding import EDGES, NODES, OPERATIONS

_NONE, _SKIP = OPERATIONS.index("none"), OPERATIONS.index("skip_connect")
_ZERO = "#"


def canonical_form(choices: Sequence[int]) -> str:
    """The expression a cell computes, with skips removed and zeros marked `#`.

    Cells with equal forms are isomorphic in the benchmark's sense: 6,466 classes. A zero term is
    marked but kept in its sum, as the benchmark does; dropping it would merge further cells.
    """
    terms: list[list[str]] = [[] for _ in range(NODES)]
    forms = ["0"]
    for choice, (target, source) in zip(choices, EDGES, strict=True):
        terms[target].append(_term(forms[source], choice))
        if source == target - 1:  # the last edge into this node
            forms.append("+".join(sorted(terms[target])))
    return forms[-1]


def is_connected(choices: Sequence[int]) -> bool:
    """Does a path of operations other than `none` lead from input to output (341 cells: no)."""
    reached = {0}
    for choice, (target, source) in zip(choices, EDGES, strict=True):
        if choice != _NONE and source in reached:
            reached.add(target)
    return NODES - 1 in reached


def live_edges(choices: Sequence[int]) -> tuple[bool, ...]:
    """Per edge: does it lie on a path of operations other than `none` from input to output."""
    edges = [edge for choice, edge in zip(choices, EDGES, strict=True) if choice != _NONE]
    reached, needed = {0}, {NODES - 1}
    for target, source in edges:
        if source in reached:
            reached.add(target)
    for target, source in reversed(edges):
        if target in needed:
            needed.add(source)
    return tuple(
        choice != _NONE and source in reached and target in needed
        for choice, (target, source) in zip(choices, EDGES, strict=True)
    )


def is_all_skip(choices: Sequence[int]) -> bool:
    """The cell without any operation but skips: where DARTS is known to collapse."""
    return all(choice == _SKIP for choice in choices)


def _term(source: str, choice: int) -> str:
    if choice == _NONE or source == _ZERO:
        return _ZERO
    return source if choice == _SKIP else f"({source})@{OPERATIONS[choice]}"
