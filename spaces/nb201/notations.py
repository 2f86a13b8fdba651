"""How other tools write a NAS-Bench-201 cell, read where it says one cell only.

Read are xautodl's `Structure(4 nodes with |...|)` and its genotypes, three groups of
`(operation, source)`; NNI's `{'0_1': operation, ...}` (source, target); and NASLib's names of
operations. Six numbers alone are none of these: tools order operations and edges differently, so
they need to say whose order it is, as `naslib:(4, 0, 3, 1, 4, 3)`.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import NoReturn

from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.spaces.nb201.encoding import (
    ALIASES,
    EDGES,
    NODES,
    NOTATION,
    OPERATIONS,
    operation_of,
    parse_cell,
)

LONGEST = 2000
"""Characters of the longest notation; nothing longer is looked at as Python."""

_WRAPPINGS = (
    re.compile(r"\s*(['\"`])(?P<inside>(?:(?!\1).)*)\1\s*", re.DOTALL),
    re.compile(
        r"\s*[A-Za-z]*Structure\s*\(\s*(?:[0-9]+ nodes with )?(?P<inside>.*)\)\s*", re.DOTALL
    ),
    re.compile(r"\s*[A-Za-z_.]+\s*\(\s*(?P<inside>\[.*\])\s*(?:,[^\[\]]*)?\)\s*", re.DOTALL),
)
"""Quotes, xautodl's class, and `np.array([...])`, `torch.tensor([...])` and the like."""
_NAMES = re.compile(r"[\s\[(\"'`]*(\w+(?:[\s,\"'`]+\w+){5})[\s\])\"'`,]*")
_NUMBERS = re.compile(
    r"\s*(?:(?P<order>[A-Za-z0-9]+)\s*:)?\s*[\[(]?\s*(?P<numbers>[0-9]+(?:[\s,]+[0-9]+)+)[\s,]*[\])]?\s*"
)
_NASLIB = (
    tuple(map(OPERATIONS.index, (
        "skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3"
    ))),
    ((1, 0), (2, 0), (3, 0), (2, 1), (3, 1), (3, 2)),
)  # fmt: skip
_ORDERS: Mapping[str, tuple[Sequence[int], Sequence[tuple[int, int]]]] = {
    "naslib": _NASLIB,
    "nb201": (range(len(OPERATIONS)), EDGES),
}
"""Whose numbers -> our number of each operation, and the edges (target, source) in order."""
_EDGE = re.compile(r"(?:.*/)?([0-4])_([0-4])")


def read_cell(text: str) -> tuple[int, ...]:
    """Six operation numbers in our order; InvalidArchitectureError says what is expected."""
    inside = _unwrapped(text)
    if numbers := _NUMBERS.fullmatch(inside):
        return _from_numbers(text, numbers)
    _refuse_names(text, inside)
    if len(text) <= LONGEST and inside.lstrip()[:1] in tuple("[({"):
        return _Literal(text, inside).cell()
    return parse_cell(inside, text)


def _unwrapped(text: str) -> str:
    """The text with quotes and `Structure(...)` around the cell blanked out: places stay."""
    for wrapping in (*_WRAPPINGS, *_WRAPPINGS):
        if match := wrapping.fullmatch(text):
            start, end = match.span("inside")
            text = " " * start + text[start:end] + " " * (len(text) - end)
    return text


def _refuse_names(text: str, inside: str) -> None:
    """Six operations alone do not say which edges they are on."""
    match = _NAMES.fullmatch(inside[:LONGEST])
    names = re.findall(r"\w+", match[1]) if match else []
    if names and all(name in (*OPERATIONS, *ALIASES) for name in names):
        raise InvalidArchitectureError(
            text,
            len(inside) - len(inside.lstrip()),
            "Six operations alone are no cell, because tools order edges differently: write each"
            f" with the node it comes from. {NOTATION}",
        )


# --- numbers -----------------------------------------------------------------------------------


def _from_numbers(text: str, match: re.Match[str]) -> tuple[int, ...]:
    digits = re.findall("[0-9]+", match["numbers"])
    start = match.start("numbers")
    if len(digits) != len(EDGES) or any(d not in ("0", "1", "2", "3", "4") for d in digits):
        raise InvalidArchitectureError(
            text, start, f"A cell in numbers has six of them, each from 0 to 4. {NOTATION}"
        )
    numbers = [int(digit) for digit in digits]
    order = (match["order"] or "").lower()
    if order not in _ORDERS:
        raise InvalidArchitectureError(text, start, _which_order(numbers))
    operations, edges = _ORDERS[order]
    of_edge = {edge: operations[n] for edge, n in zip(edges, numbers, strict=True)}
    return tuple(of_edge[edge] for edge in EDGES)


def _which_order(numbers: Sequence[int]) -> str:
    listed = f"({', '.join(map(str, numbers))})"
    ours = ", ".join(f"{target}<-{source}" for target, source in EDGES)
    return (
        "Six numbers alone are no cell, because tools order operations and edges differently:"
        f" write `naslib:{listed}` for NASLib's order, or `nb201:{listed}` for"
        f" {', '.join(OPERATIONS)} on the edges {ours}. {NOTATION}"
    )


# --- Python's tuples, lists and dictionaries ---------------------------------------------------


class _Literal:
    """A cell written as nested tuples, lists or a dictionary; knows the place of every part."""

    def __init__(self, text: str, inside: str) -> None:
        self._text = text
        self._source = "".join(" " if c.isspace() else c for c in inside).lstrip()
        self._offset = len(inside) - len(inside.lstrip())

    def cell(self) -> tuple[int, ...]:
        """The six operations."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of escapes in what may be any text
                tree = ast.parse(self._source.rstrip(), mode="eval").body
        except SyntaxError as error:
            self._fail("These brackets cannot be read.", (error.offset or 1) - 1)
        except (ValueError, RecursionError, MemoryError):
            self._fail("These brackets cannot be read.", 0)
        if isinstance(tree, ast.Dict):
            return self._edges(tree)
        return self._groups(tree)

    def _groups(self, tree: ast.expr) -> tuple[int, ...]:
        """xautodl's genotype: for each node its `(operation, source)` pairs."""
        groups = self._items(tree)
        if len(groups) != NODES - 1:
            self._fail_at(
                tree, "Expected three groups of `(operation, source)`, one for each node 1 to 3."
            )
        of_edge: dict[tuple[int, int], int] = {}
        for target, group in enumerate(groups, start=1):
            inner = self._items(group)
            single = len(inner) == 2 and all(isinstance(part, ast.Constant) for part in inner)
            for pair in [group] if single else inner:
                name, source = self._pair(pair)
                self._put(of_edge, (target, self._number(source)), name, pair)
        return self._complete(of_edge)

    def _pair(self, pair: ast.expr) -> tuple[ast.expr, ast.expr]:
        items = self._items(pair)
        if len(items) != 2:
            self._fail_at(pair, "Expected a pair `(operation, source)`.")
        return items[0], items[1]

    def _edges(self, tree: ast.Dict) -> tuple[int, ...]:
        """NNI's dictionary: `source_target` to the operation; nodes count from 0, or from 1."""
        keys = [(self._edge(key, tree), key or tree) for key in tree.keys]
        base = 0 if any(0 in edge for edge, _ in keys) else 1
        of_edge: dict[tuple[int, int], int] = {}
        for ((source, target), key), value in zip(keys, tree.values, strict=True):
            self._put(of_edge, (target - base, source - base), value, key)
        return self._complete(of_edge)

    def _edge(self, key: ast.expr | None, tree: ast.expr) -> tuple[int, int]:
        if isinstance(key, ast.Tuple) and len(key.elts) == 2:
            return self._number(key.elts[0]), self._number(key.elts[1])
        match = isinstance(key, ast.Constant) and _EDGE.fullmatch(str(key.value))
        if not match:
            self._fail_at(key or tree, "Expected an edge such as `'0_1'`, source and target.")
        return int(match[1]), int(match[2])

    def _put(
        self, of_edge: dict[tuple[int, int], int], edge: tuple[int, int], name: ast.expr,
        place: ast.expr,
    ) -> None:  # fmt: skip
        target, source = edge
        if edge not in EDGES:
            self._fail_at(place, f"There is no edge from node {source} to node {target}.")
        if edge in of_edge:
            self._fail_at(place, f"The edge from node {source} to node {target} stands twice.")
        of_edge[edge] = self._operation(name)

    def _complete(self, of_edge: Mapping[tuple[int, int], int]) -> tuple[int, ...]:
        for target, source in EDGES:
            if (target, source) not in of_edge:
                self._fail(f"The edge from node {source} to node {target} is missing.", 0)
        return tuple(of_edge[edge] for edge in EDGES)

    def _items(self, node: ast.expr) -> list[ast.expr]:
        if not isinstance(node, ast.Tuple | ast.List):
            self._fail_at(node, "Expected a tuple or a list.")
        return node.elts

    def _number(self, node: ast.expr) -> int:
        if not isinstance(node, ast.Constant) or type(node.value) is not int:
            self._fail_at(node, "Expected the number of a node.")
        return node.value

    def _operation(self, node: ast.expr) -> int:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            self._fail_at(node, "Expected the name of an operation.")
        try:
            return operation_of(node.value.strip())
        except ValueError as error:
            self._fail_at(node, f"{node.value[:60]!r} {error}")

    def _fail_at(self, node: ast.expr, problem: str) -> NoReturn:
        before = self._source.encode("utf-8")[: node.col_offset]
        self._fail(problem, len(before.decode("utf-8", "ignore")))

    def _fail(self, problem: str, at: int) -> NoReturn:
        position = min(self._offset + max(at, 0), len(self._text))
        raise InvalidArchitectureError(self._text, position, f"{problem} {NOTATION}")
