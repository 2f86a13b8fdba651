"""CIFAR-10, CIFAR-100, SVHN and ImageNet16-120 from the files of their publishers."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from nasbench_harness.images.cache import cached
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.halves import Halved, HalvesSource, check_halves, read_halves
from nasbench_harness.images.parts import Decoded, Images
from nasbench_harness.images.sources import (
    ImageSource,
    LocalFiles,
    find_installed,
    halves_list,
    image_source,
    images_folder,
)
from nasbench_harness.images.splits import shuffled_halves
from nasbench_harness.tables.pickles import load_restricted

IMAGENET16_CLASSES = 120

Read = Callable[[str], bytes]
"""The content of one of the files by its name."""


def read_published(name: str, data_dir: Path | None, *, official: bool = True) -> Decoded:
    """The parts and classes of a published data set found in `data_dir` (default: as pulled).

    Checks the sum of all files: decoded images are kept in the cache, and a file that changed is
    refused although its size and time stayed. CIFAR-100 and ImageNet16-120 get a `valid` part as in
    NAS-Bench-201, one half of the original test (validation) images, by the benchmark's list of
    them, which follows from no seed. Where it is not there, or with `official` false, the halves
    are the sorted ones of a shuffle with seed 1021, a design decision of this project, and a note
    says so. ImageNet16-120 is the first 120 classes of downsampled ImageNet (Chrabaszcz et al.,
    2017) at 16x16; its files name no classes, so they are called by their number.

    Raises ImageDataError where files are missing or not the published ones.
    """
    source, folder = image_source(name), data_dir or images_folder()
    found = find_installed(source, folder)
    found.check()
    listed = halves_list(source, folder) if official else None
    content = [name, *(f"{file.name} {file.md5}" for file in found.files)]
    place = f"{name} {found.paths[0].resolve()}"
    if listed and source.halves:
        check_halves(source.halves, listed)
        content.append(f"halves {source.halves.file.sha256}")
        place += " official halves"  # so that images in either kind of halves stay in the cache
    decoded = cached(place, "\n".join(content), lambda: _read(source, found, listed))
    if decoded.halved and not decoded.halved.official:
        return replace(decoded, notes=(_unlisted(source, decoded, folder),))
    return decoded


def _unlisted(source: ImageSource, decoded: Decoded, folder: Path) -> str:
    """That the benchmark's halves are not known, what is done, and how to get them."""
    assert source.halves is not None
    count = sum(len(part) for part in (decoded.valid, decoded.test) if part)
    way = f"put {source.halves.file.address} into {folder} to have its halves"
    if folder == images_folder():
        way = f"`nasharness data pull {source.name}` gets it"
    return (
        f"{source.title} is here without the benchmark's list of which of its {count:,}"
        f" {source.halves.part} images validate and which test: they are halved by a shuffle of our"
        f" own, and accuracies are of other images than the benchmark's; {way}."
    )


def _read(source: ImageSource, found: LocalFiles, listed: Path | None) -> Decoded:
    try:
        whole = _READERS[source.name](_opener(source, found))
        return _halved(whole, source.halves, listed) if source.halves else whole
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
    train, test = (_images([_pickled(read(name))], "fine_labels") for name in ("train", "test"))
    return Decoded(tuple(names), train=train, test=test)


def _imagenet16(read: Read) -> Decoded:
    def images(name: str) -> Images:
        # All 1000 classes take a gigabyte: what is not of the first 120 is let go file by file.
        return _first_classes(_images([_pickled(read(name))], "labels", side=16))

    pieces = [images(f"train_data_batch_{number}") for number in range(1, 11)]
    pixels = torch.cat([piece.pixels for piece in pieces])
    train = Images(pixels, torch.cat([piece.labels for piece in pieces]))
    names = tuple(map(str, range(IMAGENET16_CLASSES)))
    return Decoded(names, train=train, test=images("val_data"))


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


def _halved(whole: Decoded, source: HalvesSource, listed: Path | None) -> Decoded:
    """The test part as one for validation and one for test."""
    assert whole.test is not None
    count = len(whole.test)
    valid, test = read_halves(listed, count) if listed else shuffled_halves(count)
    return replace(
        whole,
        valid=whole.test.select(valid),
        test=whole.test.select(test),
        halved=Halved(source.part, listed is not None),
    )


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
