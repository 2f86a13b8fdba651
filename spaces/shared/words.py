"""Reading architectures that are written as a list of words, however it was pasted."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"[^\s,;|/\[\](){}'\"`]+")


def words(text: str) -> Iterator[tuple[int, str]]:
    """Every word with its place; blanks, commas, bars, brackets and quotes may stand between."""
    for found in _WORD.finditer(text):
        yield found.start(), found[0]
