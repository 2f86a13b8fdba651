"""Crops of ImageNet trainings: torchvision's, with chance of each picture's own."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize
from torchvision.transforms import functional as tv

from nasbench_harness.images import crops
from nasbench_harness.images.crops import Wanted, decoded, random_box
from nasbench_harness.images.mapping import PictureError

SIZES = [(500, 375), (375, 500), (64, 64), (33, 71), (20, 300)]


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", [32, 224])
def test_centre_is_that_of_torchvision(size: tuple[int, int], side: int) -> None:
    image = picture(*size)
    theirs = Compose([Resize(round(side / 0.875)), CenterCrop(side)])(image)
    assert np.array_equal(np.asarray(crops.centre(image, side)), np.asarray(theirs))


@pytest.mark.parametrize("size", SIZES)
def test_a_random_part_is_resized_as_torchvision_does(size: tuple[int, int]) -> None:
    image = picture(*size)
    for seed in range(6):
        left, top, width, height = random_box(*size, chance := random.Random(seed))
        theirs = tv.resized_crop(
            image, top, left, height, width, [32, 32], InterpolationMode.BILINEAR
        )
        theirs = tv.hflip(theirs) if chance.random() < 0.5 else theirs
        ours = crops.augmented(image, 32, random.Random(seed))
        assert np.array_equal(np.asarray(ours), np.asarray(theirs))


def test_random_parts_are_inside_and_of_the_area_and_ratio() -> None:
    shares, ratios = [], []
    for seed in range(2000):
        left, top, width, height = random_box(500, 375, random.Random(seed))
        assert 0 <= left <= 500 - width
        assert 0 <= top <= 375 - height
        shares.append(width * height / (500 * 375))
        ratios.append(width / height)
    assert min(shares) == pytest.approx(0.08, abs=0.005)
    assert max(shares) > 0.95
    assert min(ratios) == pytest.approx(3 / 4, abs=0.02)
    assert max(ratios) == pytest.approx(4 / 3, abs=0.02)


@pytest.mark.parametrize(("size", "expected"), [((1000, 12), (16, 12)), ((12, 1000), (12, 16))])
def test_what_no_part_fits_into_gives_its_centre(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    box = random_box(*size, random.Random(0))
    assert (box.width, box.height) == expected
    assert box.left == (size[0] - expected[0]) // 2
    assert box.top == (size[1] - expected[1]) // 2


def test_half_of_the_pictures_are_mirrored() -> None:
    """A part of a picture that is white on the left is so too, or white on the right."""
    image = Image.fromarray(np.repeat(np.arange(64, dtype=np.uint8)[None], 64, axis=0))
    rows = [np.asarray(crops.augmented(image, 8, random.Random(n)))[0] for n in range(400)]
    mirrored = sum(int(row[0]) > int(row[-1]) for row in rows)
    assert 170 < mirrored < 230


@pytest.mark.parametrize("mode", ["L", "CMYK", "1"])
@pytest.mark.parametrize("seed", [None, 3])
def test_other_pictures_become_colour(tmp_path: Path, mode: str, seed: int | None) -> None:
    path = tmp_path / ("a.jpg" if mode != "1" else "a.png")
    picture(50, 40, mode).save(path)
    pixels = decoded(Wanted(str(path), seed), 16)
    assert pixels.shape == (3, 16, 16)
    assert pixels.dtype == np.uint8


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    picture(40, 20).save(tmp_path / "a.jpg", exif=exif, quality=95)
    turned = Image.open(tmp_path / "a.jpg").transpose(Image.Transpose.ROTATE_270)
    expected = np.asarray(crops.centre(turned, 16)).transpose(2, 0, 1)
    assert np.array_equal(decoded(Wanted(str(tmp_path / "a.jpg"), None), 16), expected)


@pytest.mark.parametrize("kept", [0, 30, 600], ids=["empty", "no header", "truncated"])
def test_a_broken_picture_is_told(tmp_path: Path, kept: int) -> None:
    stream = io.BytesIO()
    picture(60, 40).save(stream, "JPEG")
    (tmp_path / "a.jpg").write_bytes(stream.getvalue()[:kept])
    with pytest.raises(PictureError) as told:
        decoded(Wanted(str(tmp_path / "a.jpg"), None), 16)
    assert told.value.fault == "broken"
    assert told.value.detail
