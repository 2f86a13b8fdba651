"""A folder that is not decoded whole: the same parts and splits, and what tells it from others."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from nasbench_harness.images import streamed
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.feeding import measured
from nasbench_harness.images.parts import ImageDataset, Images
from nasbench_harness.images.splits import search_split
from nasbench_harness.images.streamed import MEAN, STD, Streamed

MakeFolder = Callable[..., Path]
COUNTS = {"train": {"ant": 9, "cat": 7, "dog": 8}, "val": {"ant": 2, "cat": 2, "dog": 2}}


@pytest.fixture
def folder(make_folder: MakeFolder) -> Path:
    """Pictures of one colour each, so that no crop changes them."""
    root = make_folder(COUNTS, size=(20, 16))
    for number, path in enumerate(sorted(root.rglob("*.png"))):
        Image.new("RGB", (20, 16), (number * 4, number, 255 - number)).save(path)
    return root


def opened(folder: Path, **options: Any) -> ImageDataset:
    return open_dataset(f"folder:{folder}", **{"image_size": 8, "stream": True, **options})


def colours(dataset: ImageDataset, part: Streamed) -> list[list[int]]:
    """Red, green and blue of every image as it is measured."""
    augment = Augment(dataset, device="cpu", dtype=torch.float64)
    seen = torch.cat([batch for batch, _ in measured(part, augment, 5)])
    mean, std = (torch.tensor(values).double()[:, None, None] for values in (MEAN, STD))
    return ((seen * std + mean) * 255).mean(dim=(2, 3)).round().int().tolist()


@pytest.mark.parametrize("limit", [None, 9])
def test_parts_and_halves_are_those_in_memory(folder: Path, limit: int | None) -> None:
    ours, whole = opened(folder, limit=limit), opened(folder, limit=limit, stream=False)
    assert ours.streamed
    assert not whole.streamed
    assert ours.classes == whole.classes
    assert ours.train.size == (8, 8)
    for split in ("published", "halves"):
        for part, same in zip(search_split(ours, split), search_split(whole, split), strict=True):
            assert isinstance(part, Streamed)
            assert isinstance(same, Images)
            assert torch.equal(part.labels, same.labels)
            assert colours(ours, part) == same.pixels[:, :, 0, 0].tolist()


@pytest.mark.parametrize("workers", [0, 2])
def test_measured_from_here_to_there(folder: Path, workers: int) -> None:
    dataset = opened(folder, workers=workers)
    augment = Augment(dataset, device="cpu")
    every = torch.cat([batch for batch, _ in measured(dataset.train, augment, 100)])
    some = list(measured(dataset.train, augment, 4, 3, 12))
    assert [len(labels) for _, labels in some] == [4, 4, 1]
    assert torch.equal(torch.cat([batch for batch, _ in some]), every[3:12])
    next(iter(measured(dataset.train, augment, 4)))  # whoever stops early leaves nothing behind
    again = torch.cat([batch for batch, _ in measured(dataset.train, augment, 100)])
    assert torch.equal(again, every)


def test_normalised_by_imagenet(folder: Path) -> None:
    dataset = opened(folder)
    assert (dataset.mean, dataset.std) == (MEAN, STD)


def test_224_pixels_where_nobody_says(folder: Path) -> None:
    assert opened(folder, image_size=None).train.size == (224, 224)


def test_what_it_is_known_by_does_not_depend_on_place_and_time(
    folder: Path, tmp_path: Path
) -> None:
    digest = opened(folder).digest
    shutil.copytree(folder, tmp_path / "elsewhere")
    for path in (tmp_path / "elsewhere").rglob("*.png"):
        os.utime(path, (0, 0))
    assert opened(tmp_path / "elsewhere").digest == digest


@pytest.mark.parametrize("change", ["name", "size", "content", "part", "side", "limit", "whole"])
def test_what_it_is_known_by_tells_it_from_others(folder: Path, change: str) -> None:
    digest, options = opened(folder).digest, {}
    path = folder / "train" / "cat" / "0003.png"
    if change == "name":
        path.rename(path.with_name("0003b.png"))
    elif change == "size":
        path.write_bytes(path.read_bytes() + b"\0")
    elif change == "content":
        path.write_bytes(path.read_bytes()[:-1] + b"\1")
    elif change == "part":
        path.rename(folder / "val" / "cat" / "0003.png")
    else:
        options = {"side": {"image_size": 9}, "limit": {"limit": 12}, "whole": {"stream": False}}[
            change
        ]
    assert opened(folder, **options).digest != digest


@pytest.mark.parametrize(
    ("size", "stream", "expected"),
    [(8, None, True), (None, None, False), (8, False, False), (4, None, False)],
    ids=["too large", "no size", "not wanted", "small enough"],
)
def test_streamed_by_itself_where_it_is_large(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: int | None,
    stream: bool | None,
    expected: bool,
) -> None:
    monkeypatch.setattr(streamed, "WHOLE_BYTES", 30 * 3 * 7**2)
    dataset = opened(folder, image_size=size, stream=stream)
    assert dataset.streamed is expected
    assert any("Streamed: " in note for note in dataset.notes) is expected
    assert ("--no-stream" in " ".join(dataset.notes)) is expected


def test_a_set_with_a_name_is_kept_in_memory() -> None:
    with pytest.raises(ImageDataError, match="`folder:PATH` can be streamed"):
        open_dataset("digits", stream=True)


def test_classes_that_one_part_lacks_are_named(folder: Path) -> None:
    (folder / "val" / "dog").rename(folder / "val" / "fox")
    with pytest.raises(ImageDataError, match="dog, fox in one of them alone"):
        opened(folder)


def test_a_class_without_images_is_named(folder: Path) -> None:
    for path in (folder / "train" / "cat").iterdir():
        path.unlink()
    with pytest.raises(ImageDataError, match="no image in cat of the train part"):
        opened(folder)
