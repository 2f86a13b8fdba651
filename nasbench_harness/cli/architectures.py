"""Architectures as somebody writes them on a command line."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from nasbench_harness.errors import HarnessError, InvalidArchitectureError
from nasbench_harness.fields.scalars import AmbiguousScalarError, read_scalar

if TYPE_CHECKING:
    from nasbench_harness.contracts import Architecture, SearchSpace

_INDEX = re.compile("-?[0-9]{1,300}")


class ForeignArchitectureError(HarnessError):
    """An architecture of another space than the one that was asked for."""

    def __init__(self, asked: str, space: str) -> None:
        super().__init__(
            f"This is an architecture of `{space}`, not of `{asked}`; `--space {space}` reads it."
        )
        self.space = space


def read_architecture(space: str, text: str) -> Architecture:
    """An architecture string of the space, or an official index where it has one."""
    from nasbench_harness import registry
    from nasbench_harness.contracts import Numbered

    opened = registry.open_space(space)
    plain = text.strip()
    numeric = plain.lstrip("-").isnumeric()
    if not isinstance(opened, Numbered) or not numeric:
        try:
            return opened.parse(text)
        except InvalidArchitectureError as error:
            if not numeric:
                if other := _space_of(text):
                    raise ForeignArchitectureError(space, other) from error
                raise
            told = _other_length(opened, plain) or f"{no_index(space)} {error}"
            raise HarnessError(told) from error
    if not _INDEX.fullmatch(plain):
        raise HarnessError(f"`{plain[:40]}` is no index: write it with the digits 0 to 9.")
    try:
        read_scalar(plain)
        return opened.at_index(int(plain))
    except (AmbiguousScalarError, IndexError) as error:
        raise HarnessError(f"{error}.") from error


def _space_of(text: str) -> str | None:
    """The first installed space that can read the text."""
    from nasbench_harness import registry

    for name in registry.spaces.names():
        with contextlib.suppress(Exception):  # somebody else's fault is told where it is asked for
            registry.open_space(name).parse(text)
            return name
    return None


def no_index(space: str) -> str:
    """That architectures of the space are not numbered."""
    return f"The architectures of `{space}` have no index; give an architecture string instead."


def _other_length(space: SearchSpace, digits: str) -> str:
    """That a space which reads digits reads another number of them; empty where it does not."""
    expected = len(space.decisions)
    if len(digits) == expected or not digits.isdecimal():
        return ""
    try:
        example = str(space.parse("0" * expected))
    except InvalidArchitectureError:
        return ""
    return (
        f"`{digits[:40]}` has {len(digits)} digits, and an architecture of `{space.name}` has"
        f" {expected}, one for each decision: `{'0' * expected}` is `{example}`"
        f" (`nasharness show space {space.name}` tells what they mean)."
    )
