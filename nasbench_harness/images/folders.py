"""Any folder of images with one subfolder per class, decoded once."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from nasbench_harness.images.cache import cached
from nasbench_harness.images.decoding import ImageFile, decode, identify
from nasbench_harness.images.layout import TEST, TRAIN, VALID, LayoutName, some
from nasbench_harness.images.listing import Listing, list_images
from nasbench_harness.images.parts import Decoded, Images
from nasbench_harness.images.splits import BENCHMARK_SEED
from nasbench_harness.images.streamed import (
    WHOLE_BYTES,
    decoded_bytes,
    is_large,
    stream_folder,
)

_WIDTH = 79


def open_folder(
    folder: Path,
    image_size: int | None,
    layout: LayoutName | None,
    *,
    stream: bool | None,
    workers: int,
) -> Decoded:
    """An image folder whole (`read_folder`), or decoded as it is needed (`stream_folder`).

    Where nobody says which, it is streamed if a size is given at which it would take more than 16
    GB. The notes say so.
    """
    if stream is False or (stream is None and image_size is None):
        return read_folder(folder, image_size, layout)
    listing = list_images(folder, layout)
    if stream is None and not is_large(listing, image_size or 0):
        return read_folder(folder, image_size, layout, listing)
    decoded = stream_folder(folder, listing, image_size, workers)
    size = decoded_bytes(listing, decoded.train.size[0])
    told = f"Streamed: decoded as they are needed; whole they would take {size / 1e9:,.1f} GB"
    if stream is None:
        told += f", and no more than {WHOLE_BYTES // 10**9} are kept unless `--no-stream` says so"
    return replace(decoded, notes=(*_told(folder, listing, decoded), *_folded(told)))


def read_folder(
    folder: Path,
    image_size: int | None = None,
    layout: LayoutName | None = None,
    listing: Listing | None = None,
) -> Decoded:
    """The parts of an image folder and its classes, in alphabetical order.

    The folder holds `train/<class>/...` and perhaps held-out parts (`test`, `val`, `validation`,
    `Testing`, ...; of one, the test part; of two, the validation part is for search), or it holds
    the classes themselves and has no test part. `layout` settles which of the two where a folder
    can be read in both ways, see `layout.find_layout`. Files that are no pictures by their suffix
    (`formats`) and what systems leave behind (`litter`) are left out.

    Images become RGB of `image_size` x `image_size` pixels, see `pixels` for how; without a size
    they keep their own where it is the same for all and at most 64, and are resized to 32
    otherwise. Files on disk are sorted by class, so each part is put in a fixed random order (seed
    1021). The decoded images are kept in the cache by the content of the files: a folder that moved
    finds them again, and a file that changed does not, whatever its size and time. All files are
    read for that, which takes two or three seconds for 60,000 small ones.

    The result's `notes` tell in a few lines what was understood, what was left out, and how pixels
    were mapped.

    Raises ImageDataError: no such folder, an ambiguous layout, fewer than two classes, a class
    without images, classes of one part that another lacks, files that are no images, hold several,
    or have values that cannot be mapped to 8 bits faithfully.
    """
    listing = listing or list_images(folder, layout)
    files = identify(listing.paths)
    place = f"folder {folder.resolve()} {image_size} {layout}"
    content = "\n".join(chain([f"pixels {image_size}"], _identities(listing, files)))
    decoded = cached(place, content, lambda: _read(listing, files, image_size))
    return replace(decoded, notes=tuple(_told(folder, listing, decoded)))


def _identities(listing: Listing, files: Sequence[ImageFile]) -> Iterator[str]:
    """A line for every file: its part, its class and its content, in the order they are read.

    Where it lies and how it is called is not there.
    """
    hashes = iter(files)
    for part, of_class in listing.files.items():
        for name, paths in of_class.items():
            yield f"{part} {name!r}"
            yield from (next(hashes).hash.hex() for _ in paths)


def _read(listing: Listing, files: Sequence[ImageFile], image_size: int | None) -> Decoded:
    pixels = decode(files, image_size)
    classes = listing.classes
    parts: dict[str, Images] = {}
    start = 0
    for part, of_class in listing.files.items():
        labels = np.repeat(np.arange(len(classes)), [len(of_class[name]) for name in classes])
        order = list(range(len(labels)))
        random.Random(BENCHMARK_SEED).shuffle(order)
        chosen = pixels.values[start : start + len(labels)][order]
        parts[part] = Images(torch.from_numpy(chosen), torch.from_numpy(labels[order]))
        start += len(labels)
    notes = ("resized" if pixels.resized else "kept", *pixels.words)
    return Decoded(classes, parts[TRAIN], parts.get(VALID), parts.get(TEST), notes)


# --- what was understood -----------------------------------------------------------------------


def _told(folder: Path, listing: Listing, decoded: Decoded) -> Iterator[str]:
    """What is read of the folder, for a person, in lines of at most 80 columns but for paths."""
    size, *mapped = decoded.notes
    height, width = decoded.train.size
    counts = ", ".join(_counts(listing, decoded))
    classes = some(listing.classes)
    yield f"Images: {_printable(str(folder))}"
    yield from _folded(
        f"{counts}; {len(listing.classes)} classes: {classes}; {width}x{height} pixels, {size}"
    )
    if mapped:
        yield from _folded(f"Pixels: {', '.join(mapped)}")
    if left_out := listing.left_out.told():
        yield from _folded(f"Left out: {', '.join(left_out)}")


def _counts(listing: Listing, decoded: Decoded) -> Iterator[str]:
    """`train 40`, or `Training (train) 40` where the folder is called otherwise."""
    for part, images in decoded.parts.items():
        name = listing.layout.parts[part].name
        called = part if listing.layout.kind == "classes" or name == part else f"{name} ({part})"
        yield f"{called} {len(images)}"


def _folded(text: str) -> list[str]:
    return textwrap.wrap(
        _printable(text), _WIDTH, initial_indent="  ", subsequent_indent="    ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _printable(text: str) -> str:
    """A name may hold anything but a slash, bytes that are no UTF-8 included."""
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in plain)
