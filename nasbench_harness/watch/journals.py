"""A journal as it grows, and what of it is a number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Tail:
    """What a journal has gained since it was read last."""

    def __init__(self, path: Path) -> None:
        """The journal at `path`, from its first line on; it need not be there yet."""
        self._path = path
        self._offset = 0
        self._seen = hashlib.sha256()

    def read(self) -> list[dict[str, Any]]:
        """The whole lines that are new; of a torn last line nothing yet."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        self._offset += len(whole) + len(newline)
        self._seen.update(whole + newline)
        return [json.loads(line) for line in whole.split(b"\n")] if whole else []

    def rewritten(self) -> bool:
        """Whether the journal no longer begins with what was read: a trial went back and on."""
        try:
            with self._path.open("rb") as file:
                now = hashlib.sha256(file.read(self._offset))
        except FileNotFoundError:
            return self._offset > 0
        return now.digest() != self._seen.digest()


def numbers(facts: Mapping[str, Any], *without: str) -> dict[str, float]:
    """The numeric values; missing ones, truth values, texts and lists are left out."""
    return {
        name: float(value)
        for name, value in facts.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and name not in without
    }
