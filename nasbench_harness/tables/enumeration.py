"""Spaces whose architectures can be listed, where a row of a table is one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeGuard, cast

from nasbench_harness.contracts import Architecture, Enumerable, EnumerableSpace, SearchSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.registry import lacking

TRIED = 20_000
"""Architectures up to which all of a space are looked at, and of a larger one this many / 20."""
AT_ONCE = 4096
"""Of which so many are held at a time."""


def lists(space: SearchSpace) -> TypeGuard[EnumerableSpace]:
    """Can the architectures be listed. Nothing is computed, for the size of a space may be dear."""
    return _once("lists", space, lambda: not lacking(space, Enumerable))


def enumerable(space: SearchSpace, purpose: str) -> EnumerableSpace:
    """The space, for something that needs every architecture; HarnessError where none lists them.

    `purpose` completes the sentence: `a landscape has a number for every one of them`.
    """
    if not lists(space):
        raise HarnessError(f"The architectures of `{space.name}` cannot be listed, and {purpose}.")
    return cast("EnumerableSpace", space)


def free_product(space: SearchSpace, purpose: str) -> EnumerableSpace:
    """The same where a column of a table is also a tensor with an axis per decision.

    HarnessError where it is not (see `is_product`).
    """
    listed = enumerable(space, purpose)
    if not is_product(listed):
        raise HarnessError(
            f"The architectures of `{space.name}` are not all the combinations of an option for"
            f" every decision, in the order of their ranks, and {purpose}."
        )
    return listed


def is_product(space: SearchSpace) -> bool:
    """Are the architectures all combinations of options, the last decision fastest.

    Then `weights` is one-hot, and `column.reshape(options)[choices]` the number of an architecture.
    A space that says so (`product = True`) is believed; others are tried: all architectures, or
    evenly spaced ones of a space of more than `TRIED`.
    """
    if not lists(space):
        return False
    if getattr(space, "product", None) is not None:
        return bool(cast("Any", space).product)
    return _once("product", space, lambda: try_product(cast("EnumerableSpace", space)))


def try_product(space: EnumerableSpace) -> bool:
    """The same, tried whatever the space says."""
    options = [len(decision.options) for decision in space.decisions]
    size = space.size
    if math.prod(options) != size:
        return False
    placed: Iterator[tuple[int, Architecture]] = enumerate(space.enumerate())
    if size > TRIED:
        ranks = range(0, size, size // (TRIED // 20))
        placed = ((rank, space.unrank(rank)) for rank in (*ranks, size - 1))
    while some := list(islice(placed, AT_ONCE)):
        if not _one_hot(space, options, some):
            return False
    return True


def _one_hot(
    space: EnumerableSpace, options: list[int], placed: list[tuple[int, Architecture]]
) -> bool:
    import numpy as np
    import torch

    choices = np.stack(np.unravel_index([rank for rank, _ in placed], options), axis=-1)
    expected = torch.nn.functional.one_hot(torch.from_numpy(choices), max(options))
    found = torch.stack([space.weights(arch) for _, arch in placed])
    return torch.equal(found.double(), expected.double())


_KNOWN: dict[tuple[str, int], tuple[SearchSpace, bool]] = {}
"""By the space itself, which is kept: two of one name may differ, and some cannot be hashed."""


def _once(what: str, space: SearchSpace, answer: Callable[[], bool]) -> bool:
    key = what, id(space)
    if key not in _KNOWN:
        _KNOWN[key] = space, answer()
    return _KNOWN[key][1]
