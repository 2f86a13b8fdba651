"""How NAS-Bench-201 writes and numbers its cells."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from functools import cache
from itertools import product
from typing import NoReturn

from nasbench_harness.errors import InvalidArchitectureError, nearest
from nasbench_harness.spaces.shared import cell

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
FREE = ("skip_connect",)
"""Operations that pass their input on with nothing to train."""
EDGES, NODES = cell.EDGES, cell.NODES
SIZE = len(OPERATIONS) ** len(EDGES)

ALIASES = {
    "conv_1x1": "nor_conv_1x1",
    "conv_3x3": "nor_conv_3x3",
    "Zero": "none",
    "Identity": "skip_connect",
    "ReLUConvBN1x1": "nor_conv_1x1",
    "ReLUConvBN3x3": "nor_conv_3x3",
    "AvgPool1x1": "avg_pool_3x3",
}
"""What NNI (first two) and NASLib call the operations."""

NOTATION = (
    "A cell is written `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`, such as `|nor_conv_3x3~0|+|none~0|"
    "nor_conv_3x3~1|+|skip_connect~0|none~1|avg_pool_3x3~2|`."
)
_LONGEST = 60


def format_cell(choices: Sequence[int]) -> str:
    """Six operation indices to `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`."""
    if len(choices) != len(EDGES) or any(not 0 <= c < len(OPERATIONS) for c in choices):
        raise ValueError(f"an nb201 cell is six numbers from 0 to 4, not {list(choices)}")
    terms = [
        f"{OPERATIONS[choice]}~{source}" for choice, (_, source) in zip(choices, EDGES, strict=True)
    ]
    return "+".join(f"|{'|'.join(group)}|" for group in (terms[:1], terms[1:3], terms[3:]))


def parse_cell(text: str, written: str | None = None) -> tuple[int, ...]:
    """The inverse of `format_cell`; blanks around its parts, and any order in a group, are allowed.

    InvalidArchitectureError points at the first character that does not fit; `written` is what it
    shows, where `text` is only the cell in it.
    """
    reader = _Reader(text, text if written is None else written)
    choices: list[int] = []
    for node in range(1, NODES):
        if node > 1:
            reader.expect("+", f"`+` before the group of node {node}")
        reader.expect("|", f"`|` to open the group of node {node}")
        group: dict[int, int] = {}
        for _ in range(node):
            source, choice = reader.operation(node, group)
            group[source] = choice
            reader.expect("|", "`|` after each `operation~node`")
        choices += [group[source] for source in range(node)]
    reader.end()
    return tuple(choices)


def operation_of(name: str) -> int:
    """The number of an operation; ValueError with a suggestion if there is none of that name."""
    known = ALIASES.get(name, name)
    if known in OPERATIONS:
        return OPERATIONS.index(known)
    hint = nearest(name[:_LONGEST], [*OPERATIONS, *ALIASES])
    suggestion = f" Did you mean `{ALIASES.get(hint, hint)}`?" if hint else ""
    raise ValueError(f"is no NAS-Bench-201 operation.{suggestion} Known: {', '.join(OPERATIONS)}.")


def rank_of(choices: Sequence[int]) -> int:
    """Lexicographic position: first edge slowest."""
    rank = 0
    for choice in choices:
        rank = rank * len(OPERATIONS) + choice
    return rank


def cell_of_rank(rank: int) -> tuple[int, ...]:
    """The inverse of `rank_of`; IndexError outside 0..15624."""
    if not 0 <= rank < SIZE:
        raise IndexError(f"NAS-Bench-201 ranks run from 0 to {SIZE - 1}, not {rank}")
    places = [len(OPERATIONS) ** power for power in range(len(EDGES) - 1, -1, -1)]
    return tuple(rank // place % len(OPERATIONS) for place in places)


def cell_at(index: int) -> tuple[int, ...]:
    """The cell with an official index; IndexError outside 0..15624."""
    if not 0 <= index < SIZE:
        raise IndexError(f"NAS-Bench-201 indices run from 0 to {SIZE - 1}, not {index}")
    return _official_order()[index]


def index_of(choices: Sequence[int]) -> int:
    """The official index of a cell."""
    return _official_indices()[tuple(choices)]


def official_indices() -> list[int]:
    """The official index of every cell, in rank order."""
    indices = [0] * SIZE
    for index, rank in enumerate(_official_ranks()):
        indices[rank] = index
    return indices


@cache
def _official_ranks() -> tuple[int, ...]:
    """The rank of every official index, in their order; shuffled as `_official_order` is."""
    ranks = list(range(SIZE))
    random.Random(88).shuffle(ranks)
    return tuple(ranks)


@cache
def _official_order() -> tuple[tuple[int, ...], ...]:
    """The benchmark's own order: all cells, shuffled by CPython's generator seeded with 88."""
    cells = list(product(range(len(OPERATIONS)), repeat=len(EDGES)))
    random.Random(88).shuffle(cells)
    return tuple(cells)


@cache
def _official_indices() -> dict[tuple[int, ...], int]:
    return {cell: index for index, cell in enumerate(_official_order())}


class _Reader:
    """Reads a cell from left to right and remembers where it is."""

    def __init__(self, text: str, written: str) -> None:
        self.text = text
        self._written = written
        self.position = 0
        self.position = start if (start := self._next()) < len(text) else 0

    def expect(self, token: str, meaning: str) -> None:
        at = self._next()
        if not self.text.startswith(token, at):
            self._fail(f"Expected {meaning} at character {self.position + 1}{self._found(at)}.")
        self.position = at + len(token)

    def operation(self, node: int, others: Collection[int]) -> tuple[int, int]:
        """The next source node, which is none of the others, and its operation."""
        start = self._next()
        stops = [p for p in (self.text.find(c, start) for c in "~|+") if p >= 0]
        name = self.text[start : min(stops, default=len(self.text))].rstrip()
        if not name:
            self._fail(
                f"An operation is missing at character {self.position + 1}{self._found(start)}."
            )
        self.position = start
        try:
            choice = operation_of(name)
        except ValueError as error:
            self._fail(f"`{name[:_LONGEST]}` at character {start + 1} {error}")
        self.position += len(name)
        self.expect("~", "`~` and the source node")
        left = [source for source in range(node) if source not in others]
        at = self._next()
        source = next((one for one in left if self.text.startswith(str(one), at)), left[0])
        self.expect(str(source), f"source node {source} (edge {source} to {node})")
        return source, choice

    def end(self) -> None:
        if self._next() != len(self.text):
            self._fail(f"Expected the end of the cell at character {self.position + 1}.")

    def _next(self) -> int:
        """Where the next character that is no blank stands."""
        at = self.position
        while at < len(self.text) and self.text[at].isspace():
            at += 1
        return at

    def _found(self, at: int) -> str:
        if at >= len(self.text):
            return ", found the end"
        character = self.text[at]
        number = "" if character.isascii() else f" (U+{ord(character):04X})"
        return f", found `{character if character.isprintable() else ' '}`{number}"

    def _fail(self, problem: str) -> NoReturn:
        raise InvalidArchitectureError(self._written, self.position, f"{problem} {NOTATION}")
