"""The official halves of a part: which of its images are for validation, and which for test.

A benchmark that has one part of a data set beside the training images, and validates as well as
tests, cut it in two by a list. This file needs neither torch nor numpy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness.errors import reason
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.tables.pinned import PinnedFile

_KEYS = ("xvalid", "xtest")
"""What the lists are called in their file, and by the benchmark."""


@dataclass(frozen=True)
class HalvesSource:
    """Where the list of the halves of a data set is published, and what it is of."""

    file: PinnedFile
    part: str
    """The part that is halved, as the publisher of the images calls it: `test`, `validation`."""


@dataclass(frozen=True)
class Halved:
    """How one part of a data set became a part for validation and one for test."""

    part: str
    """As in `HalvesSource`."""
    official: bool
    """By the published list; else by a shuffle of this project."""

    def told(self, half: int) -> str:
        """Which images the first (0, validation) or the second (1, test) half are."""
        if self.official:
            return f"{_KEYS[half]}, the official half of the original {self.part} images"
        return f"our own half of the original {self.part} images, not the official one"


def find_halves(source: HalvesSource, folders: Iterable[Path]) -> Path | None:
    """The list in the first of the folders that has it, unread; None where none has it."""
    paths = (folder / source.file.file for folder in folders)
    return next((path for path in paths if path.is_file()), None)


def is_published(source: HalvesSource, path: Path) -> bool:
    """Is `path` the published list; ImageDataError if it cannot be read."""
    return _sum(path) == source.file.sha256


def check_halves(source: HalvesSource, path: Path) -> None:
    """`path` is the published list; ImageDataError if it is not or cannot be read."""
    if not is_published(source, path):
        raise ImageDataError(
            f"{path} is not the published list of the halves (SHA-256 expected"
            f" {source.file.sha256[:12]}, found {_sum(path)[:12]}); delete it and get it again from"
            f" {source.file.address}."
        )


def read_halves(path: Path, count: int) -> tuple[list[int], list[int]]:
    """The images for validation and those for test, of `count` that are counted from 0.

    JSON as upstream: under `xvalid` and `xtest` a pair of a type and numbers as text.
    ImageDataError where the two are no halves: of other sizes, out of range, or with an image in
    both or twice.
    """
    try:
        content = json.loads(_content(path))
        valid, test = ([int(number) for number in content[name][1]] for name in _KEYS)
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise ImageDataError(
            f"{path} is no list of halves: expected JSON with numbers of images under"
            f" {' and '.join(_KEYS)}; get it again."
        ) from error
    if fault := _fault(valid, test, count):
        raise ImageDataError(f"{path} {fault}; get it again.")
    return valid, test


def _fault(valid: list[int], test: list[int], count: int) -> str:
    """What keeps them from being halves; empty if nothing does."""
    if strange := sorted(number for number in {*valid, *test} if not 0 <= number < count):
        return f"lists image {strange[0]}, where there are {count:,}, counted from 0"
    if both := sorted({*valid} & {*test}):
        return f"lists image {both[0]} for validation and for test"
    if (len(valid), len(test)) != (count // 2, count - count // 2):
        return (
            f"lists {len(valid):,} images for validation and {len(test):,} for test, where halves"
            f" of {count:,} are expected"
        )
    if len({*valid, *test}) < count:
        return "lists an image twice"
    return ""


def _sum(path: Path) -> str:
    return hashlib.sha256(_content(path)).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageDataError(f"{path} cannot be read ({reason(error)}).") from error
