"""How NAS-Bench-Graph writes its architectures: a graph of four nodes and an operation on each.

A graph is told by four digits, the predecessor of every node: 0 is the raw input, 1 to 4 the nodes
themselves. What no other node reads goes to the output. Source: Qin et al., "NAS-Bench-Graph",
NeurIPS 2022 (arXiv 2206.09166).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from nasbench_harness.errors import InvalidArchitectureError, nearest

GRAPHS = ("0000", "0001", "0011", "0012", "0013", "0111", "0112", "0122", "0123")
OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
FREE = ("skip",)
"""Operations that pass their input on with nothing to train."""
SKIP = OPERATIONS.index("skip")
NODES = 4
KEY_BASE = 10
"""The benchmark's key has a decimal digit for the graph and for every operation."""
NOTATION = (
    "An architecture is written `0012/gat/gcn/skip/fc`, the predecessor of each of four nodes (0 is"
    " the raw input) and their operations, or as five digits from 0 to 8, such as `30187`."
)


def format_choices(choices: Sequence[int]) -> str:
    """Graph and four operations, by their numbers, to `0012/gat/gcn/skip/fc`."""
    graph, *operations = choices
    return "/".join([GRAPHS[graph], *(OPERATIONS[operation] for operation in operations)])


def key_of(choices: Sequence[int]) -> int:
    """The number under which the benchmark would keep these choices: their five digits."""
    key = 0
    for choice in choices:
        key = key * KEY_BASE + choice
    return key


def parse(text: str) -> tuple[int, ...]:
    """Read `0012/gat/gcn/skip/fc` or `30187`; InvalidArchitectureError points at the fault."""
    body = text.strip()
    start = text.index(body)
    if "/" not in body and body.isdecimal() and body.isascii():
        return _digits(text, body, start)
    words = body.split("/")
    if len(words) != 1 + NODES:
        _fail(
            text, start, f"Expected {1 + NODES} parts between slashes, and here are {len(words)}."
        )
    choices: list[int] = []
    for place, word in enumerate(words):
        choices.append(_number(text, word.strip(), start, place))
        start += len(word) + 1
    return tuple(choices)


def _digits(text: str, body: str, start: int) -> tuple[int, ...]:
    if len(body) != 1 + NODES:
        _fail(text, start, f"Expected {1 + NODES} digits, and here are {len(body)}.")
    if "9" in body:
        _fail(text, start + body.index("9"), "Digits run from 0 to 8.")
    return tuple(map(int, body))


def _number(text: str, word: str, at: int, place: int) -> int:
    options, what = (OPERATIONS, "operation") if place else (GRAPHS, "graph")
    if word not in options:
        hint = nearest(word, options)
        meant = f" Did you mean `{hint}`?" if hint else ""
        _fail(text, at, f"`{word}` is no {what}.{meant} Known: {', '.join(options)}.")
    return options.index(word)


def _fail(text: str, at: int, problem: str) -> NoReturn:
    raise InvalidArchitectureError(text, min(at, len(text)), f"{problem} {NOTATION}")
