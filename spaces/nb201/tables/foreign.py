"""The few classes the official files name, and what stands in for them.

The benchmark's results are plain containers. Its parameter counts are numpy numbers, and the
folder with trained weights has tensors, which are dropped unread.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from nasbench_harness.errors import HarnessError

_FORMATS = {"f8": "d", "f4": "f", "i8": "q", "i4": "i", "u8": "Q", "u4": "I"}


class NumberType:
    """Stands in for `numpy.dtype` of a single number."""

    def __init__(self, code: str = "", *_: object) -> None:
        self.code = code
        self.order = "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1]


def number(kind: NumberType | None = None, raw: bytes = b"") -> float | int:
    """Stands in for numpy's `scalar`: the plain Python number."""
    if not isinstance(kind, NumberType) or kind.code not in _FORMATS or kind.order not in "<>":
        raise HarnessError("The file holds numbers of a type the benchmark does not use.")
    value: float | int = struct.unpack(kind.order + _FORMATS[kind.code], raw)[0]
    return value


def latin(text: str = "", encoding: str = "") -> bytes:
    """Stands in for `_codecs.encode`, with which old pickles write bytes."""
    if encoding != "latin1":
        raise HarnessError("The file holds bytes written as no benchmark file writes them.")
    return text.encode("latin1")


def dropped(*_: object) -> None:
    """Stands in for a tensor and its storage."""


NUMBERS: dict[tuple[str, str], Callable[[], Any]] = {
    ("numpy.core.multiarray", "scalar"): number,
    ("numpy._core.multiarray", "scalar"): number,
    ("numpy", "dtype"): NumberType,
    ("_codecs", "encode"): latin,
}
TENSORS: dict[tuple[str, str], Callable[[], Any]] = {
    ("torch._utils", "_rebuild_tensor_v2"): dropped,
    ("torch._utils", "_rebuild_parameter"): dropped,
    ("torch.storage", "_load_from_bytes"): dropped,
}
CONTAINERS: dict[tuple[str, str], Callable[[], Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
}
