"""How TransNAS-Bench-101 writes the cells of its cell-level space.

`64-41414-a_bc_def`: 64 channels after the stem, the five modules 4, 1, 4, 1, 4, and for each node
the number of the operation on every edge that enters it, by ascending source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from nasbench_harness.errors import InvalidArchitectureError
from nasbench_harness.spaces.shared.cell import EDGES

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3")
FREE = ("skip_connect",)
"""Operations that pass their input on with nothing to train, but where the map shrinks."""
NETWORK = "64-41414-"
"""What stands before the cell: all networks of the space have the same skeleton."""
NOTATION = (
    "A cell is written `64-41414-a_bc_def`, or as its six digits `abcdef`: a is on the edge from"
    " node 0 to node 1, b and c enter node 2 from 0 and 1, d, e and f node 3 from 0, 1 and 2;"
    " 0 none, 1 skip_connect, 2 nor_conv_1x1, 3 nor_conv_3x3."
)
_BRACKETED = re.compile(r"\s*[\[(](?P<inside>.*)[\])]\s*", re.DOTALL)
_QUOTED = re.compile(r"\s*(['\"`])(?P<inside>(?:(?!\1).)*)\1\s*", re.DOTALL)
_GROUPS = (1, 2, 3)
"""Edges that enter the nodes 1, 2 and 3."""


def format_cell(choices: Sequence[int]) -> str:
    """Six operation numbers to `64-41414-a_bc_def`."""
    if len(choices) != len(EDGES) or any(not 0 <= c < len(OPERATIONS) for c in choices):
        raise ValueError(f"a cell is six numbers from 0 to 3, not {list(choices)}")
    a, *others = map(str, choices)
    return f"{NETWORK}{a}_{''.join(others[:2])}_{''.join(others[2:])}"


def parse_cell(text: str) -> tuple[int, ...]:
    """Read `64-41414-a_bc_def`, `a_bc_def`, `abcdef` or `(a, b, c, d, e, f)`, quoted or not.

    InvalidArchitectureError points at the first character that does not fit.
    """
    inside = _unwrapped(text, _QUOTED)
    if _BRACKETED.fullmatch(inside):
        return _listed(text, _unwrapped(inside, _BRACKETED))
    start = len(inside) - len(inside.lstrip())
    if inside.startswith(NETWORK, start):
        start += len(NETWORK)
    elif "-" in inside:
        _refuse_network(text, inside, start)
    return _digits(text, inside, start)


def _unwrapped(text: str, wrapping: re.Pattern[str]) -> str:
    """The text with what stands around the cell blanked out: places stay."""
    if match := wrapping.fullmatch(text):
        start, end = match.span("inside")
        return " " * start + text[start:end] + " " * (len(text) - end)
    return text


def _digits(text: str, inside: str, start: int) -> tuple[int, ...]:
    """Six digits from `start` on, with a `_` before the group of each later node or without any."""
    body = inside[start:].rstrip()
    parted = "_" in body
    choices: list[int] = []
    at = start
    for node, count in enumerate(_GROUPS, start=1):
        if parted and node > 1:
            if inside[at : at + 1] != "_":
                _fail(text, at, f"Expected `_` before the operations that enter node {node}.")
            at += 1
        for _ in range(count):
            choices.append(_operation(text, inside[at : at + 1], at, len(choices)))
            at += 1
    if at < start + len(body):
        _fail(text, at, f"Expected the end of the cell at character {at + 1}.")
    return tuple(choices)


def _listed(text: str, inside: str) -> tuple[int, ...]:
    """`a, b, c, d, e, f`, as tuples and lists of numbers are printed."""
    numbers = list(re.finditer(r"[^\s,]+", inside))
    if len(numbers) != len(EDGES):
        _fail(text, 0, f"A cell has six operations, and here are {len(numbers)}.")
    return tuple(_operation(text, m[0], m.start(), place) for place, m in enumerate(numbers))


def _operation(text: str, digit: str, at: int, place: int) -> int:
    if digit not in ("0", "1", "2", "3"):
        target, source = EDGES[place]
        edge = f"the operation from node {source} to node {target}, 0 to 3"
        found = f"`{digit}`" if digit.strip() else "the end"
        _fail(text, at, f"Expected {edge}, found {found}.")
    return int(digit)


def _refuse_network(text: str, inside: str, start: int) -> NoReturn:
    at = next(
        (p for p, wanted in enumerate(NETWORK, start=start) if inside[p : p + 1] != wanted), start
    )
    _fail(text, at, f"Every network of the space begins with `{NETWORK}`.")


def _fail(text: str, at: int, problem: str) -> NoReturn:
    raise InvalidArchitectureError(text, min(at, len(text)), f"{problem} {NOTATION}")
