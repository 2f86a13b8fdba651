"""Names, the digits, and a training part that is cut down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.images import datasets
from nasbench_harness.images.datasets import dataset_names, open_dataset
from nasbench_harness.images.parts import digest

MakeFolder = Callable[..., Path]
MakePublished = Callable[[str], Path]


def test_names() -> None:
    assert dataset_names() == ["cifar10", "cifar100", "digits", "imagenet16-120", "svhn"]


def test_digits() -> None:
    dataset = open_dataset("digits")
    assert dataset.test is not None
    assert len(dataset.train) + len(dataset.test) == 1797
    assert dataset.train.pixels.shape[1:] == (1, 8, 8)
    assert dataset.train.pixels.dtype is torch.uint8
    assert int(dataset.train.pixels.max()) == 255
    assert (dataset.padding, dataset.flip, dataset.table_dataset) == (1, False, None)
    assert dataset.classes == tuple("0123456789")
    share = dataset.test.labels.bincount() / (
        dataset.test.labels.bincount() + dataset.train.labels.bincount()
    )
    assert share.tolist() == pytest.approx([0.2] * 10, abs=0.005)


def test_digits_are_the_same_on_every_machine() -> None:
    """Should this change, results on digits are no longer comparable with earlier ones."""
    assert open_dataset("digits").digest[:16] == "bda17536c2fc6419"


def test_digits_come_from_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_dataset("digits")

    def fails() -> None:
        raise AssertionError("scikit-learn was asked again")

    monkeypatch.setattr(datasets, "_digits", fails)
    assert open_dataset("digits").digest == first.digest


def test_digest_tells_pixels_labels_classes_and_parts_apart() -> None:
    dataset = open_dataset("digits")
    train, test, classes = dataset.train, dataset.test, dataset.classes
    assert dataset.digest == digest((train, None, test), classes)
    changed = train.select(list(range(len(train))))
    changed.pixels[3, 0, 4, 4] ^= 1
    relabelled = train.select(list(range(len(train))))
    relabelled.labels[5] += 1
    others = {
        digest((changed, None, test), classes),
        digest((relabelled, None, test), classes),
        digest((train, test, None), classes),
        digest((train, None, test), classes[::-1]),
        dataset.digest,
    }
    assert len(others) == 5


@pytest.mark.parametrize("limit", [20, 100, 105, 999])
def test_limit_is_even_over_classes_and_fixed(limit: int) -> None:
    dataset = open_dataset("digits", limit=limit)
    counts = dataset.train.labels.bincount(minlength=10)
    assert int(counts.sum()) == limit
    assert int(counts.max() - counts.min()) <= 1
    assert open_dataset("digits", limit=limit).digest == dataset.digest
    assert open_dataset("digits", limit=limit, seed=1).digest != dataset.digest


def test_limit_keeps_order_test_part_and_normalisation() -> None:
    whole, part = open_dataset("digits"), open_dataset("digits", limit=100)
    places = {image.numpy().tobytes(): n for n, image in enumerate(whole.train.pixels)}
    chosen = [places[image.numpy().tobytes()] for image in part.train.pixels]
    assert chosen == sorted(chosen)
    assert (part.mean, part.std) == (whole.mean, whole.std)
    assert part.test is not None
    assert whole.test is not None
    assert torch.equal(part.test.pixels, whole.test.pixels)


def test_limit_takes_all_there_are_of_a_small_class(make_folder: MakeFolder) -> None:
    folder = make_folder({"": {"a": 3, "b": 20, "c": 20}})
    dataset = open_dataset(f"folder:{folder}", limit=23)
    assert dataset.train.labels.bincount().tolist() == [3, 10, 10]


@pytest.mark.parametrize("limit", [-1, 0, 19, 1439])
def test_impossible_limit(limit: int) -> None:
    with pytest.raises(HarnessError, match="choose a limit from 20 to 1438"):
        open_dataset("digits", limit=limit)


def test_limit_with_a_class_of_one_image(make_folder: MakeFolder) -> None:
    with pytest.raises(HarnessError, match="needs two"):
        open_dataset(f"folder:{make_folder({'': {'a': 1, 'b': 20}})}", limit=10)


def test_unknown_name_is_met_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean `cifar10`") as caught:
        open_dataset("cifar-10")
    assert "folder:PATH" in str(caught.value)


@pytest.mark.parametrize("name", ["digits", "cifar10"])
def test_only_folders_are_resized(name: str) -> None:
    with pytest.raises(HarnessError, match=r"only those of `folder:PATH` can be resized"):
        open_dataset(name, image_size=16)


def test_impossible_size(make_folder: MakeFolder) -> None:
    with pytest.raises(HarnessError, match="give 1 to 1024"):
        open_dataset(f"folder:{make_folder({'': {'a': 2, 'b': 2}})}", image_size=0)
