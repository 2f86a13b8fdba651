"""Every image once an epoch, and the same batches after a stop."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch

from nasbench_harness.errors import HarnessError
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.batches import Batches
from nasbench_harness.images.parts import ImageDataset, Images

MakeDataset = Callable[..., ImageDataset]


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> ImageDataset:
    return make_dataset(50, 8, 1)


def batches(dataset: ImageDataset, size: int = 8, *, seed: int = 0, **options: Any) -> Batches:
    """Labels are the positions of the images, so that batches show what is in them."""
    numbered = Images(dataset.train.pixels, torch.arange(len(dataset.train)))
    return Batches(
        numbered,
        size,
        generator=torch.Generator().manual_seed(seed),
        augment=Augment(dataset, device="cpu", cutout=2),
        **options,
    )


def labels(source: Batches, count: int) -> list[int]:
    return torch.cat([source.next()[1] for _ in range(count)]).tolist()


def test_a_lone_last_image_can_be_left_out_of_an_epoch(dataset: ImageDataset) -> None:
    source = batches(dataset, size=7, drop_last="lone")  # 7 x 7 and one
    assert len(source) == 7
    epochs = [labels(source, 7) for _ in range(2)]
    assert [len({*seen}) for seen in epochs] == [49, 49]
    assert len(batches(dataset, size=7, drop_last=False)) == 8
    assert len(batches(dataset, size=8, drop_last="lone")) == 7


def test_epoch_has_every_image_once(dataset: ImageDataset) -> None:
    source = batches(dataset, drop_last=False)
    assert len(source) == 7
    first, second = labels(source, 7), labels(source, 7)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


def test_last_images_are_left_out(dataset: ImageDataset) -> None:
    source = batches(dataset)
    assert len(source) == 6
    seen = labels(source, 6)
    assert len(seen) == len(set(seen)) == 48
    assert len(source.next()[1]) == 8  # of a new epoch


def test_images_and_labels_belong_together(dataset: ImageDataset) -> None:
    source = batches(dataset)
    plain = Augment(dataset, device="cpu")
    # no crop, no flip, no cutout: what is left must be the very images
    source._augment.train = lambda pixels, _: plain.test(pixels)  # type: ignore[method-assign]
    images, chosen = source.next()
    assert torch.equal(images, plain.test(dataset.train.pixels[chosen]))


def test_same_seed_same_batches(dataset: ImageDataset) -> None:
    one, other = batches(dataset, seed=3), batches(dataset, seed=3)
    for _ in range(20):
        (images, chosen), (same_images, same_chosen) = one.next(), other.next()
        assert torch.equal(images, same_images)
        assert torch.equal(chosen, same_chosen)
    assert labels(batches(dataset, seed=4), 6) != labels(batches(dataset, seed=3), 6)


@pytest.mark.parametrize("taken", [0, 4, 6, 15])
def test_goes_on_bit_by_bit(dataset: ImageDataset, taken: int) -> None:
    source = batches(dataset)
    labels(source, taken) if taken else None
    file = io.BytesIO()
    torch.save(source.state_dict(), file)
    expected = [source.next() for _ in range(12)]
    resumed = batches(dataset, seed=99)
    file.seek(0)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    for images, chosen in expected:
        same_images, same_chosen = resumed.next()
        assert torch.equal(images, same_images)
        assert torch.equal(chosen, same_chosen)


def test_colours_go_on_bit_by_bit_too(dataset: ImageDataset) -> None:
    colours = Augment(dataset, device="cpu", color_jitter=(0.4, 0.4, 0.4, 0.2))
    source, plain = batches(dataset), batches(dataset)
    source._augment = colours
    images, chosen = source.next()
    plain_images, plain_chosen = plain.next()
    assert torch.equal(chosen, plain_chosen)
    assert not torch.equal(images, plain_images)
    state = source.state_dict()
    expected = [source.next() for _ in range(8)]
    resumed = batches(dataset, seed=99)
    resumed._augment = colours
    resumed.load_state_dict(state)
    assert all(torch.equal(images, resumed.next()[0]) for images, _ in expected)


def test_state_is_not_changed_by_going_on(dataset: ImageDataset) -> None:
    source = batches(dataset)
    state = source.state_dict()
    before = {name: torch.as_tensor(value).clone() for name, value in state.items()}
    labels(source, 20)
    assert all(torch.equal(torch.as_tensor(state[name]), before[name]) for name in state)


def test_state_of_other_data_is_refused(dataset: ImageDataset, make_dataset: MakeDataset) -> None:
    other = batches(make_dataset(40, 8, 1))
    with pytest.raises(HarnessError, match="goes through 40 images, but here are 50"):
        batches(dataset).load_state_dict(other.state_dict())


@pytest.mark.parametrize("size", [0, -1, 51])
def test_impossible_batch_size(dataset: ImageDataset, size: int) -> None:
    with pytest.raises(HarnessError, match="from 1 to 50"):
        batches(dataset, size)


def test_whole_set_as_one_batch(dataset: ImageDataset) -> None:
    source = batches(dataset, 50)
    assert len(source) == 1
    assert sorted(labels(source, 1)) == list(range(50))
