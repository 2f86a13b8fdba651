"""Small made-up data sets in the forms the published ones have."""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from nasbench_harness.images import sources
from nasbench_harness.images.parts import ImageDataset, Images

MakePublished = Callable[[str], Path]
MakeDataset = Callable[..., ImageDataset]
MakeFolder = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has a cache and a data folder of its own."""
    monkeypatch.setenv("NASHARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NASHARNESS_DATA", str(tmp_path / "data"))


class Python2Pickler(pickle._Pickler):  # type: ignore[name-defined, misc]
    """Writes strings and bytes as Python 2 wrote its `str`, and numpy's modules as they were."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_text(self, text: str | bytes) -> None:
        data = text if isinstance(text, bytes) else text.encode("latin1")
        if len(data) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(data)]) + data)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
        self.memoize(text)

    dispatch[str] = save_text
    dispatch[bytes] = save_text


def python2_pickle(value: Any) -> bytes:
    stream = io.BytesIO()
    Python2Pickler(stream, protocol=2).dump(value)
    return stream.getvalue().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def batch(count: int, seed: int, *, classes: int, labels: str, side: int = 32) -> dict[str, Any]:
    """A batch of CIFAR's form; labels go round, so that every class is there."""
    pixels = np.random.default_rng(seed).integers(0, 256, (count, 3 * side * side), dtype=np.uint8)
    return {"data": pixels, labels: [(seed + place) % classes for place in range(count)]}


def cifar10_files() -> dict[str, bytes]:
    files = {
        f"data_batch_{n}": python2_pickle(batch(20, n, classes=10, labels="labels"))
        for n in range(1, 6)
    }
    files["test_batch"] = python2_pickle(batch(20, 9, classes=10, labels="labels"))
    names = [
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ]
    return files | {"batches.meta": python2_pickle({"label_names": names})}


def cifar100_files() -> dict[str, bytes]:
    return {
        "train": python2_pickle(batch(300, 1, classes=100, labels="fine_labels")),
        "test": python2_pickle(batch(100, 2, classes=100, labels="fine_labels")),
        "meta": python2_pickle({"fine_label_names": [f"class {n}" for n in range(100)]}),
    }


def imagenet16_files() -> dict[str, bytes]:
    """Classes 1 to 130 of Python 3 pickles, of which the first 120 count."""
    files = {}
    for number in range(1, 12):
        content = batch(130, number, classes=130, labels="labels", side=16)
        content["labels"] = [label + 1 for label in content["labels"]]
        name = f"train_data_batch_{number}" if number < 11 else "val_data"
        files[name] = pickle.dumps(content, protocol=3)
    return files


def svhn_files() -> dict[str, bytes]:
    files = {}
    for name, count, seed in (("train_32x32.mat", 40, 0), ("test_32x32.mat", 20, 1)):
        pixels = np.random.default_rng(seed).integers(0, 256, (32, 32, 3, count), dtype=np.uint8)
        labels = (np.arange(count, dtype=np.uint8) % 10 + 1)[:, None]
        stream = io.BytesIO()
        savemat(stream, {"X": pixels, "y": labels})
        files[name] = stream.getvalue()
    return files


MADE = {
    "cifar10": cifar10_files,
    "cifar100": cifar100_files,
    "imagenet16-120": imagenet16_files,
    "svhn": svhn_files,
}


def packed(folder: str, files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def with_sums(
    files: tuple[sources.PublishedFile, ...], contents: dict[str, bytes]
) -> tuple[sources.PublishedFile, ...]:
    """The listed files, with sums and sizes of the made-up contents."""
    return tuple(
        replace(
            file,
            md5=hashlib.md5(contents[file.name]).hexdigest(),
            bytes=len(contents[file.name]),
            addresses=(),
        )
        for file in files
    )


@pytest.fixture
def make_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakePublished:
    """Makes a small data set of a published one's name and form; gives the folder of its files."""

    def make(name: str) -> Path:
        source = sources.image_source(name)
        members = MADE[name]()
        published = members
        if source.members:
            published = {source.files[0].name: packed(source.unpacked, members)}
        folder = tmp_path / f"published {name}"
        folder.mkdir(exist_ok=True)
        for file, content in published.items():
            (folder / file).write_bytes(content)
        fake = replace(
            source,
            files=with_sums(source.files, published),
            members=with_sums(source.members, members),
        )
        monkeypatch.setitem(sources._SOURCES, name, fake)
        return folder

    return make


@pytest.fixture
def make_dataset() -> MakeDataset:
    """Makes a data set of random images in memory."""

    def make(
        count: int = 100,
        side: int = 32,
        channels: int = 3,
        classes: int = 10,
        *,
        flip: bool = True,
        valid: int = 0,
    ) -> ImageDataset:
        return ImageDataset(
            name="made up",
            train=images(count, side, channels, classes),
            valid=images(valid, side, channels, classes) if valid else None,
            test=None,
            classes=tuple(map(str, range(classes))),
            mean=(0.5, 0.4, 0.3)[:channels],
            std=(0.25, 0.2, 0.3)[:channels],
            padding=side // 8,
            flip=flip,
            digest="",
            table_dataset=None,
        )

    return make


def images(count: int, side: int, channels: int, classes: int) -> Images:
    chance = torch.Generator().manual_seed(count)
    shape = (count, channels, side, side)
    pixels = torch.randint(0, 256, shape, generator=chance, dtype=torch.uint8)
    return Images(pixels, torch.arange(count) % classes)


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Makes a folder of PNG images, `counts` of each class in each part ('' for no parts)."""

    def make(
        counts: dict[str, dict[str, int]], *, size: tuple[int, int] = (8, 8), suffix: str = ".png"
    ) -> Path:
        chance = np.random.default_rng(0)
        root = tmp_path / "pictures"
        for part, classes in counts.items():
            for name, count in classes.items():
                folder = root / part / name
                folder.mkdir(parents=True, exist_ok=True)
                for number in range(count):
                    pixels = chance.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
                    Image.fromarray(pixels).save(folder / f"{number:04}{suffix}")
        return root

    return make
