"""The published files in small: read as they are built, and refused when they are not."""

from __future__ import annotations

import os
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets as torchvision_datasets

from nasbench_harness.errors import HarnessError
from nasbench_harness.images import published, sources
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.splits import shuffled_halves
from nasbench_harness.tables.pickles import ForbiddenClassError

MakePublished = Callable[[str], Path]


def unpack(folder: Path) -> Path:
    """The folder with the archive in it unpacked and the archive gone."""
    (path,) = folder.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    path.unlink()
    return folder


def data_of(path: Path) -> np.ndarray:  # type: ignore[type-arg]
    """Pixels of a made-up batch as numpy's own unpickler reads them."""
    pixels: np.ndarray = pickle.loads(path.read_bytes(), encoding="latin1")["data"]  # type: ignore[type-arg]
    return pixels.reshape(len(pixels), 3, -1)


def test_cifar10(make_published: MakePublished) -> None:
    folder = make_published("cifar10")
    dataset = open_dataset("cifar10", data_dir=folder)
    assert dataset.train.pixels.shape == (100, 3, 32, 32)
    assert dataset.train.pixels.dtype is torch.uint8
    assert dataset.train.pixels.is_contiguous()
    assert dataset.test is not None
    assert dataset.test.pixels.shape == (20, 3, 32, 32)
    assert dataset.valid is None
    assert dataset.train.labels[:4].tolist() == [1, 2, 3, 4]
    assert dataset.train.labels.dtype is torch.int64
    assert dataset.classes[9] == "truck"
    assert dataset.mean == pytest.approx((125.3 / 255, 123.0 / 255, 113.9 / 255))
    assert dataset.std == pytest.approx((63.0 / 255, 62.1 / 255, 66.7 / 255))
    assert (dataset.padding, dataset.flip, dataset.table_dataset) == (4, True, "cifar10")
    pixels = data_of(unpack(folder) / "cifar-10-batches-py" / "data_batch_3")
    assert np.array_equal(dataset.train.pixels[40:60].reshape(20, 3, -1).numpy(), pixels)


def test_packed_unpacked_and_inner_folder_are_the_same(make_published: MakePublished) -> None:
    folder = make_published("cifar10")
    packed = open_dataset("cifar10", data_dir=folder)
    unpacked = open_dataset("cifar10", data_dir=unpack(folder))
    inner = open_dataset("cifar10", data_dir=folder / "cifar-10-batches-py")
    assert packed.digest == unpacked.digest == inner.digest


def test_cifar100_has_a_search_part(make_published: MakePublished) -> None:
    folder = make_published("cifar100")
    dataset = open_dataset("cifar100", data_dir=folder)
    assert dataset.valid is not None
    assert dataset.test is not None
    pixels = data_of(unpack(folder) / "cifar-100-python" / "test")
    halves = shuffled_halves(100)
    for part, chosen in zip((dataset.valid, dataset.test), halves, strict=True):
        assert np.array_equal(part.pixels.reshape(50, 3, -1).numpy(), pixels[chosen])
    assert (len(dataset.train), len(dataset.classes)) == (300, 100)
    assert dataset.table_dataset == "cifar100"
    assert dataset.mean[0] == pytest.approx(129.3 / 255)


def test_imagenet16_keeps_the_first_120_classes(make_published: MakePublished) -> None:
    dataset = open_dataset("imagenet16-120", data_dir=make_published("imagenet16-120"))
    assert dataset.train.pixels.shape == (1200, 3, 16, 16)
    assert sorted(set(dataset.train.labels.tolist())) == list(range(120))
    assert dataset.train.labels[:3].tolist() == [1, 2, 3]  # published as 2, 3, 4
    assert dataset.valid is not None
    assert dataset.test is not None
    assert len(dataset.valid) == len(dataset.test) == 60
    assert (dataset.padding, dataset.table_dataset) == (2, "imagenet16-120")
    assert len(dataset.classes) == 120


def test_svhn(make_published: MakePublished) -> None:
    from scipy.io import loadmat

    folder = make_published("svhn")
    dataset = open_dataset("svhn", data_dir=folder)
    pixels = loadmat(str(folder / "train_32x32.mat"))["X"]
    assert np.array_equal(dataset.train.pixels[7].permute(1, 2, 0).numpy(), pixels[..., 7])
    assert dataset.train.labels[:10].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert not dataset.flip
    assert dataset.table_dataset is None
    values = dataset.train.pixels.double() / 255
    assert dataset.mean == pytest.approx(values.mean(dim=(0, 2, 3)).tolist())
    assert dataset.std == pytest.approx(values.std(dim=(0, 2, 3), correction=0).tolist())


def test_opened_again_from_the_cache(
    make_published: MakePublished, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_published("cifar10")
    first = open_dataset("cifar10", data_dir=folder)

    def fails(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(published, "_read", fails)
    assert open_dataset("cifar10", data_dir=folder).digest == first.digest


def test_changed_file_is_refused_although_there_is_a_cache(make_published: MakePublished) -> None:
    folder = make_published("cifar10")
    open_dataset("cifar10", data_dir=folder)
    with (folder / "cifar-10-python.tar.gz").open("ab") as file:
        file.write(b"more")
    with pytest.raises(HarnessError, match=r"cifar-10-python\.tar\.gz is not the published"):
        open_dataset("cifar10", data_dir=folder)


def test_changed_file_of_the_same_size_and_time_is_refused(make_published: MakePublished) -> None:
    path = make_published("cifar10") / "cifar-10-python.tar.gz"
    os.utime(path, (1, 1))
    open_dataset("cifar10", data_dir=path.parent)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    os.utime(path, (1, 1))
    with pytest.raises(HarnessError, match=r"cifar-10-python\.tar\.gz is not the published"):
        open_dataset("cifar10", data_dir=path.parent)


def test_moved_files_come_from_the_cache(
    make_published: MakePublished, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = make_published("cifar100")
    first = open_dataset("cifar100", data_dir=folder)
    monkeypatch.setattr(published, "_read", lambda *_: pytest.fail("read again"))
    moved = folder.rename(tmp_path / "moved")
    assert open_dataset("cifar100", data_dir=moved).digest == first.digest


def test_changed_member_is_refused(make_published: MakePublished) -> None:
    folder = unpack(make_published("cifar100"))
    with (folder / "cifar-100-python" / "test").open("ab") as file:
        file.write(b"more")
    with pytest.raises(HarnessError, match="is not the published test"):
        open_dataset("cifar100", data_dir=folder)


def test_foreign_class_is_not_unpickled(
    make_published: MakePublished, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a file that has the right sum gets no class but numpy's."""
    folder = unpack(make_published("cifar10"))
    (folder / "cifar-10-batches-py" / "data_batch_1").write_bytes(pickle.dumps(Path("x")))
    monkeypatch.setattr(sources.LocalFiles, "check", lambda _: None)
    with pytest.raises(ForbiddenClassError, match="only numpy"):
        open_dataset("cifar10", data_dir=folder)


def test_file_of_another_build(
    make_published: MakePublished, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = unpack(make_published("cifar10"))
    (folder / "cifar-10-batches-py" / "data_batch_1").write_bytes(pickle.dumps({"data": 1}, 2))
    monkeypatch.setattr(sources.LocalFiles, "check", lambda _: None)
    with pytest.raises(HarnessError, match="is not built as the files of CIFAR-10"):
        open_dataset("cifar10", data_dir=folder)


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "svhn", "imagenet16-120"])
def test_missing_files_name_the_ways_out(name: str, tmp_path: Path) -> None:
    with pytest.raises(HarnessError) as caught:
        open_dataset(name, data_dir=tmp_path)
    for part in (sources.image_source(name).files[0].name, str(tmp_path), "--data-dir",
                 f"nasharness data pull {name}", "folder:PATH"):  # fmt: skip
        assert part in str(caught.value)


def test_sums_are_those_of_torchvision() -> None:
    for name, known in (
        ("cifar10", torchvision_datasets.CIFAR10),
        ("cifar100", torchvision_datasets.CIFAR100),
    ):
        source = sources.image_source(name)
        assert [(f.name, f.md5) for f in source.files] == [(known.filename, known.tgz_md5)]
        assert source.unpacked == known.base_folder
        members = [*known.train_list, *known.test_list, [known.meta["filename"], known.meta["md5"]]]
        assert [[f.name, f.md5] for f in source.members] == members
    listed = torchvision_datasets.SVHN.split_list
    found = [(f.name, f.md5) for f in sources.image_source("svhn").files]
    assert found == [tuple(listed[part][1:]) for part in ("train", "test")]
