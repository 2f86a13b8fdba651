"""What a search trains on, and what it is validated on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from nasbench_harness.errors import HarnessError
from nasbench_harness.images.parts import ImageDataset, Images
from nasbench_harness.images.splits import search_split, shuffled_halves

MakeDataset = Callable[..., ImageDataset]


def positions(part: Images, dataset: ImageDataset) -> list[int]:
    """Where the images of a part are in the training images, which are all different."""
    places = {image.numpy().tobytes(): n for n, image in enumerate(dataset.train.pixels)}
    return [places[image.numpy().tobytes()] for image in part.pixels]


def test_cifar10_is_split_as_in_nasbench201() -> None:
    train, valid = shuffled_halves(50_000)
    assert train[:5] == [0, 5, 7, 11, 13]
    assert valid[:5] == [1, 2, 3, 4, 6]
    assert len(train) == len(valid) == 25_000
    assert sorted(train + valid) == list(range(50_000))


def test_published_split_follows_the_rule(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(101)
    train, valid = search_split(dataset, "published")
    expected = shuffled_halves(101)
    assert (positions(train, dataset), positions(valid, dataset)) == expected
    assert len(train) == 50


def test_own_search_part_leaves_all_training_images(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(100, valid=30)
    train, valid = search_split(dataset, "published")
    assert train is dataset.train
    assert valid is dataset.valid


def test_halves_keep_the_order(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(101, valid=30)
    train, valid = search_split(dataset, "halves")
    assert positions(train, dataset) == list(range(50))
    assert positions(valid, dataset) == list(range(50, 101))


def test_other_share_is_a_fixed_permutation(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(100)
    train, valid = search_split(dataset, "halves", train_share=0.9)
    order = np.random.RandomState(0).permutation(100).tolist()
    assert positions(train, dataset) == order[:90]
    assert positions(valid, dataset) == order[90:]


def test_labels_go_with_their_images(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(60)
    for part in search_split(dataset, "published"):
        assert torch.equal(part.labels, dataset.train.labels[positions(part, dataset)])
        assert part.pixels.is_contiguous()


@pytest.mark.parametrize(
    ("how", "share", "sentence"),
    [
        ("published", 0.9, "published split has a fixed share"),
        ("halves", 1.0, "between 0 and 1"),
        ("halves", 0.001, "without images"),
        ("thirds", 0.5, "no split `thirds`"),
    ],
)
def test_faults(make_dataset: MakeDataset, how: Any, share: float, sentence: str) -> None:
    with pytest.raises(HarnessError, match=sentence):
        search_split(make_dataset(50), how, train_share=share)


@pytest.mark.parametrize(("valid_share", "expected"), [(0.2, 2), (None, 7), (0.7, 7)])
def test_shares_of_each_class(
    make_dataset: MakeDataset, valid_share: float | None, expected: int
) -> None:
    dataset = make_dataset(count=40, classes=4)
    first, second = search_split(dataset, "per_class", train_share=0.3, valid_share=valid_share)
    assert first.labels.bincount().tolist() == [3] * 4
    assert second.labels.bincount().tolist() == [expected] * 4
    if valid_share != 0.2:
        pixels = torch.cat([first.pixels, second.pixels]).flatten(1)
        assert len(pixels.unique(dim=0)) == 40
    assert torch.equal(first.labels, dataset.train.labels[:12])


@pytest.mark.parametrize(
    ("how", "shares", "message"),
    [
        ("per_class", (0.8, 0.3), "1 together at most"),
        ("per_class", (0.1, 0.05), "A class of 10 images has none"),
        ("per_class", (0.05, None), "shares of 0.05 and what is left; take larger ones"),
        ("halves", (0.5, 0.1), "use the split `per_class`"),
    ],
)
def test_shares_of_each_class_that_do_not_fit(
    make_dataset: MakeDataset, how: Any, shares: tuple[float, float | None], message: str
) -> None:
    dataset = make_dataset(count=40, classes=4)
    with pytest.raises(HarnessError, match=message):
        search_split(dataset, how, train_share=shares[0], valid_share=shares[1])
