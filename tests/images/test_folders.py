"""Any folder of images: what is read, kept, and refused."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nasbench_harness.errors import HarnessError
from nasbench_harness.images import folders
from nasbench_harness.images.datasets import CIFAR10_CLASSES, open_dataset
from nasbench_harness.images.decoding import ImageFile
from nasbench_harness.images.parts import ImageDataset
from nasbench_harness.images.splits import search_split

MakeFolder = Callable[..., Path]
TWO = {"train": {"cat": 6, "ant": 5}, "test": {"cat": 2, "ant": 3}}


def opened(folder: Path, **options: int) -> ImageDataset:
    return open_dataset(f"folder:{folder}", **options)  # type: ignore[arg-type]


def pictures(folder: Path) -> dict[bytes, str]:
    """Class by content."""
    return {
        np.asarray(Image.open(path).convert("RGB")).transpose(2, 0, 1).tobytes(): path.parent.name
        for path in folder.rglob("*.*")
    }


def test_train_and_test(make_folder: MakeFolder) -> None:
    folder = make_folder(TWO)
    dataset = opened(folder)
    assert dataset.classes == ("ant", "cat")
    assert dataset.train.pixels.shape == (11, 3, 8, 8)
    assert dataset.test is not None
    assert len(dataset.test) == 5
    assert dataset.valid is None
    assert dataset.table_dataset is None
    assert dataset.flip
    classes = pictures(folder / "train")
    found = [dataset.classes[label] for label in dataset.train.labels.tolist()]
    assert found == [classes[image.numpy().tobytes()] for image in dataset.train.pixels]


def test_normalised_by_its_training_images(make_folder: MakeFolder) -> None:
    dataset = opened(make_folder(TWO))
    values = dataset.train.pixels.double() / 255
    assert dataset.mean == pytest.approx(values.mean(dim=(0, 2, 3)).tolist())
    assert dataset.std == pytest.approx(values.std(dim=(0, 2, 3), correction=0).tolist())


@pytest.mark.parametrize("name", ["val", "valid", "test"])
def test_one_part_beside_train_is_for_test(make_folder: MakeFolder, name: str) -> None:
    dataset = opened(make_folder({"train": {"a": 3, "b": 3}, name: {"a": 1, "b": 1}}))
    assert dataset.valid is None
    assert dataset.test is not None


def test_three_parts(make_folder: MakeFolder) -> None:
    counts = {"train": {"a": 3, "b": 3}, "val": {"a": 2, "b": 2}, "test": {"a": 1, "b": 1}}
    dataset = opened(make_folder(counts))
    assert dataset.valid is not None
    assert dataset.test is not None
    assert (len(dataset.valid), len(dataset.test)) == (4, 2)
    assert search_split(dataset, "published")[1] is dataset.valid


def test_classes_alone(make_folder: MakeFolder) -> None:
    dataset = opened(make_folder({"": {"a": 4, "b": 4}}))
    assert len(dataset.train) == 8
    assert dataset.test is None


def test_order_is_random_and_fixed(make_folder: MakeFolder) -> None:
    folder = make_folder({"": {"a": 40, "b": 40}})
    labels = opened(folder).train.labels
    assert torch.equal(opened(folder).train.labels, labels)
    assert 10 < int(labels[:40].sum()) < 30  # sorted by class it would be 0


@pytest.mark.parametrize(
    ("size", "asked", "expected"),
    [
        ((8, 8), None, (8, 8)),
        ((10, 20), None, (20, 10)),
        ((65, 65), None, (32, 32)),
        ((8, 8), 16, (16, 16)),
        ((40, 20), 16, (16, 16)),
    ],
)
def test_sizes(
    make_folder: MakeFolder, size: tuple[int, int], asked: int | None, expected: tuple[int, int]
) -> None:
    dataset = open_dataset(f"folder:{make_folder(TWO, size=size)}", image_size=asked)
    assert dataset.train.size == expected


def test_mixed_sizes_and_modes_become_one(make_folder: MakeFolder) -> None:
    folder = make_folder(TWO)
    Image.new("L", (9, 5), 100).save(folder / "train" / "cat" / "grey.bmp")
    Image.new("RGBA", (9, 5), (200, 0, 0, 10)).save(folder / "train" / "cat" / "deep.webp")
    (folder / "train" / "cat" / "notes.txt").write_text("no image")
    dataset = opened(folder)
    assert dataset.train.pixels.shape == (13, 3, 32, 32)
    assert bool((dataset.train.pixels == 100).all(dim=(1, 2, 3)).any())


def test_images_in_deeper_folders(make_folder: MakeFolder) -> None:
    folder = make_folder(TWO)
    (folder / "train" / "cat" / "wild").mkdir()
    (folder / "train" / "cat" / "0000.png").rename(folder / "train" / "cat" / "wild" / "lynx.png")
    assert len(opened(folder).train) == 11


def test_classes_of_cifar10_are_cifar10(make_folder: MakeFolder) -> None:
    counts = {"train": dict.fromkeys(CIFAR10_CLASSES, 2)}
    dataset = opened(make_folder(counts, size=(32, 32)))
    assert dataset.table_dataset == "cifar10"
    assert dataset.mean == pytest.approx((125.3 / 255, 123.0 / 255, 113.9 / 255))


def test_other_sizes_are_not_cifar10(make_folder: MakeFolder) -> None:
    dataset = opened(make_folder({"train": dict.fromkeys(CIFAR10_CLASSES, 2)}), image_size=16)
    assert dataset.table_dataset is None


# --- the cache ---------------------------------------------------------------------------------


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one whenever a folder is decoded."""
    calls: list[int] = []
    decode = folders.decode

    def counting(files: list[ImageFile], size: int | None) -> object:
        calls.append(len(files))
        return decode(files, size)

    monkeypatch.setattr(folders, "decode", counting)
    return calls


def test_decoded_once(
    make_folder: MakeFolder, decoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(TWO)
    first = opened(folder)
    monkeypatch.chdir(folder.parent)
    assert open_dataset(f"folder:{folder.name}").digest == first.digest
    assert decoded == [16]
    assert opened(folder, image_size=12).digest != first.digest
    assert len(decoded) == 2


def test_changed_image_is_seen(make_folder: MakeFolder, decoded: list[int]) -> None:
    folder = make_folder(TWO)
    first = opened(folder)
    path = folder / "train" / "cat" / "0001.png"
    state = path.stat()
    Image.new("RGB", (8, 8), (1, 2, 3)).save(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    assert opened(folder).digest != first.digest
    path.unlink()
    assert len(opened(folder).train) == 10
    assert len(decoded) == 3


def test_changed_pixels_of_the_same_size_and_time_are_seen(
    make_folder: MakeFolder, decoded: list[int]
) -> None:
    """As in archives, containers and mounts that set all times to one."""
    folder = make_folder(TWO, suffix=".bmp")
    path = folder / "train" / "cat" / "0001.bmp"
    os.utime(path, (1, 1))
    first, size = opened(folder), path.stat().st_size
    Image.new("RGB", (8, 8), (7, 7, 7)).save(path)
    os.utime(path, (1, 1))
    assert path.stat().st_size == size
    second = opened(folder)
    assert second.digest != first.digest
    assert bool((second.train.pixels == 7).all(dim=(1, 2, 3)).any())
    assert len(decoded) == 2


def test_moved_copied_and_touched_folders_are_the_same(
    make_folder: MakeFolder, decoded: list[int], tmp_path: Path
) -> None:
    folder = make_folder(TWO)
    first = opened(folder)
    moved = folder.rename(tmp_path / "elsewhere")
    os.utime(moved / "train" / "cat" / "0001.png", (5, 5))
    assert opened(moved).digest == first.digest
    shutil.copytree(moved, folder)
    assert opened(folder).digest == first.digest
    assert decoded == [16]


def test_other_classes_and_parts_of_the_same_files_are_others(
    make_folder: MakeFolder, decoded: list[int]
) -> None:
    folder = make_folder(TWO)
    digests = {opened(folder).digest}
    (folder / "train" / "cat").rename(folder / "train" / "bee")
    (folder / "test" / "cat").rename(folder / "test" / "bee")
    digests.add(opened(folder).digest)
    (folder / "train" / "bee" / "0000.png").rename(folder / "test" / "bee" / "0009.png")
    digests.add(opened(folder).digest)
    assert len(digests) == len(decoded) == 3


def test_a_place_keeps_one_entry(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = make_folder(TWO)
    for number in range(3):
        Image.new("RGB", (8, 8), (number, 2, 3)).save(folder / "train" / "cat" / "0001.png")
        opened(folder)
    assert len(list((tmp_path / "cache" / "images").glob("*.pt"))) == 1


def test_a_file_that_changes_while_it_is_read_is_refused(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(TWO)
    identify = folders.identify

    def then_changed(paths: list[str]) -> list[ImageFile]:
        files = identify(paths)
        Image.new("RGB", (8, 8), (1, 2, 3)).save(folder / "train" / "cat" / "0001.png")
        return files

    monkeypatch.setattr(folders, "identify", then_changed)
    with pytest.raises(HarnessError, match=r"1 of 16 files changed while.*cat/0001\.png"):
        opened(folder)


# --- planned images ----------------------------------------------------------------------------


def test_planned_images_are_taken_without_looking_at_the_files(
    make_folder: MakeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(TWO)
    first = open_dataset(f"folder:{folder}", limit=6)
    monkeypatch.setattr(folders, "identify", lambda paths: pytest.fail("hashed again"))
    again = open_dataset(f"folder:{folder}", limit=6, planned=first.digest)
    assert again.digest == first.digest
    assert torch.equal(again.train.pixels, first.train.pixels)
    assert (again.mean, again.classes) == (first.mean, first.classes)


def test_other_pixels_than_planned_are_never_taken(make_folder: MakeFolder, tmp_path: Path) -> None:
    """Not even where the cache holds something else under the planned name."""
    folder = make_folder(TWO)
    first = opened(folder)
    (note,) = (tmp_path / "cache" / "images").glob("*.digest")
    path = folder / "train" / "cat" / "0001.png"
    before = path.read_bytes()
    Image.new("RGB", (8, 8), (1, 2, 3)).save(path)
    changed = opened(folder)
    (other,) = (tmp_path / "cache" / "images").glob("*.pt")
    note.write_text(other.name)
    assert open_dataset(f"folder:{folder}", planned=first.digest).digest == changed.digest
    path.write_bytes(before)
    assert open_dataset(f"folder:{folder}", planned=first.digest).digest == first.digest


def test_planned_images_that_are_not_kept_are_read(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = make_folder(TWO)
    first = opened(folder)
    shutil.rmtree(tmp_path / "cache")
    assert open_dataset(f"folder:{folder}", planned=first.digest).digest == first.digest


def test_damaged_cache_is_made_again(
    make_folder: MakeFolder, decoded: list[int], tmp_path: Path
) -> None:
    folder = make_folder(TWO)
    first = opened(folder)
    (path,) = (tmp_path / "cache" / "images").glob("*.pt")
    path.write_bytes(path.read_bytes()[:200])
    assert opened(folder).digest == first.digest
    assert len(decoded) == 2
    assert opened(folder).digest == first.digest
    assert len(decoded) == 2


def test_cache_that_cannot_be_written(
    make_folder: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NASHARNESS_CACHE", str(tmp_path / "file"))
    with pytest.raises(HarnessError, match="set NASHARNESS_CACHE"):
        opened(make_folder(TWO))


# --- faults ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"train": {"a": 3}}, r"holds 1 folder\(s\) of training images"),
        ({"": {"a": 3}}, "two or more classes were expected"),
        ({"train": {"a": 3, "b": 0}}, "no image in b of the train part"),
        ({"train": {"a": 3, "b": 2}, "test": {"a": 1}}, "not of the same classes: b in one"),
        ({"train": {"a": 3, "b": 2}, "test": {"a": 1, "b": 1, "c": 1}}, "same classes: c in one"),
    ],
)
def test_wrong_layout(
    make_folder: MakeFolder, counts: dict[str, dict[str, int]], sentence: str
) -> None:
    with pytest.raises(HarnessError, match=sentence):
        opened(make_folder(counts))


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="There is no folder"):
        opened(tmp_path / "nowhere")


def test_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"holds 0 folder\(s\)"):
        opened(tmp_path)


@pytest.mark.parametrize("first", [0, 1])
def test_broken_files_are_named_up_to_five(make_folder: MakeFolder, first: int) -> None:
    folder = make_folder({"": {"a": 10, "b": 10}})
    for number in range(first, first + 7):
        path = folder / "a" / f"{number:04}.png"
        path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(HarnessError, match="7 of 20 files cannot be read") as caught:
        opened(folder)
    assert str(caught.value).count(".png") == 5
    assert "and 2 more" in str(caught.value)


def test_broken_folder_is_not_kept(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = make_folder(TWO)
    path = folder / "train" / "cat" / "0000.png"
    path.write_bytes(b"no image at all")
    with pytest.raises(HarnessError, match="1 of 16 files"):
        opened(folder)
    assert not list((tmp_path / "cache" / "images").glob("*.pt"))


# --- real images -------------------------------------------------------------------------------


def test_real_cifar10_images(reference_data: Path, tmp_path: Path) -> None:
    with tarfile.open(reference_data / "cifar10" / "cifar10-jpeg-small.tar") as archive:
        archive.extractall(tmp_path / "cifar10", filter="data")
    dataset = opened(tmp_path / "cifar10")
    assert dataset.classes == CIFAR10_CLASSES
    assert dataset.table_dataset == "cifar10"
    assert dataset.train.pixels.shape == (1000, 3, 32, 32)
    assert dataset.test is not None
    assert dataset.test.labels.bincount().tolist() == [20] * 10
    mean = (dataset.train.pixels.double() / 255).mean(dim=(0, 2, 3)).tolist()
    assert mean == pytest.approx(dataset.mean, abs=0.02)
    train, valid = search_split(dataset, "halves")
    for part in (train, valid):
        assert int(part.labels.bincount(minlength=10).min()) > 30
