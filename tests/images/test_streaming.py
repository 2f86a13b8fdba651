"""Batches of what is streamed: one order and one crop, whoever decodes and wherever it stopped."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from nasbench_harness.errors import HarnessError
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.feeding import measured
from nasbench_harness.images.jitter import ColorJitter
from nasbench_harness.images.streamed import MEAN, STD
from nasbench_harness.images.streaming import StreamedBatches
from nasbench_harness.seeding import stream_seed

MakeFolder = Callable[..., Path]
MakeBatches = Callable[..., StreamedBatches]
Batch = tuple[torch.Tensor, torch.Tensor]
STRENGTHS = (0.4, 0.4, 0.4, 0.2)


@pytest.fixture
def make_batches(make_folder: MakeFolder) -> MakeBatches:
    """Of 45 images in two classes."""
    folder = make_folder({"": {"a": 25, "b": 20}}, size=(12, 10))

    def make(
        batch_size: int = 10,
        *,
        seed: int = 1,
        workers: int = 0,
        cutout: int = 0,
        colours: Sequence[float] = (),
        at_random: bool = True,
        **options: Any,
    ) -> StreamedBatches:
        dataset = open_dataset(f"folder:{folder}", image_size=8, stream=True, workers=workers)
        augment = Augment(
            dataset, device="cpu", cutout=cutout, color_jitter=colours, at_random=at_random
        )
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


def test_colours_follow_from_seed_epoch_and_position(make_batches: MakeBatches) -> None:
    """Not from batches, processes or where it was gone on with; the crops stay as they are."""
    plain, changed = make_batches(), make_batches(colours=STRENGTHS)
    jitter, augment = ColorJitter(STRENGTHS), changed._augment
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    for epoch, place in [(epoch, n) for epoch in range(2) for n in range(0, 40, 10)]:
        (cropped, _), (found, _) = plain.next(), changed.next()
        pixels = ((cropped * std + mean) * 255).round().to(torch.uint8)
        seeds = [stream_seed(1, f"colours {epoch}/{n}") for n in range(place, place + 10)]
        expected = augment.test(jitter(pixels, [random.Random(seed) for seed in seeds]))
        assert torch.equal(found, expected)
        assert not torch.equal(found, cropped)


@pytest.mark.parametrize("options", [{"colours": STRENGTHS}, {"cutout": 4}], ids=["colours", "cut"])
@pytest.mark.parametrize("workers", [0, 2])
def test_what_follows_the_crops_is_the_same_wherever_it_stopped(
    make_batches: MakeBatches, options: dict[str, Any], workers: int
) -> None:
    batches, one_by_one = make_batches(workers=workers, **options), make_batches(1, **options)
    drawn(batches, 3)
    state, expected = batches.state_dict(), drawn(batches, 3)
    fresh = make_batches(**options)
    fresh.load_state_dict(state)
    assert same(drawn(fresh, 3), expected)
    singles = drawn(one_by_one, 40)[30:]
    assert same(expected[:1], [tuple(map(torch.cat, zip(*singles, strict=True)))])


@pytest.mark.parametrize("workers", [0, 1])
def test_images_that_are_not_augmented_are_cut_from_the_centre(
    make_batches: MakeBatches, workers: int
) -> None:
    batches = make_batches(workers=workers, at_random=False)
    every = torch.cat([seen for seen, _ in measured(batches.images, batches._augment, 45)])
    for epoch in range(2):
        order = batches._order(epoch)
        seen = torch.cat([images for images, _ in drawn(batches, 4)])
        assert torch.equal(seen, every[order[:40]])


def test_a_square_is_cut_out_of_each_image(make_batches: MakeBatches) -> None:
    whole, cut = drawn(make_batches(), 4), drawn(make_batches(cutout=3), 4)
    sizes, corners = set(), set()
    for (before, _), (after, _) in zip(whole, cut, strict=True):
        erased = (after == 0) & (before != 0)
        assert torch.equal(torch.where(erased, before, after), before)
        for image in erased.any(dim=1):
            rows, columns = (
                image.any(dim=1).nonzero().flatten(),
                image.any(dim=0).nonzero().flatten(),
            )
            sizes.add((len(rows), len(columns)))
            corners.add((int(rows[0]), int(columns[0])))
    assert max(sizes) == (3, 3)
    assert min(sizes) == (2, 2)  # at a corner
    assert len(corners) > 15
