"""Batches of what is streamed: one order and one crop, whoever decodes and wherever it stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from nasbench_harness.errors import HarnessError
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.streaming import StreamedBatches

MakeFolder = Callable[..., Path]
MakeBatches = Callable[..., StreamedBatches]
Batch = tuple[torch.Tensor, torch.Tensor]


@pytest.fixture
def make_batches(make_folder: MakeFolder) -> MakeBatches:
    """Of 45 images in two classes."""
    folder = make_folder({"": {"a": 25, "b": 20}}, size=(12, 10))

    def make(
        batch_size: int = 10, *, seed: int = 1, workers: int = 0, cutout: int = 0, **options: Any
    ) -> StreamedBatches:
        dataset = open_dataset(f"folder:{folder}", image_size=8, stream=True, workers=workers)
        augment = Augment(dataset, device="cpu", cutout=cutout)
        return StreamedBatches(dataset.train, batch_size, seed=seed, augment=augment, **options)

    return make


def drawn(batches: StreamedBatches, count: int) -> list[Batch]:
    return [batches.next() for _ in range(count)]


def same(first: list[Batch], second: list[Batch]) -> bool:
    return all(
        torch.equal(a, b) and torch.equal(x, y)
        for (a, x), (b, y) in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_processes_changes_nothing(make_batches: MakeBatches, workers: int) -> None:
    assert same(drawn(make_batches(workers=workers), 10), drawn(make_batches(), 10))


def test_the_seed_decides(make_batches: MakeBatches) -> None:
    assert not same(drawn(make_batches(seed=2), 2), drawn(make_batches(), 2))


def test_every_image_once_an_epoch_and_another_order_in_the_next(make_batches: MakeBatches) -> None:
    batches = make_batches(drop_last=False)
    assert len(batches) == 5
    orders = [batches._order(epoch).tolist() for epoch in range(2)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(45))
    assert orders[0] != orders[1]
    for order in orders:
        labels = torch.cat([labels for _, labels in drawn(batches, 5)])
        assert torch.equal(labels, batches.images.labels[order])


@pytest.mark.parametrize(
    ("batch_size", "drop_last", "sizes"),
    [(10, True, [10] * 4), (10, False, [10] * 4 + [5]), (11, "lone", [11] * 4), (45, True, [45])],
)
def test_the_last_batch(
    make_batches: MakeBatches, batch_size: int, drop_last: Any, sizes: list[int]
) -> None:
    batches = make_batches(batch_size, drop_last=drop_last)
    assert [len(labels) for _, labels in drawn(batches, len(batches))] == sizes


@pytest.mark.parametrize(("workers", "before"), [(0, 0), (0, 1), (0, 3), (0, 4), (0, 6), (2, 3)])
def test_gone_on_with_anywhere_is_the_same(
    make_batches: MakeBatches, workers: int, before: int
) -> None:
    batches = make_batches(workers=workers)
    drawn(batches, before)
    state, expected = batches.state_dict(), drawn(batches, 6)
    fresh = make_batches(workers=workers)
    fresh.load_state_dict(state)
    assert same(drawn(fresh, 6), expected)
    batches.load_state_dict(state)
    assert same(drawn(batches, 6), expected)


def test_a_checkpoint_holds_no_images(make_batches: MakeBatches) -> None:
    batches = make_batches()
    drawn(batches, 5)
    assert batches.state_dict() == {"images": 45, "epoch": 1, "position": 10}


def test_an_image_is_cropped_otherwise_in_every_epoch(make_folder: MakeFolder) -> None:
    folder = make_folder({"": {"a": 1, "b": 1}}, size=(40, 30))
    dataset = open_dataset(f"folder:{folder}", image_size=8, stream=True)
    batches = StreamedBatches(dataset.train, 2, seed=0, augment=Augment(dataset, device="cpu"))
    seen = {tuple(image[labels == 0].flatten().tolist()) for image, labels in drawn(batches, 5)}
    assert len(seen) == 5


def test_too_few_images(make_batches: MakeBatches) -> None:
    with pytest.raises(HarnessError, match="A batch of 46 cannot be taken from 45 images"):
        make_batches(46)


def test_other_images(make_batches: MakeBatches) -> None:
    with pytest.raises(HarnessError, match="goes through 44 images, but here are 45"):
        make_batches().load_state_dict({"images": 44, "epoch": 0, "position": 0})


def test_no_square_is_cut_out(make_batches: MakeBatches) -> None:
    with pytest.raises(HarnessError, match="set cutout to 0, or say `--no-stream`"):
        make_batches(cutout=4)
