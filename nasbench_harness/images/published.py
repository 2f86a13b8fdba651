"""CIFAR-10, CIFAR-100, SVHN and ImageNet16-120 from the files of their publishers."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from nasbench_harness.images.cache import cached
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.parts import Decoded, Images
from nasbench_harness.images.sources import (
    ImageSource,
    LocalFiles,
    find_installed,
    image_source,
    images_folder,
)
from nasbench_harness.images.splits import shuffled_halves
from nasbench_harness.tables.pickles import load_restricted

IMAGENET16_CLASSES = 120

Read = Callable[[str], bytes]
"""The content of one of the files by its name."""


def read_published(name: str, data_dir: Path | None) -> Decoded:
    """The parts and classes of a published data set found in `data_dir` (default: as pulled).

    Checks the MD5 of all files: decoded images are kept in the cache, and a file that changed is
    refused although its size and time stayed. CIFAR-100 and ImageNet16-120 get a `valid` part as in
    NAS-Bench-201, one half of the official test images. The benchmark's lists of them follow from
    no seed; ours are the sorted halves of a shuffle with seed 1021, a design decision of this
    project. ImageNet16-120 is the first 120 classes of downsampled ImageNet (Chrabaszcz et al.,
    2017) at 16x16; its files name no classes, so they are called by their number.

    Raises ImageDataError where files are missing or not the published ones.
    """
    source = image_source(name)
    found = find_installed(source, data_dir or images_folder())
    found.check()
    content = "\n".join([name, *(f"{file.name} {file.md5}" for file in found.files)])
    place = f"{name} {found.paths[0].resolve()}"
    return cached(place, content, lambda: _read(source, found))


def _read(source: ImageSource, found: LocalFiles) -> Decoded:
    try:
        return _READERS[source.name](_opener(source, found))
    except (KeyError, ValueError, TypeError, EOFError, OSError, tarfile.TarError) as error:
        raise ImageDataError(
            f"{found.paths[0]} is not built as the files of {source.title} are"
            f" ({type(error).__name__}: {error}); get it again."
        ) from error


def _opener(source: ImageSource, found: LocalFiles) -> Read:
    """How to get at a file: beside the others, or inside the one archive."""
    if not (found.packed and source.members):
        paths = {path.name: path for path in found.paths}
        return lambda name: paths[name].read_bytes()
    wanted = {f"{source.unpacked}/{member.name}": member.name for member in source.members}
    contents: dict[str, bytes] = {}
    with tarfile.open(found.paths[0]) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name in wanted else None
            if stream is not None:
                contents[wanted[member.name]] = stream.read()
    return contents.__getitem__


# --- the formats -------------------------------------------------------------------------------


def _cifar10(read: Read) -> Decoded:
    train = [_pickled(read(f"data_batch_{number}")) for number in range(1, 6)]
    names = _pickled(read("batches.meta"))["label_names"]
    test = [_pickled(read("test_batch"))]
    return Decoded(tuple(names), train=_images(train, "labels"), test=_images(test, "labels"))


def _cifar100(read: Read) -> Decoded:
    names = _pickled(read("meta"))["fine_label_names"]
    valid, test = _half_and_half(_images([_pickled(read("test"))], "fine_labels"))
    train = _images([_pickled(read("train"))], "fine_labels")
    return Decoded(tuple(names), train, valid, test)


def _imagenet16(read: Read) -> Decoded:
    def images(name: str) -> Images:
        # All 1000 classes take a gigabyte: what is not of the first 120 is let go file by file.
        return _first_classes(_images([_pickled(read(name))], "labels", side=16))

    pieces = [images(f"train_data_batch_{number}") for number in range(1, 11)]
    pixels = torch.cat([piece.pixels for piece in pieces])
    train = Images(pixels, torch.cat([piece.labels for piece in pieces]))
    valid, test = _half_and_half(images("val_data"))
    return Decoded(tuple(map(str, range(IMAGENET16_CLASSES))), train, valid, test)


def _svhn(read: Read) -> Decoded:
    names = tuple(map(str, range(10)))
    return Decoded(names, train=_mat(read("train_32x32.mat")), test=_mat(read("test_32x32.mat")))


_READERS: Mapping[str, Callable[[Read], Decoded]] = {
    "cifar10": _cifar10,
    "cifar100": _cifar100,
    "imagenet16-120": _imagenet16,
    "svhn": _svhn,
}


def _mat(data: bytes) -> Images:
    """SVHN: X is [H, W, 3, N]; class 10 is the digit 0."""
    from scipy.io import loadmat

    content = loadmat(cast(Any, io.BytesIO(data)))
    pixels = np.ascontiguousarray(content["X"].transpose(3, 2, 0, 1))
    labels = content["y"].astype(np.int64).reshape(-1) % 10
    return Images(torch.from_numpy(pixels), torch.from_numpy(labels))


def _images(batches: Sequence[Mapping[str, Any]], labels: str, side: int = 32) -> Images:
    """CIFAR's form: a row per image, the red plane, the green one, the blue one."""
    pixels = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, side, side)
    numbers = [number for batch in batches for number in batch[labels]]
    if pixels.dtype != np.uint8 or len(pixels) != len(numbers):
        raise ValueError(f"{len(pixels)} images of {pixels.dtype}, {len(numbers)} labels")
    return Images(torch.from_numpy(pixels), torch.tensor(numbers, dtype=torch.int64))


def _first_classes(images: Images) -> Images:
    """The images of classes 1 to 120, as 0 to 119."""
    chosen = (images.labels <= IMAGENET16_CLASSES).nonzero().flatten()
    kept = images.select(chosen)
    return Images(kept.pixels, kept.labels - 1)


def _half_and_half(images: Images) -> tuple[Images, Images]:
    first, second = shuffled_halves(len(images))
    return images.select(first), images.select(second)


def _pickled(data: bytes) -> dict[str, Any]:
    content: dict[str, Any] = load_restricted(data, _ADMITTED, encoding="latin1")
    return content


def _latin1(text: str, _: str) -> bytes:
    """What bytes are in pickles that Python 3 wrote for Python 2."""
    return text.encode("latin1")


_reconstruct = np._core.multiarray._reconstruct  # type: ignore[attr-defined]
_ADMITTED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("_codecs", "encode"): _latin1,
}
