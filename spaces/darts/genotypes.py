"""The text of a genotype, in and out.

Written is what DARTS' code prints, `Genotype(normal=[('sep_conv_3x3', 0), ...],
normal_concat=range(2, 6), reduce=[...], reduce_concat=range(2, 6))`. Read are also lists for
tuples and ranges, dictionaries, `NAME =` before all of it, pairs with the input first or with a
weight behind them, a tuple of pairs for each node, the edges of a node in either order, the name of
a published cell, and NASLib's two lists of (input, number) as `naslib:[[...], [...]]`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from nasbench_harness.errors import InvalidArchitectureError, nearest
from nasbench_harness.spaces.darts.encoding import (
    INPUTS,
    KEPT,
    OPERATIONS,
    CellEdges,
    Edge,
    ordered,
)
from nasbench_harness.spaces.darts.published import NAMES, published
from nasbench_harness.spaces.darts.variants import CellVariant

LONGEST = 10_000
"""Characters of the longest genotype that is looked at."""
NASLIB = OPERATIONS[1:8]
"""NASLib's numbers: DARTS' operations without `none`."""
_PREFIX = re.compile(r"\s*(naslib\s*:|[A-Za-z_]\w*\s*=(?!=))", re.IGNORECASE)
_PARTS = ("normal", "normal_concat", "reduce", "reduce_concat")
"""Of a genotype, in the order of DARTS' code."""
_PAIR = "a pair ('operation', input), with inputs counted from 0"


def format_genotype(cells: Mapping[str, CellEdges]) -> str:
    """As DARTS' code prints it."""
    parts = []
    for kind, cell in cells.items():
        pairs = ", ".join(f"('{edge.operation}', {edge.source})" for node in cell for edge in node)
        concat = f"range({INPUTS}, {INPUTS + len(cell)})"
        parts.append(f"{kind}=[{pairs}], {kind}_concat={concat}")
    return f"Genotype({', '.join(parts)})"


def read_genotype(text: str, variant: CellVariant, space: str) -> dict[str, CellEdges]:
    """The cells of a text, by type; InvalidArchitectureError points at the first fault."""
    if (named := published(text)) is not None:
        return _GenotypeReader(text, variant, space).named(named)
    if len(text) > LONGEST:
        raise InvalidArchitectureError(text, LONGEST, "This is too long for a genotype.")
    prefix = _PREFIX.match(text)
    inside = text[prefix.end() :] if prefix else text
    skipped = len(text) - len(inside.lstrip())
    try:
        tree = ast.parse(inside.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise InvalidArchitectureError(
            text, skipped + _place(error), _unread(text, error, variant)
        ) from error
    naslib = prefix is not None and not prefix.group().endswith("=")
    return _GenotypeReader(text, variant, space, skipped).cells(tree, naslib=naslib)


def _place(error: BaseException) -> int:
    return max(0, (error.offset or 1) - 1) if isinstance(error, SyntaxError) else 0


def _unread(text: str, error: BaseException, variant: CellVariant) -> str:
    """Of what begins as a genotype what Python says of the fault, else what was expected."""
    if isinstance(error, SyntaxError) and re.search(r"genotype\s*\(|^\s*\{", text, re.IGNORECASE):
        return f"The genotype cannot be read ({error.msg}): is all of it there?"
    return _expected(text, variant)


def _expected(text: str, variant: CellVariant) -> str:
    known = [name for name in NAMES if _fault_of(variant, published(name) or {}) is None]
    named = f" or one of {', '.join(known)}" if known else ""
    meant = nearest(text, known) if re.fullmatch(r"[\w-]+", text.strip()) else None
    hint = f" Did you mean `{meant}`?" if meant else ""
    return f"Expected `Genotype(normal=[...], ...)`{named}.{hint}"


def _fault_of(variant: CellVariant, cells: Mapping[str, CellEdges]) -> str | None:
    """Why a variant has no such cells; None if it has."""
    if tuple(cells) != variant.kinds or len(cells["normal"]) != variant.nodes:
        return "This space has other cells than published ones."
    faults = (
        _fault(variant, kind, node, edges)
        for kind, cell in cells.items()
        for node, edges in enumerate(cell, INPUTS)
    )
    return next((fault for fault in faults if fault), None)


def _fault(variant: CellVariant, kind: str, node: int, edges: Sequence[Edge]) -> str | None:
    """Why a variant has no such node; None if it has."""
    if len({edge.source for edge in edges}) < KEPT and not variant.repeats:
        return (
            f"Node {node} of `{kind}` takes input {edges[0].source} twice, which only cells of"
            " `darts[variant=unas]` do."
        )
    for source, operation in edges:
        options = variant.options[variant.decision(kind, node, source)]
        if operation not in options:
            return (
                f"Edge {node}<-{source} of `{kind}` has no `{operation}` in this space, but"
                f" {', '.join(options)}."
            )
    return None


def _called(tree: ast.Call) -> str:
    """The name of a function, whatever it is found in: `genotypes.Genotype` has `Genotype`."""
    return getattr(tree.func, "attr", getattr(tree.func, "id", ""))


class _GenotypeReader:
    """Reads what Python's parser makes of a text; nothing of it is run."""

    def __init__(self, text: str, variant: CellVariant, space: str, skipped: int = 0) -> None:
        """`skipped` characters stand before what was parsed."""
        self.text, self.variant, self.space, self.skipped = text, variant, space, skipped

    def named(self, cells: Mapping[str, CellEdges]) -> dict[str, CellEdges]:
        """A published cell, if this variant has it."""
        if fault := _fault_of(self.variant, cells):
            self._refuse(None, fault)
        return dict(cells)

    def cells(self, tree: ast.expr, *, naslib: bool) -> dict[str, CellEdges]:
        """Every cell type of the variant."""
        parts = self._listed(tree) if naslib else self._parts(tree)
        for kind in self.variant.kinds:
            if kind not in parts:
                self._refuse(tree, f"`{kind}` is missing.")
        known = {*self.variant.kinds, *(f"{kind}_concat" for kind in self.variant.kinds)}
        for name, part in parts.items():
            if name not in known and not self._nothing(part):
                self._refuse(part, f"`{name}` is no part of a genotype of `{self.space}`.")
        for kind in self.variant.kinds:
            self._check_concat(kind, parts.get(f"{kind}_concat"))
        return {kind: self._cell(kind, parts[kind], naslib) for kind in self.variant.kinds}

    def _parts(self, tree: ast.expr) -> dict[str, ast.expr]:
        """Keywords of `Genotype(...)`, or what a dictionary holds."""
        if isinstance(tree, ast.Call) and _called(tree).lower() in ("genotype", "dict"):
            given = list(zip(_PARTS, tree.args, strict=False))
            given += [(word.arg or "**", word.value) for word in tree.keywords]
        elif isinstance(tree, ast.Dict):
            keys = [str(key.value) if isinstance(key, ast.Constant) else "" for key in tree.keys]
            given = list(zip(keys, tree.values, strict=True))
        else:
            self._refuse(tree, _expected(self.text, self.variant))
        parts: dict[str, ast.expr] = {}
        for name, part in given:
            if name in parts:
                self._refuse(part, f"`{name}` is given twice.")
            parts[name] = part
        return parts

    def _listed(self, tree: ast.expr) -> dict[str, ast.expr]:
        """NASLib's list of two lists."""
        lists = self._elements(tree, "two lists of (input, operation)")
        return dict(zip(self.variant.kinds, lists, strict=False))

    def _cell(self, kind: str, tree: ast.expr, naslib: bool) -> CellEdges:
        pairs = self._pairs(self._elements(tree, f"a list of (operation, input) for `{kind}`"))
        wanted = KEPT * self.variant.nodes
        if len(pairs) != wanted:
            self._refuse(tree, f"`{kind}` has {len(pairs)} edges, not {wanted}, {KEPT} a node.")
        nodes = []
        for place in range(0, wanted, KEPT):
            node = INPUTS + place // KEPT
            first, second = (self._edge(p, node, naslib) for p in pairs[place : place + KEPT])
            edges = ordered(first, second)
            if fault := _fault(self.variant, kind, node, edges):
                self._refuse(pairs[place + 1], fault)
            nodes.append(edges)
        return tuple(nodes)

    @staticmethod
    def _pairs(elements: list[ast.expr]) -> list[ast.expr]:
        """One after the other, also where each node has a tuple of its own."""
        groups = [e.elts for e in elements if isinstance(e, ast.List | ast.Tuple)]
        nested = len(groups) == len(elements) and all(
            isinstance(part, ast.List | ast.Tuple) for group in groups for part in group
        )
        return [pair for group in groups for pair in group] if nested else elements

    def _edge(self, tree: ast.expr, node: int, naslib: bool) -> Edge:
        pair = self._elements(tree, _PAIR)
        if len(pair) == 3 and isinstance(pair[2], ast.Constant):
            pair = pair[:2]  # a weight, which some codes print, says nothing of the cell
        if len(pair) != 2:
            self._refuse(tree, f"Expected {_PAIR}; these are {len(pair)}.")
        values = [part.value if isinstance(part, ast.Constant) else None for part in pair]
        if naslib:
            pair, values = pair[::-1], [self._of_naslib(pair[1], values[1]), values[0]]
        elif isinstance(values[0], int):
            pair, values = pair[::-1], values[::-1]
        name, source = values
        if not isinstance(name, str) or isinstance(source, bool) or not isinstance(source, int):
            self._refuse(tree, f"Expected {_PAIR}.")
        if name not in OPERATIONS:
            meant = nearest(name, self.variant.known)
            hint = f" Did you mean `{meant}`?" if meant else ""
            known = ", ".join(self.variant.known)
            self._refuse(pair[0], f"`{name}` is none of the operations {known}.{hint}")
        if not 0 <= source < node:
            told = f"Node {node} has the inputs 0 to {node - 1}, not {source}."
            self._refuse(pair[1], told)
        return Edge(source, name)

    def _of_naslib(self, tree: ast.expr, number: Any) -> str:
        if not isinstance(number, int) or not 0 <= number < len(NASLIB):
            self._refuse(tree, f"NASLib's operations have numbers from 0 to {len(NASLIB) - 1}.")
        return NASLIB[number]

    def _check_concat(self, kind: str, tree: ast.expr | None) -> None:
        """What a cell gives are all its intermediate nodes, and nothing else."""
        wanted = list(range(INPUTS, INPUTS + self.variant.nodes))
        if tree is not None and self._numbers(tree) != wanted:
            self._refuse(
                tree,
                f"`{kind}_concat` must be all intermediate nodes, {wanted}, as published: other"
                " cells are not of this space.",
            )

    def _numbers(self, tree: ast.expr) -> list[Any]:
        """Of `range(2, 6)`, `[2, 3, 4, 5]`, `(2, 3, 4, 5)`, or `list(range(2, 6))`."""
        if isinstance(tree, ast.Call):
            name = _called(tree)
            values = [arg.value if isinstance(arg, ast.Constant) else None for arg in tree.args]
            if name == "range" and len(values) == 2 and all(isinstance(v, int) for v in values):
                first, end = (min(int(str(v)), LONGEST) for v in values)
                return list(range(first, end))
            if name in ("list", "tuple") and len(tree.args) == 1:
                return self._numbers(tree.args[0])
            return []
        if not isinstance(tree, ast.List | ast.Tuple):
            return []
        values = [e.value if isinstance(e, ast.Constant) else None for e in tree.elts]
        return sorted(values) if all(type(v) is int for v in values) else values

    def _elements(self, tree: ast.expr, expected: str) -> list[ast.expr]:
        if not isinstance(tree, ast.List | ast.Tuple):
            self._refuse(tree, f"Expected {expected}.")
        return tree.elts

    @staticmethod
    def _nothing(tree: ast.expr) -> bool:
        """`alphas_normal=None` and the like, which UNAS' code prints."""
        return isinstance(tree, ast.Constant) and tree.value is None

    def _refuse(self, tree: ast.expr | None, problem: str) -> NoReturn:
        place = 0
        if tree is not None:
            lines = self.text[self.skipped :].splitlines(keepends=True)
            before = "".join(lines[: tree.lineno - 1])
            column = len(lines[tree.lineno - 1].encode()[: tree.col_offset].decode(errors="ignore"))
            place = self.skipped + len(before) + column
        raise InvalidArchitectureError(self.text, place, problem)
