"""Any folder of images with one subfolder per class, decoded once."""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from nasbench_harness.errors import os_sentence
from nasbench_harness.hardware import available_cores
from nasbench_harness.images.cache import cached
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.parts import Decoded, Images
from nasbench_harness.images.splits import NB201_SEED

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
DEFAULT_SIZE = 32
"""Pixels a side of images that come in several sizes, or are large."""
LARGEST_OWN_SIZE = 64
"""Images that are all of one size up to this keep it."""
_CHUNK = 64  # images a thread takes at a time


class _File(NamedTuple):
    path: str
    bytes: int
    modified: int


_Listing = dict[str, dict[str, list[_File]]]
"""Part, class, files; classes and files in alphabetical order."""


def read_folder(folder: Path, image_size: int | None = None) -> Decoded:
    """The parts of an image folder and its classes, in alphabetical order.

    The folder holds `train/<class>/...`, and `test/<class>/...` or `val/<class>/...` for the test
    part (with both, `val` is the part for search), or it holds the classes themselves and has no
    test part. Images become RGB of `image_size` x `image_size` pixels; without one they keep their
    own size where it is the same for all and at most 64, and are resized to 32 otherwise.

    Files on disk are sorted by class, so each part is put in a fixed random order (seed 1021).
    The decoded images are kept in the cache and used until a name, size or time of a file changes.

    Raises ImageDataError: no such folder, fewer than two classes, a class without images, classes
    of one part that another lacks, files that are no images.
    """
    listing = _listing(folder)
    classes = _classes(folder, listing)
    content = "\n".join(
        f"{part} {file.path.removeprefix(str(folder))} {file.bytes} {file.modified}"
        for part, of_class in listing.items()
        for files in of_class.values()
        for file in files
    )
    place = f"folder {folder.resolve()} {image_size}"
    return cached(place, content, lambda: _read(listing, classes, image_size))


# --- what is there -----------------------------------------------------------------------------


def _listing(folder: Path) -> _Listing:
    if not folder.is_dir():
        raise ImageDataError(
            f"There is no folder {folder}; `folder:PATH` wants one that holds train/<class>/ and"
            " test/<class>/, or <class>/, with the images in it."
        )
    try:
        return {part: _class_files(place) for part, place in _parts(folder).items()}
    except OSError as error:
        raise ImageDataError(f"{folder} cannot be read: {os_sentence(error)}") from error


def _parts(folder: Path) -> dict[str, Path]:
    if not (folder / "train").is_dir():
        return {"train": folder}
    held_out = [folder / name for name in ("val", "valid", "test") if (folder / name).is_dir()]
    parts = {"train": folder / "train"}
    if len(held_out) > 1:
        parts["valid"] = held_out[0]
    if held_out:
        parts["test"] = held_out[-1]
    return parts


def _class_files(place: Path) -> dict[str, list[_File]]:
    with os.scandir(place) as entries:
        classes = sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
    return {name: sorted(_images(place / name)) for name in classes}


def _images(folder: Path) -> Iterator[_File]:
    """The image files under a folder, however deep."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from _images(Path(entry.path))
            elif entry.name.lower().endswith(SUFFIXES):
                state = entry.stat()
                yield _File(entry.path, state.st_size, state.st_mtime_ns)


def _classes(folder: Path, listing: _Listing) -> tuple[str, ...]:
    classes = tuple(listing["train"])
    if len(classes) < 2:
        raise ImageDataError(
            f"{folder} holds {len(classes)} folder(s) of training images where one for each of two"
            " or more classes were expected."
        )
    for part, of_class in listing.items():
        if odd := sorted(set(of_class) ^ set(classes)):
            raise ImageDataError(
                f"The training and {part} images of {folder} are not of the same classes:"
                f" {_some(odd)} in one of them alone."
            )
        if empty := [name for name, files in of_class.items() if not files]:
            raise ImageDataError(
                f"There is no image in {_some(empty)} of the {part} part of {folder}; images end"
                f" in {', '.join(SUFFIXES)}."
            )
    return classes


def _some(names: Sequence[str]) -> str:
    """Up to five of the names, and how many more there are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


# --- decoding ----------------------------------------------------------------------------------


def _read(listing: _Listing, classes: tuple[str, ...], image_size: int | None) -> Decoded:
    files = [file for part in listing.values() for of_class in part.values() for file in of_class]
    pixels = _decode(files, image_size)
    parts: dict[str, Images] = {}
    start = 0
    for part, of_class in listing.items():
        labels = np.repeat(np.arange(len(classes)), [len(of_class[name]) for name in classes])
        order = list(range(len(labels)))
        random.Random(NB201_SEED).shuffle(order)
        chosen = pixels[start : start + len(labels)][order]
        parts[part] = Images(torch.from_numpy(chosen), torch.from_numpy(labels[order]))
        start += len(labels)
    return Decoded(classes, **parts)


def _decode(files: Sequence[_File], image_size: int | None) -> NDArray[np.uint8]:
    """uint8 [N, 3, H, W] in the order of `files`."""
    if image_size is None and (own := _own_size(files[0])):
        with contextlib.suppress(_OtherSizeError):
            return _decode_to(files, own, resize=False)
    side = image_size or DEFAULT_SIZE
    return _decode_to(files, (side, side), resize=True)


def _own_size(file: _File) -> tuple[int, int] | None:
    """Width and height of an image that is small enough to keep them."""
    from PIL import Image

    try:
        with Image.open(file.path) as image:
            return image.size if max(image.size) <= LARGEST_OWN_SIZE else None
    except Exception:  # it is found again, and named, when all are decoded
        return None


class _OtherSizeError(Exception):
    """The images are not all of one size."""


def _decode_to(files: Sequence[_File], size: tuple[int, int], *, resize: bool) -> NDArray[np.uint8]:
    pixels = np.empty((len(files), 3, size[1], size[0]), dtype=np.uint8)

    def decode(start: int) -> list[_File]:
        broken = []
        for place, file in enumerate(files[start : start + _CHUNK], start):
            try:
                pixels[place] = _pixels(file.path, size, resize=resize)
            except _OtherSizeError:
                raise
            except Exception:  # decoders fail in many ways, all of which mean a broken file
                broken.append(file)
        return broken

    # Small images take longer on several threads: there the interpreter's lock is what they share.
    with ThreadPoolExecutor(available_cores() if resize else 1) as pool:
        results = [pool.submit(decode, start) for start in range(0, len(files), _CHUNK)]
        try:
            broken = [file.path for result in results for file in result.result()]
        except _OtherSizeError:
            pool.shutdown(cancel_futures=True)
            raise
    if broken:
        raise ImageDataError(
            f"{len(broken)} of {len(files)} files cannot be read as images: {_some(broken)};"
            " repair or delete them."
        )
    return pixels


def _pixels(path: str, size: tuple[int, int], *, resize: bool) -> NDArray[np.uint8]:
    from PIL import Image

    with Image.open(path) as image:
        if image.size != size and not resize:
            raise _OtherSizeError
        colour = image if image.mode == "RGB" else image.convert("RGB")
        if colour.size != size:
            colour = colour.resize(size, Image.Resampling.BILINEAR)
        return np.asarray(colour).transpose(2, 0, 1)
