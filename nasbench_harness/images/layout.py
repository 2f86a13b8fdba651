"""How a folder of images is laid out: parts that hold the classes, or the classes alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.formats import is_foreign, is_readable
from nasbench_harness.images.litter import is_litter

LayoutName = Literal["parts", "classes"]
LAYOUTS: tuple[LayoutName, ...] = ("parts", "classes")
AUTO = "auto"
OPTION = "--image-layout"
TRAIN, VALID, TEST = "train", "valid", "test"
TITLES = {TRAIN: "training", VALID: "validation", TEST: "test"}
_WORDS = {
    "train": TRAIN, "training": TRAIN,
    "val": VALID, "valid": VALID, "validation": VALID, "eval": VALID, "evaluation": VALID,
    "dev": VALID,
    "test": TEST, "testing": TEST,
}  # fmt: skip
_ENDINGS = ("set", "data", "images", "split")
_TOKENS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SEPARATORS = re.compile(r"[\s_.-]+")


def layout_called(name: str) -> LayoutName | None:
    """The layout of that name, None for `auto`; UnknownNameError for any other."""
    for layout in LAYOUTS:
        if name == layout:
            return layout
    if name == AUTO:
        return None
    raise UnknownNameError("layout of an image folder", name, [AUTO, *LAYOUTS])


def part_of(name: str) -> str | None:
    """The part that a folder is called after: `train` of `Training` or `train_set`, else None."""
    plain = _SEPARATORS.sub("", name).lower()
    stems = [plain, *(plain.removesuffix(ending) for ending in _ENDINGS)]
    return next((_WORDS[stem] for stem in stems if stem in _WORDS), None)


@dataclass(frozen=True)
class Layout:
    """Which folder holds the classes of which part."""

    parts: dict[str, Path]
    """`train`, and where they are there `valid` and `test`."""
    kind: LayoutName
    aside: tuple[str, ...] = ()
    """Folders with pictures that are no part, left out."""


def find_layout(folder: Path, asked: LayoutName | None = None) -> Layout:
    """How the images in `folder` are laid out; `asked` settles what could be read in two ways.

    Folders called after a training part and held-out parts (`part_of`, in any case) are parts if
    they hold folders, and nothing speaks for another reading. Two held-out parts are for search
    and for test; one alone is for test. Where no folder is called like that, or those that are
    hold pictures themselves, as their neighbours do, all folders are classes, unless several hold
    the same folders. Where parts are asked for, a word of the name is enough (`train2017`).

    Raises ImageDataError where the folder can be read in two ways, or as neither.
    """
    inside = Contents.of(folder)
    called = _parts_called(inside.folders, asked)
    named, others = list(called), [name for name in inside.folders if name not in called]
    below = {name: Contents.of(folder / name) for name in named}
    nested = [name for name in named if below[name].folders]
    if asked == "classes":
        return Layout({TRAIN: folder}, "classes")
    if asked is None and (not named or (others and not nested)):
        _refuse_twins(folder, inside.folders)
        return Layout({TRAIN: folder}, "classes")
    aside = tuple(name for name in others if _any_picture(folder / name))
    places = _places(folder, called, others, asked)
    if asked is None and aside and not _agree(places, below):
        raise _two_readings(folder, named, aside)
    _refuse_flat(folder, below)
    parts = {part: folder / name for part, name in places.items()}
    return Layout(_held_out(parts), "parts", aside)


def _parts_called(names: Sequence[str], asked: LayoutName | None) -> dict[str, str]:
    """The part of each folder called after one.

    Where parts are asked for, a word in the name will do (`seg_train`), unless another folder is
    called after that part alone.
    """
    called = {name: part for name in names if (part := part_of(name))}
    if asked == "parts":
        taken = set(called.values())
        words = {name: _part_within(name) for name in names if name not in called}
        called |= {name: part for name, part in words.items() if part and part not in taken}
    return called


def _part_within(name: str) -> str | None:
    """The one part that a word of the name tells: `train` of `train2017` or `trainA`."""
    parts = {_WORDS[word.lower()] for word in _TOKENS.findall(name) if word.lower() in _WORDS}
    return parts.pop() if len(parts) == 1 else None


@dataclass(frozen=True)
class Contents:
    """What a folder holds itself."""

    folders: tuple[str, ...]
    """In alphabetical order, without litter."""
    pictures: int

    @classmethod
    def of(cls, folder: Path) -> Contents:
        """Look into the folder."""
        with os.scandir(folder) as entries:
            kept = [entry for entry in entries if not is_litter(entry.name)]
        folders = sorted(entry.name for entry in kept if entry.is_dir())
        return cls(tuple(folders), sum(map(is_picture, (entry.name for entry in kept))))


def is_picture(name: str) -> bool:
    """Is this the name of a picture, whether it can be opened here or not."""
    return is_readable(name) or is_foreign(name)


def counted(number: int, thing: str) -> str:
    """`1 picture`, `2 pictures`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def some(names: Sequence[str]) -> str:
    """Up to five of the names, and how many more there are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


# --- the parts ---------------------------------------------------------------------------------


def _places(
    folder: Path, called: dict[str, str], others: Sequence[str], asked: LayoutName | None
) -> dict[str, str]:
    """The folder of each part; ImageDataError for two of one part, or none to train on."""
    places: dict[str, str] = {}
    for name, part in called.items():
        if part in places:
            raise ImageDataError(
                f"{places[part]} and {name} in {folder} are both called after the {TITLES[part]}"
                f" part; put their images together, rename one of them, or say {OPTION} classes if"
                " they are classes."
            )
        places[part] = name
    if TRAIN not in places:
        if others and asked is None:
            raise ImageDataError(
                f"{some(list(called))} in {folder} may be held-out images without a training part,"
                f" or classes beside {some(others)}; put the training images into train/<class>/,"
                " or"
                f" say {OPTION} classes."
            )
        there = f"holds {some(list(called))} and" if called else "holds"
        raise ImageDataError(
            f"{folder} {there} no training part, such as train/<class>/; rename a folder, or say"
            f" {OPTION} classes if its folders are the classes."
        )
    return {part: places[part] for part in (TRAIN, VALID, TEST) if part in places}


def _held_out(parts: dict[str, Path]) -> dict[str, Path]:
    """A validation part without a test part is for test."""
    if VALID in parts and TEST not in parts:
        return {TRAIN: parts[TRAIN], TEST: parts[VALID]}
    return parts


def _agree(places: dict[str, str], below: dict[str, Contents]) -> bool:
    """Does a held-out part hold folders of the same names as the training part."""
    classes = set(below[places[TRAIN]].folders)
    return any(classes & set(below[name].folders) for part, name in places.items() if part != TRAIN)


def _refuse_flat(folder: Path, below: dict[str, Contents]) -> None:
    """A part without class folders says nothing about what its images show."""
    if flat := [name for name, inside in below.items() if not inside.folders]:
        pictures = sum(below[name].pictures for name in flat)
        holds = f"{counted(pictures, 'picture')} but" if pictures else "no pictures and"
        every = len(flat) == len(below)
        out = f", or say {OPTION} classes if they are classes" if every and len(flat) > 1 else ""
        raise ImageDataError(
            f"{some(flat)} in {folder}: {holds} no class folders, so that nothing says what the"
            f" pictures show; sort them into {flat[0]}/<class>/, or move them away{out}."
        )


def _refuse_twins(folder: Path, names: Sequence[str]) -> None:
    """Folders that hold the same folders of pictures may be parts with names of their own."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        if len(inner := Contents.of(folder / name).folders) > 1:
            alike.setdefault(inner, []).append(name)
    for inner, twins in alike.items():
        if len(twins) > 1 and all(_any_picture(folder / t / i) for t in twins for i in inner):
            raise ImageDataError(
                f"{folder} can be read in two ways: {some(twins)} all hold {some(inner)} and may be"
                f" the parts of a data set, or classes; say {OPTION} parts or {OPTION} classes."
            )


def _two_readings(folder: Path, named: Sequence[str], others: Sequence[str]) -> ImageDataError:
    one = len(named) == 1
    return ImageDataError(
        f"{folder} can be read in two ways: {some(named)} may be"
        f" {'a part' if one else 'the parts'} of a data set, or {'a class' if one else 'classes'}"
        f" beside {some(others)}; say {OPTION} parts or {OPTION} classes."
    )


def _any_picture(folder: Path) -> bool:
    return any(is_picture(name) for name in _names(folder))


def _names(folder: Path) -> Iterator[str]:
    """The files below a folder, without litter."""
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_litter(name)]
        yield from (name for name in files if not is_litter(name))
