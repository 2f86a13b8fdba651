"""Whole batches against one image at a time, and against chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torchvision.transforms import functional as one
from torchvision.transforms.functional import to_pil_image

from nasbench_harness.errors import HarnessError
from nasbench_harness.images.augment import Augment
from nasbench_harness.images.parts import ImageDataset, Images

MakeDataset = Callable[..., ImageDataset]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def reference(
    dataset: ImageDataset, pixels: torch.Tensor, draws: torch.Tensor, cutout: int
) -> torch.Tensor:
    """torchvision's transforms on PIL images, one by one, with the crops and flips drawn."""
    height, width = dataset.train.size
    done = []
    for image, (top, left, mirrored, *centre) in zip(pixels, draws.T.tolist(), strict=True):
        padded = one.pad(to_pil_image(image), [dataset.padding])
        crop = one.crop(padded, top, left, height, width)
        crop = one.hflip(crop) if mirrored else crop
        result = one.normalize(one.to_tensor(crop), dataset.mean, dataset.std)
        if cutout:
            first_row, first_column = (c - cutout // 2 for c in centre)
            rows = slice(max(first_row, 0), max(first_row + cutout, 0))
            columns = slice(max(first_column, 0), max(first_column + cutout, 0))
            result[:, rows, columns] = 0
        done.append(result)
    return torch.stack(done)


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("cutout", [0, 16, 5])
@pytest.mark.parametrize(("side", "channels"), [(32, 3), (16, 3), (8, 1)])
def test_equals_torchvision_image_by_image(
    make_dataset: MakeDataset, side: int, channels: int, cutout: int, channels_last: bool
) -> None:
    dataset = make_dataset(40, side, channels)
    augment = Augment(dataset, device="cpu", cutout=cutout, channels_last=channels_last)
    pixels = dataset.train.pixels
    shift = 2 * dataset.padding + 1
    spans = torch.tensor([shift, shift, 2, side, side][: 5 if cutout else 3])[:, None]
    draws = (torch.rand(len(spans), 40, generator=seeded()) * spans).int()
    expected = reference(dataset, pixels, draws, cutout)
    torch.testing.assert_close(augment.train(pixels, seeded()), expected, atol=2e-6, rtol=1e-6)


def test_images_need_not_be_square(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(10)
    tall = replace(dataset, train=Images(dataset.train.pixels[..., :20], dataset.train.labels))
    pixels = tall.train.pixels
    draws = (torch.rand(3, 10, generator=seeded()) * torch.tensor([9, 9, 2])[:, None]).int()
    found = Augment(tall, device="cpu").train(pixels, seeded())
    torch.testing.assert_close(found, reference(tall, pixels, draws, 0), atol=2e-6, rtol=1e-6)


@pytest.mark.parametrize("channels_last", [True, False])
def test_test_images_are_normalised_alone(make_dataset: MakeDataset, channels_last: bool) -> None:
    dataset = make_dataset(10)
    found = Augment(dataset, device="cpu", channels_last=channels_last).test(dataset.train.pixels)
    expected = one.normalize(dataset.train.pixels / 255, dataset.mean, dataset.std)
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-6)


@pytest.mark.parametrize("channels_last", [True, False])
def test_memory_format_and_dtype(make_dataset: MakeDataset, channels_last: bool) -> None:
    dataset = make_dataset(10)
    augment = Augment(dataset, device="cpu", dtype=torch.bfloat16, channels_last=channels_last)
    wanted = torch.channels_last if channels_last else torch.contiguous_format
    pixels = dataset.train.pixels
    for found in (augment.train(pixels, seeded()), augment.test(pixels)):
        assert found.dtype is torch.bfloat16
        assert found.shape == pixels.shape
        assert found.is_contiguous(memory_format=wanted)


def test_float64_is_computed_in_float64(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(10)
    found = Augment(dataset, device="cpu", dtype=torch.float64).test(dataset.train.pixels)
    expected = one.normalize(dataset.train.pixels.double() / 255, dataset.mean, dataset.std)
    torch.testing.assert_close(found, expected, atol=1e-14, rtol=1e-14)


def numbered(dataset: ImageDataset, count: int) -> tuple[ImageDataset, torch.Tensor]:
    """Images whose every pixel tells where it was, left as they are by the normalisation."""
    plain = replace(dataset, mean=(0.0,), std=(1 / 255,))
    return plain, torch.arange(1, 65, dtype=torch.uint8).view(1, 1, 8, 8).repeat(count, 1, 1, 1)


def test_every_crop_and_flip_is_as_likely(make_dataset: MakeDataset) -> None:
    count = 9000
    dataset, pixels = numbered(make_dataset(10, 8, 1), count)
    results = Augment(dataset, device="cpu").train(pixels, seeded(5)).int()
    seen = Counter(zip(results[:, 0, 4, 3].tolist(), results[:, 0, 4, 4].tolist(), strict=True))
    assert len(seen) == 18  # 3 x 3 crops, mirrored or not
    assert chisquare(list(seen.values())).pvalue > 0.01


def test_digits_are_never_mirrored(make_dataset: MakeDataset) -> None:
    dataset, pixels = numbered(make_dataset(10, 8, 1, flip=False), 500)
    results = Augment(dataset, device="cpu").train(pixels, seeded())
    assert bool((results[:, 0, 4, 4] == results[:, 0, 4, 3] + 1).all())


def test_cutout_centre_is_anywhere_and_clipped(make_dataset: MakeDataset) -> None:
    count = 6400
    dataset = replace(make_dataset(10, 8, 1, flip=False), padding=0, mean=(0.0,), std=(1.0,))
    bright = torch.full((count, 1, 8, 8), 255, dtype=torch.uint8)
    erased = Augment(dataset, device="cpu", cutout=1).train(bright, seeded(3)) == 0
    assert bool((erased.sum(dim=(1, 2, 3)) == 1).all())
    assert chisquare(erased.sum(dim=(0, 1)).flatten().numpy()).pvalue > 0.01
    area = (Augment(dataset, device="cpu", cutout=4).train(bright, seeded(3)) == 0).sum((1, 2, 3))
    assert int(area.max()) == 16
    assert int(area.min()) == 4  # centre in the corner at (0, 0)


def test_chance_is_the_generator_alone(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(50)
    augment = Augment(dataset, device="cpu", cutout=8)
    torch.manual_seed(1)
    first = augment.train(dataset.train.pixels, seeded(7))
    torch.manual_seed(2)
    assert torch.equal(augment.train(dataset.train.pixels, seeded(7)), first)
    assert not torch.equal(augment.train(dataset.train.pixels, seeded(8)), first)


def test_pixels_are_left_alone(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(20)
    before = dataset.train.pixels.clone()
    augment = Augment(dataset, device="cpu", cutout=8)
    augment.train(dataset.train.pixels, seeded())
    augment.test(dataset.train.pixels)
    assert torch.equal(dataset.train.pixels, before)


def test_crop_never_reaches_outside_the_padding() -> None:
    """Not even for the largest number below 1 that can be drawn."""
    largest = np.float32(1) - np.float32(2**-24)
    spans = np.arange(1, 4096, dtype=np.float32)
    assert bool((np.floor(largest * spans) < spans).all())


def test_faults(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(10)
    with pytest.raises(HarnessError, match="cutout of -1"):
        Augment(dataset, device="cpu", cutout=-1)
    with pytest.raises(ValueError, match="Expected uint8 images"):
        Augment(dataset, device="cpu").test(dataset.train.pixels[..., :16])
    with pytest.raises(ValueError, match="Expected uint8 images"):
        Augment(dataset, device="cpu").train(dataset.train.pixels.float(), seeded())
