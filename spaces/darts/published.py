"""Cells that were published by name, as their authors' code prints them."""

from __future__ import annotations

from collections.abc import Mapping

from nasbench_harness.spaces.darts.encoding import OPERATIONS, CellEdges, Edge, ordered

_SHORT = {
    "none": "none", "max": "max_pool_3x3", "avg": "avg_pool_3x3", "skip": "skip_connect",
    "sep3": "sep_conv_3x3", "sep5": "sep_conv_5x5", "sep7": "sep_conv_7x7",
    "dil3": "dil_conv_3x3", "dil5": "dil_conv_5x5",
}  # fmt: skip
assert set(_SHORT.values()) <= set(OPERATIONS)

# Operation and input of both edges, node by node. Sources: the codes of DARTS (V1, V2), DrNAS,
# PC-DARTS and UNAS; UNAS' cells take the same input twice in places.
_CELLS = {
    "DARTS_V1": (
        "sep3:1 sep3:0; skip:0 sep3:1; skip:0 sep3:1; sep3:0 skip:2",
        "max:0 max:1; skip:2 max:0; max:0 skip:2; skip:2 avg:0",
    ),
    "DARTS_V2": (
        "sep3:0 sep3:1; sep3:0 sep3:1; sep3:1 skip:0; skip:0 dil3:2",
        "max:0 max:1; skip:2 max:1; max:0 skip:2; skip:2 max:1",
    ),
    "DrNAS_cifar10": (
        "sep3:0 sep5:1; sep3:1 sep3:2; skip:0 sep3:1; sep3:2 dil5:3",
        "max:0 sep5:1; dil5:2 sep5:1; sep5:1 dil5:3; skip:4 sep5:1",
    ),
    "DrNAS_imagenet": (
        "sep3:1 sep3:0; sep3:0 sep3:1; sep3:0 dil3:3; skip:0 sep3:1",
        "max:0 sep3:1; sep3:0 skip:2; sep3:0 sep3:2; sep3:3 sep3:1",
    ),
    "PC_DARTS_cifar": (
        "sep3:1 skip:0; sep3:0 dil3:1; sep5:0 sep3:1; avg:0 dil3:1",
        "sep5:1 max:0; sep5:1 sep5:2; sep3:0 sep3:3; sep3:1 sep3:2",
    ),
    "PC_DARTS_image": (
        "skip:1 sep3:0; sep3:0 skip:1; sep3:1 sep3:3; sep3:1 dil5:4",
        "sep3:0 skip:1; dil5:2 max:1; sep3:2 sep3:1; sep5:0 sep3:3",
    ),
    "UNAS_CIFAR10": (
        "sep5:0 skip:0; skip:0 dil3:1; sep3:0 dil3:1; sep3:1 dil3:0",
        "sep3:0 sep5:0; skip:1 sep3:0; avg:1 skip:0; sep5:3 avg:1",
    ),
    "UNAS_CIFAR100": (
        "sep3:0 dil3:0; dil3:1 sep3:0; skip:0 sep3:1; sep5:1 sep3:0",
        "sep7:0 sep3:0; sep3:1 sep5:0; sep7:1 dil3:0; dil3:0 sep3:3",
    ),
    "UNAS_IMAGENET": (
        "sep3:0 skip:0; sep3:0 skip:1; sep3:1 sep5:0; sep3:0 dil3:1",
        "sep5:0 sep3:1; sep5:0 sep3:1; sep5:1 dil3:0; dil3:3 sep3:1",
    ),
}
SYNONYMS = {
    "DARTS": "DARTS_V2", "DrNAS": "DrNAS_cifar10", "PCDARTS": "PC_DARTS_cifar",
    "PC_DARTS": "PC_DARTS_cifar", "UNAS": "UNAS_CIFAR10",
}  # fmt: skip
NAMES = tuple(_CELLS)


def published(name: str) -> Mapping[str, CellEdges] | None:
    """The cells of that name, in any case and with - or without _; None of an unknown name."""
    plain = _plain(name)
    named = {_plain(n): n for n in NAMES} | {_plain(s): n for s, n in SYNONYMS.items()}
    if plain not in named:
        return None
    normal, reduce = _CELLS[named[plain]]
    return {"normal": _cell(normal), "reduce": _cell(reduce)}


def _cell(text: str) -> CellEdges:
    nodes = [[_edge(word) for word in node.split()] for node in text.split(";")]
    return tuple(ordered(first, second) for first, second in nodes)


def _edge(word: str) -> Edge:
    short, source = word.split(":")
    return Edge(int(source), _SHORT[short])


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "").replace("-", "")
