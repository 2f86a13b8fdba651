"""Data sets of images by name: bundled, published, or any folder."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import cast

import torch

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.images.cache import cached, recalled, remember
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.folders import open_folder
from nasbench_harness.images.layout import LayoutName
from nasbench_harness.images.limits import by_class, limited
from nasbench_harness.images.parts import (
    Decoded,
    ImageDataset,
    Images,
    channel_statistics,
    digest,
)
from nasbench_harness.images.place import FOLDER, is_folder
from nasbench_harness.images.plugins import read_image_set
from nasbench_harness.images.published import read_published
from nasbench_harness.images.sources import (
    ImageSource,
    find,
    image_set,
    image_source,
    images_folder,
    plugin_names,
    published_names,
)
from nasbench_harness.images.splits import BENCHMARK_SEED
from nasbench_harness.images.streamed import MEAN, STD, Streamed
from nasbench_harness.process.names import user_path

__all__ = ["ImageDataError", "ImageDataset", "Images", "dataset_names", "open_dataset"]

CIFAR10_CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


@dataclass(frozen=True)
class _Facts:
    """What is published beside the images; mean and std are of pixels from 0 to 255."""

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    flip: bool = True
    table_dataset: str | None = None


_FACTS: Mapping[str, _Facts] = {
    "cifar10": _Facts((125.3, 123.0, 113.9), (63.0, 62.1, 66.7), table_dataset="cifar10"),
    "cifar100": _Facts((129.3, 124.1, 112.4), (68.2, 65.4, 70.4), table_dataset="cifar100"),
    "imagenet16-120": _Facts(
        (122.68, 116.66, 104.01), (63.22, 61.26, 65.09), table_dataset="imagenet16-120"
    ),
    "svhn": _Facts(flip=False),
    "digits": _Facts(flip=False),
}
"""Normalisation as in NAS-Bench-201 (its authors' code)."""


def dataset_names() -> list[str]:
    """The data sets that have a name, those of other packages too; `folder:PATH` is any other."""
    return sorted({*_own_names(), *plugin_names()})


def _own_names() -> list[str]:
    return ["digits", *published_names()]


def table_dataset(name: str) -> str | None:
    """The data set of the NAS-Bench-201 tables that these images are by their name, if any."""
    return _FACTS[name].table_dataset if name in _FACTS else None


def open_dataset(  # noqa: PLR0913 - each is a choice of its own
    name: str,
    *,
    data_dir: Path | None = None,
    download: bool = False,
    image_size: int | None = None,
    image_layout: LayoutName | None = None,
    limit: int | None = None,
    seed: int = 0,
    planned: str = "",
    like: str = "",
    stream: bool | None = False,
    workers: int = 0,
) -> ImageDataset:
    """Read a data set into memory: one of ours, any folder, or a package's `ImageSet`.

    Published sets are read from `data_dir` or from where `nasharness data pull` puts them;
    `download` gets what is missing first. Of `folder:PATH`, see `folders.open_folder`, there may be
    chosen `image_size` (pixels a side), `image_layout` (None where it can be told), and `stream`:
    images are decoded as they are needed, in `workers` processes (None: where they are too many).

    `limit` keeps that many training images, the classes as even as they can be, in their order;
    `seed` chooses which, for all trials the same. Images known to have the digest `planned` come
    from the cache, if it has them; the caller compares. A digest they should have if they can,
    `like` or `planned`, may change the halves: `_as_planned`. They are normalised as in
    NAS-Bench-201 where it has them, else as ImageNet if streamed, or by their own statistics.

    Raises UnknownNameError for a name that is none and ImageDataError where files are missing,
    broken or not the published ones, or where `limit` leaves less than two images of a class.
    """
    data_dir = user_path(data_dir) if data_dir is not None else None
    if not stream and (known := _recalled(name, planned, limit, seed)):
        return known
    _refuse_folder_options(name, image_size, image_layout, stream)
    if is_folder(name):
        place = user_path(name.removeprefix(FOLDER))
        decoded = open_folder(place, image_size, image_layout, stream=stream, workers=workers)
    else:
        decoded = _decoded(name, data_dir, download)
    read = decoded, _dataset(name, decoded, limit, seed)
    if decoded.halved and read[1].digest != (planned or like or read[1].digest):
        unlisted = read_published(name, data_dir, official=False)
        read = _as_planned(read, unlisted, limit, seed, planned or like)
    return _remembered(*read)


def _remembered(decoded: Decoded, dataset: ImageDataset) -> ImageDataset:
    """The data set, which is from now on in the cache."""
    remember(dataset.digest, decoded)
    return dataset


def _recalled(name: str, planned: str, limit: int | None, seed: int) -> ImageDataset | None:
    """The images of that digest from the cache; None where they are not there."""
    if not planned or (kept := recalled(planned)) is None:
        return None
    dataset = _dataset(name, replace(kept, notes=()), limit, seed)
    return dataset if dataset.digest == planned else None


def _as_planned(
    read: tuple[Decoded, ImageDataset], unlisted: Decoded, limit: int | None, seed: int, wanted: str
) -> tuple[Decoded, ImageDataset]:
    """The data set as without the official list of its halves, where that has the digest `wanted`.

    So what was planned before the list was there goes on. Else what was read with it.
    """
    unlisted = replace(unlisted, notes=())
    other = _dataset(read[1].name, unlisted, limit, seed)
    return (unlisted, other) if other.digest == wanted else read


def _dataset(name: str, decoded: Decoded, limit: int | None, seed: int) -> ImageDataset:
    """What was decoded, with the facts that belong to it, cut down to `limit`."""
    facts = _facts(name, decoded)
    mean, std = _normalisation(facts, decoded)
    train = decoded.train
    if limit is not None:
        train = limited(name, train, decoded.classes, limit, seed)
    return ImageDataset(
        name=name,
        train=train,
        valid=decoded.valid,
        test=decoded.test,
        classes=decoded.classes,
        mean=mean,
        std=std,
        padding=max(1, min(train.size) // 8),
        flip=facts.flip,
        digest=_digest(replace(decoded, train=train), limit, seed),
        table_dataset=facts.table_dataset,
        notes=decoded.notes,
        halved=decoded.halved,
        streamed=bool(decoded.identity),
    )


def _normalisation(facts: _Facts, decoded: Decoded) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of every channel, of pixels / 255."""
    if isinstance(decoded.train, Streamed):
        return MEAN, STD
    if facts.mean:
        return tuple(v / 255 for v in facts.mean), tuple(v / 255 for v in facts.std)
    return channel_statistics(cast("Images", decoded.train))


def _digest(decoded: Decoded, limit: int | None, seed: int) -> str:
    """SHA-256 of the content of all parts; of what is streamed, of what that is known by."""
    if decoded.identity:
        return hashlib.sha256(f"{decoded.identity} {limit} {seed}".encode()).hexdigest()
    parts = (decoded.train, decoded.valid, decoded.test)
    return digest(cast("tuple[Images | None, ...]", parts), decoded.classes)


def _facts(name: str, decoded: Decoded) -> _Facts:
    if name in _FACTS:
        return _FACTS[name]
    if source := image_set(name):
        return _Facts(flip=source.flip)
    small = decoded.train.size == (32, 32) and not decoded.identity
    is_cifar10 = small and decoded.classes == CIFAR10_CLASSES
    return _FACTS["cifar10"] if is_cifar10 else _Facts()


def _refuse_folder_options(
    name: str, image_size: int | None, image_layout: LayoutName | None, stream: bool | None
) -> None:
    if image_size is not None and not (1 <= image_size <= 1024):
        raise ImageDataError(
            f"Images of {image_size} pixels a side cannot be made; give 1 to 1024."
        )
    if name.startswith(FOLDER):
        return
    if name not in _own_names() and image_set(name) is None:
        raise UnknownNameError("data set", name, [*dataset_names(), f"{FOLDER}PATH"])
    if image_size is not None:
        raise ImageDataError(
            f"The images of {name} keep their size; only those of `{FOLDER}PATH` can be resized."
        )
    if image_layout is not None:
        raise ImageDataError(
            f"`{name}` has its own parts; only those of `{FOLDER}PATH` need an image layout."
        )
    if stream:
        raise ImageDataError(
            f"The images of {name} are kept in memory; only those of `{FOLDER}PATH` can be"
            " streamed."
        )


def _decoded(name: str, data_dir: Path | None, download: bool) -> Decoded:
    if name == "digits":
        # Importing scikit-learn takes seconds, and every trial opens its data set.
        return cached(name, f"digits {version('scikit-learn')}", _digits)
    if name not in published_names() and (source := image_set(name)):
        return read_image_set(name, source)
    if download and to_fetch(name, data_dir):
        from nasbench_harness.images.pull import pull

        pull(name, folder=data_dir)
    return read_published(name, data_dir)


def to_fetch(name: str, data_dir: Path | None) -> ImageSource | None:
    """What `download` would get for a data set; None where it is there, or comes otherwise."""
    if name.startswith(FOLDER) or name not in published_names():
        return None
    source = image_source(name)
    return None if find(source, data_dir or images_folder()) else source


def _digits() -> Decoded:
    """scikit-learn's digits; a fifth of each class, chosen with seed 1021, is for test."""
    from sklearn.datasets import load_digits

    content = load_digits()
    pixels = (torch.from_numpy(content.images) * 255 / 16).round().to(torch.uint8)[:, None]
    images = Images(pixels.contiguous(), torch.from_numpy(content.target).long())
    test: list[int] = []
    for positions in by_class(images, random.Random(BENCHMARK_SEED)):
        test += positions[: round(len(positions) / 5)]
    train = sorted(set(range(len(images))) - set(test))
    names = tuple(str(name) for name in content.target_names)
    return Decoded(names, train=images.select(train), test=images.select(sorted(test)))
