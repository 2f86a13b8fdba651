"""Which files of a folder are trained on, of which part and class, and which are left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.formats import is_foreign, is_readable, readable_suffixes, suffix_of
from nasbench_harness.images.layout import (
    OPTION,
    TITLES,
    TRAIN,
    Contents,
    Layout,
    LayoutName,
    counted,
    find_layout,
    part_of,
    some,
)
from nasbench_harness.images.litter import is_litter

_SHOWN_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


@dataclass
class LeftOut:
    """What lies in the folder and is no image of a class."""

    suffixes: Counter[str] = field(default_factory=Counter)
    litter: Counter[str] = field(default_factory=Counter)
    strays: int = 0
    """Pictures beside the class folders."""
    foreign: list[str] = field(default_factory=list)
    """Pictures of a format that cannot be opened here."""
    folders: tuple[str, ...] = ()
    """Folders with pictures beside the parts."""

    def told(self) -> tuple[str, ...]:
        """All of it in words: `3 .txt`, `1 .DS_Store`."""
        words = self.kinds()
        words += [f"{count} {name}" for name, count in self.litter.most_common(5)]
        if more := sum(self.litter.values()) - sum(n for _, n in self.litter.most_common(5)):
            words.append(f"{more} more of operating systems")
        if self.strays:
            words.append(f"{counted(self.strays, 'picture')} beside the class folders")
        return (*words, *(f"folder {name}" for name in self.folders))

    def kinds(self) -> list[str]:
        """The files that are no pictures, by their suffix, most first."""
        ordered = sorted(self.suffixes.items(), key=lambda item: (-item[1], item[0]))
        return [f"{count} {suffix}" for suffix, count in ordered]


@dataclass(frozen=True)
class Listing:
    """The files of every class of every part."""

    layout: Layout
    files: dict[str, dict[str, list[str]]]
    """Part, class, paths; classes and paths in alphabetical order."""
    left_out: LeftOut

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of all parts."""
        return tuple(self.files[TRAIN])

    @property
    def paths(self) -> list[str]:
        """Every file, part by part and class by class."""
        return [path for part in self.files.values() for paths in part.values() for path in paths]


def list_images(folder: Path, asked: LayoutName | None = None) -> Listing:
    """What is in an image folder.

    Raises ImageDataError: no such folder, a layout that is none or is ambiguous, fewer than two
    classes, a class without images, classes of one part that another lacks, pictures that cannot
    be opened here, folders that cannot be read.
    """
    if not folder.is_dir():
        raise ImageDataError(
            f"There is no folder {folder}; `folder:PATH` wants one that holds train/<class>/ and"
            " test/<class>/, or <class>/, with the images in it."
        )
    try:
        return _listing(folder, asked)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ImageDataError(f"{error.filename or folder} cannot be read ({reason}).") from error


def _listing(folder: Path, asked: LayoutName | None) -> Listing:
    layout = find_layout(folder, asked)
    left_out = LeftOut(folders=layout.aside)
    walk = _Walk(left_out)
    files = {part: walk.classes(place) for part, place in layout.parts.items()}
    if layout.kind == "parts":
        walk.strays(folder)
    listing = Listing(layout, files, left_out)
    if asked is None:
        _refuse_parts_below(folder, listing, walk.below)
    _check_classes(folder, listing)
    if foreign := left_out.foreign:
        raise ImageDataError(
            f"{counted(len(foreign), 'file')} of a picture format that Pillow cannot open here:"
            f" {some(foreign)}; convert them, for instance to PNG, or move them out of {folder}."
        )
    return listing


class _Walk:
    """Goes through folders and keeps what it leaves out."""

    def __init__(self, left_out: LeftOut) -> None:
        self.left_out = left_out
        self.below: dict[str, set[str]] = {}
        """The folders inside each class folder."""

    def classes(self, place: Path) -> dict[str, list[str]]:
        """The pictures below each class folder of a part, however deep."""
        self.strays(place)
        files = {}
        for name in Contents.of(place).folders:
            self.below.setdefault(name, set())
            files[name] = sorted(self._pictures(place / name, (_identity(place),)))
        return files

    def strays(self, place: Path) -> None:
        """Leave out the files that lie beside the class folders, or beside the parts."""
        for entry in self._kept(place):
            if not entry.is_dir():
                if is_readable(entry.name):
                    self.left_out.strays += 1
                else:
                    self._count(entry.name)

    def _pictures(self, folder: Path, above: tuple[tuple[int, int], ...]) -> Iterator[str]:
        here = _identity(folder)
        if here in above:
            raise ImageDataError(
                f"{folder} leads back, through a link, to a folder that it lies in;"
                " delete the link."
            )
        pictures, foreign = [], []
        for entry in self._kept(folder):
            if entry.is_dir():
                if len(above) == 1:
                    self.below[folder.name].add(entry.name)
                yield from self._pictures(Path(entry.path), (*above, here))
            elif is_readable(entry.name) and _is_file(entry):
                pictures.append(entry.path)
            elif is_foreign(entry.name):
                foreign.append(entry.path)
            else:
                self._count(entry.name)
        yield from pictures
        self._leave_out(foreign, {os.path.splitext(path)[0] for path in pictures})

    def _leave_out(self, foreign: list[str], stems: set[str]) -> None:
        """Photographs that lie there in a second format are not missed."""
        for path in foreign:
            if os.path.splitext(path)[0] in stems:
                self._count(path)
            else:
                self.left_out.foreign.append(path)

    def _kept(self, folder: Path) -> list[os.DirEntry[str]]:
        with os.scandir(folder) as entries:
            every = sorted(entries, key=lambda entry: entry.name)
        for entry in every:
            if is_litter(entry.name):
                self.left_out.litter[_shape(entry.name)] += 1
        return [entry for entry in every if not is_litter(entry.name)]

    def _count(self, name: str) -> None:
        self.left_out.suffixes[suffix_of(name) or "without a suffix"] += 1


def _is_file(entry: os.DirEntry[str]) -> bool:
    """False for a pipe or a device; ImageDataError for a link to nothing."""
    if entry.is_file():
        return True
    if entry.is_symlink():
        raise ImageDataError(f"{entry.path} is a link to a file that is not there; delete it.")
    return False


def _identity(folder: Path) -> tuple[int, int]:
    state = folder.stat()
    return state.st_dev, state.st_ino


def _shape(name: str) -> str:
    """What litter is counted as: every `._x.jpg` is one kind."""
    if name.startswith("._"):
        return "._*"
    return "*~" if name.endswith("~") else name


# --- checks ------------------------------------------------------------------------------------


def _refuse_parts_below(folder: Path, listing: Listing, below: dict[str, set[str]]) -> None:
    """Parts that lie under the classes, or one folder deeper, would be mixed up."""
    for name in listing.classes:
        parts = {part: inner for inner in sorted(below[name]) if (part := part_of(inner))}
        if TRAIN in parts and len(parts) > 1:
            raise ImageDataError(
                f"{name} in {folder} holds {some(sorted(parts.values()))}, the parts of a data"
                " set, which belong above the classes: train/<class>/ and test/<class>/; if its"
                f" own folders are the classes, name `folder:{folder / name}`; {OPTION}"
                f" {listing.layout.kind} takes all below {name} for one class."
            )
    parts_alone = [part_of(name) for name in listing.classes]
    if listing.layout.kind == "parts" and TRAIN in parts_alone and all(parts_alone):
        place = listing.layout.parts[TRAIN]
        raise ImageDataError(
            f"The training part of {folder} holds {some(listing.classes)}, which are called after"
            f" parts; name `folder:{place}`, or say {OPTION} parts if they are the classes."
        )


def _check_classes(folder: Path, listing: Listing) -> None:
    classes = listing.classes
    usual = [suffix for suffix in _SHOWN_SUFFIXES if suffix in readable_suffixes()]
    if len(classes) < 2:
        raise ImageDataError(
            f"{folder} holds {len(classes)} folder(s) of training images where one for each of two"
            f" or more classes were expected{_deeper(listing)}."
        )
    for part, of_class in listing.files.items():
        if odd := sorted(set(of_class) ^ set(classes)):
            raise ImageDataError(
                f"The training and {TITLES[part]} images of {folder} are not of the same classes:"
                f" {some(odd)} in one of them alone{_sides(listing, part)}."
            )
        if empty := [name for name, paths in of_class.items() if not paths]:
            raise ImageDataError(
                f"There is no image in {some(empty)} of the {part} part of {folder}"
                f"{_instead(listing.left_out)}; images end in {', '.join(usual)} and the like."
            )


def _deeper(listing: Listing) -> str:
    """Where the classes may be, if there is a single folder, or pictures without one."""
    place = listing.layout.parts[TRAIN]
    if listing.left_out.strays and not listing.classes:
        return f" (it holds {counted(listing.left_out.strays, 'picture')} of no class)"
    for name in listing.classes:
        if len(Contents.of(place / name).folders) > 1:
            return f"; `folder:{place / name}` holds more"
    return ""


def _sides(listing: Listing, part: str) -> str:
    """Which names are only here and which only there, where both are: a misspelling, perhaps."""
    train, other = set(listing.classes), set(listing.files[part])
    if not (train - other and other - train):
        return ""
    return f" ({some(sorted(train - other))} is for training, {some(sorted(other - train))} is not)"


def _instead(left_out: LeftOut) -> str:
    """What was found where images were looked for."""
    names = left_out.kinds()
    if left_out.foreign:
        suffixes = sorted({suffix_of(path) for path in left_out.foreign})
        names.append(f"{len(left_out.foreign)} {'/'.join(suffixes)} that Pillow cannot open here")
    return f" (there are {some(names)})" if names else ""
