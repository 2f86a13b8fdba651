"""Spaces whose architectures can be listed, where a row of a table is one of them."""

from __future__ import annotations

from typing import cast

from nasbench_harness.contracts import Enumerable, EnumerableSpace, SearchSpace
from nasbench_harness.errors import HarnessError


def enumerable(space: SearchSpace, purpose: str) -> EnumerableSpace:
    """The space, for something that needs every architecture; HarnessError where none lists them.

    `purpose` completes the sentence: `a landscape has a number for every one of them`.
    """
    if not isinstance(space, Enumerable):
        raise HarnessError(f"The architectures of `{space.name}` cannot be listed, and {purpose}.")
    return cast("EnumerableSpace", space)
