"""Pictures of every kind become the RGB they show, or are refused by name."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.Image import Transpose

from nasbench_harness.errors import HarnessError
from nasbench_harness.images.datasets import open_dataset
from nasbench_harness.images.parts import ImageDataset

SIDE = 8
Values = np.ndarray[Any, Any]
Put = Callable[..., Path]


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def greys(top: int, kind: Any = np.uint16) -> Values:
    """Grey values from 0 to `top`, both of them there."""
    values = chance().integers(0, top + 1, (SIDE, SIDE))
    values[0, :2] = 0, top
    return values.astype(kind)


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Saves pictures, one class each, in a folder."""

    def save(*pictures: Image.Image, suffix: str = "png", **options: Any) -> Path:
        for number, picture in enumerate(pictures):
            folder = tmp_path / "pictures" / f"class{number}"
            folder.mkdir(parents=True)
            picture.save(folder / f"x.{suffix}", **options)
        return tmp_path / "pictures"

    return save


def opened(folder: Path, **options: Any) -> ImageDataset:
    return open_dataset(f"folder:{folder}", **options)


def in_order(folder: Path) -> list[Values]:
    """The pictures [H, W, 3], class by class."""
    train = opened(folder).train
    order = torch.argsort(train.labels)
    return [pixels.permute(1, 2, 0).int().numpy() for pixels in train.pixels[order]]


# --- more than 8 bits --------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm", "jp2"])
def test_sixteen_bit_grey_is_scaled_from_its_full_range(put: Put, suffix: str) -> None:
    values = greys(65535)
    first, _ = in_order(put(*[Image.fromarray(values)] * 2, suffix=suffix))
    assert np.array_equal(first[..., 0], np.rint(values / 257))
    assert np.array_equal(first[..., 0], first[..., 2])


@pytest.mark.parametrize(("top", "range_"), [(255, 255), (1000, 1023), (4095, 4095), (9000, 16383)])
def test_unused_bits_are_not_scaled(put: Put, top: int, range_: int) -> None:
    values = greys(top)
    first, _ = in_order(put(*[Image.fromarray(values)] * 2))
    assert np.array_equal(first[..., 0], np.rint(values * (255 / range_)))


def test_one_scale_for_the_whole_data_set(put: Put) -> None:
    dark, bright = greys(300), greys(4095)
    first, second = in_order(put(Image.fromarray(dark), Image.fromarray(bright)))
    assert np.array_equal(first[..., 0], np.rint(dark * (255 / 4095)))
    assert np.array_equal(second[..., 0], np.rint(bright * (255 / 4095)))


def test_big_endian_and_32_bit_integers(put: Put) -> None:
    values = greys(65535, np.int32)
    big = Image.fromarray(values.astype(">u2"))
    first, second = in_order(put(big, Image.fromarray(values), suffix="tif"))
    assert np.array_equal(first, second)
    assert np.array_equal(first[..., 0], np.rint(values / 257))


def test_where_zero_is_white_it_stays_white(put: Put) -> None:
    values = greys(65535)
    pictures = [Image.fromarray(values)] * 2
    first, _ = in_order(put(*pictures, suffix="tif", tiffinfo={262: 0}))
    assert np.array_equal(first[..., 0], 255 - np.rint(values / 257))


@pytest.mark.parametrize("wrong", [-1, 65536])
def test_integers_of_no_clear_range_are_refused(put: Put, wrong: int) -> None:
    values = greys(1000, np.int32)
    values[3, 3] = wrong
    folder = put(Image.fromarray(greys(1000, np.int32)), Image.fromarray(values), suffix="tif")
    with pytest.raises(HarnessError, match=r"1 of 2 files have values outside.*class1/x\.tif"):
        opened(folder)


def test_floats_from_0_to_1(put: Put) -> None:
    values = greys(1000).astype(np.float32) / 1000
    first, _ = in_order(put(*[Image.fromarray(values)] * 2, suffix="tif"))
    assert np.array_equal(first[..., 0], np.rint(values * 255.0))


@pytest.mark.parametrize("wrong", [-0.5, 1.01, 255, np.nan, np.inf, -np.inf])
def test_other_floats_are_refused_by_name(put: Put, wrong: float) -> None:
    values = np.full((SIDE, SIDE), 0.5, np.float32)
    fine = Image.fromarray(values.copy())
    values[3, 3] = wrong
    with pytest.raises(HarnessError, match=r"not from 0 to 1.*class1/x\.tif.*scale all files"):
        opened(put(fine, Image.fromarray(values), suffix="tif"))


def test_floats_that_would_turn_black_are_refused(put: Put) -> None:
    values = greys(1000).astype(np.float32) / 100_000
    with pytest.raises(HarnessError, match="so dark that at most 16 of 256 levels"):
        opened(put(*[Image.fromarray(values)] * 2, suffix="tif"))


def png16(path: Path, values: Values, colour_type: int) -> None:
    """A PNG of 16 bits a channel, which Pillow reads but does not write."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 16, colour_type, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, content in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        sum_ = struct.pack(">I", zlib.crc32(name + content))
        data += struct.pack(">I", len(content)) + name + content + sum_
    path.write_bytes(data)


@pytest.mark.parametrize(("channels", "colour_type"), [(3, 2), (4, 6), (2, 4)])
def test_sixteen_bit_colour(put: Put, channels: int, colour_type: int) -> None:
    folder = put(*[Image.new("L", (SIDE, SIDE))] * 2)
    values = chance().integers(0, 65536, (SIDE, SIDE, channels))
    if channels in (2, 4):
        values[..., -1] = 65535
    for path in folder.glob("*/x.png"):
        png16(path, values, colour_type)
    first, _ = in_order(folder)
    colours = values[..., :1] if channels == 2 else values[..., :3]
    assert np.abs(first - colours / 257).max() <= 1


@pytest.mark.parametrize(("channels", "colour_type"), [(3, 2), (4, 6)])
def test_sixteen_bit_colour_of_12_used_bits_is_refused(
    put: Put, channels: int, colour_type: int
) -> None:
    folder = put(*[Image.new("L", (SIDE, SIDE))] * 2)
    values = chance().integers(0, 4096, (SIDE, SIDE, channels))
    for path in folder.glob("*/x.png"):
        png16(path, values, colour_type)
    with pytest.raises(HarnessError, match="at most 16 of 256 levels"):
        opened(folder)


# --- transparency ------------------------------------------------------------------------------


def stencil(grey: int, seed: int = 0) -> Image.Image:
    """A drawing of one colour whose shape is in the alpha channel alone; alpha is not symmetric."""
    alpha = chance(seed).integers(0, 2, (SIDE, SIDE)) * 255
    return Image.fromarray(np.dstack([np.full((SIDE, SIDE, 3), grey), alpha]).astype(np.uint8))


def shape(picture: Image.Image) -> Values:
    return np.asarray(picture)[..., 3] == 255


@pytest.mark.parametrize(("grey", "ground"), [(0, 255), (255, 0), (128, 255)])
def test_a_shape_in_the_alpha_channel_stays_visible(put: Put, grey: int, ground: int) -> None:
    picture = stencil(grey)
    first, _ = in_order(put(picture, picture))
    assert np.array_equal(first[..., 0], np.where(shape(picture), grey, ground))


def test_black_and_white_drawings_together_stand_on_grey(put: Put) -> None:
    black, white = stencil(0), stencil(255, seed=1)
    first, second = in_order(put(black, white))
    assert np.array_equal(first[..., 1], np.where(shape(black), 0, 128))
    assert np.array_equal(second[..., 1], np.where(shape(white), 255, 128))


def test_no_background_for_all_is_refused(put: Put) -> None:
    folder = put(stencil(0), stencil(255), stencil(128))
    with pytest.raises(HarnessError, match=r"no background.*class1/x\.png on white"):
        opened(folder)


@pytest.mark.parametrize("alpha", [1, 3, 31])
def test_content_too_faint_for_any_background_is_refused(put: Put, alpha: int) -> None:
    values = chance().integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
    values[..., 3] = alpha
    with pytest.raises(HarnessError, match=r"no background.*class0/x\.png on white.*on grey"):
        opened(put(Image.fromarray(values), stencil(0)))


def test_bright_content_of_even_transparency_stands_on_black(put: Put) -> None:
    values = np.full((SIDE, SIDE, 4), (255, 255, 255, 128), np.uint8)
    values[3, 3, :3] = 0
    first, _ = in_order(put(*[Image.fromarray(values)] * 2))
    assert (first[0, 0, 0], first[3, 3, 0]) == (128, 0)


def square(grey: int) -> Values:
    values = np.zeros((SIDE, SIDE, 4), np.uint8)
    values[2:6, 2:6] = (grey, grey, grey, 255)
    return values


@pytest.mark.parametrize("dots", [[(0, 0)], [(3, 3)], [(0, 0), (3, 3), (7, 7)]])
@pytest.mark.parametrize("grey", [0, 255])
def test_dots_do_not_make_up_for_a_shape_that_vanishes(
    put: Put, grey: int, dots: list[tuple[int, int]]
) -> None:
    values = square(grey)
    for dot in dots:
        values[dot] = (255 - grey, 255 - grey, 255 - grey, 255)
    first, _ = in_order(put(*[Image.fromarray(values)] * 2))
    assert (first[2, 2, 0], first[0, 7, 0]) == (grey, 255 - grey)


def test_a_photograph_with_a_white_sky_stands_on_white(put: Put) -> None:
    values = square(255)
    values[4:6, 2:6, :3] = chance().integers(0, 180, (2, 4, 3))
    first, _ = in_order(put(*[Image.fromarray(values)] * 2))
    assert first[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("alpha", [0, 9])
def test_a_blank_picture_vanishes_nowhere(put: Put, alpha: int) -> None:
    blank = Image.new("RGBA", (SIDE, SIDE), (255, 255, 255, alpha))
    first, second = in_order(put(blank, stencil(0)))
    assert set(first.flatten().tolist()) == {255}
    assert np.array_equal(second[..., 0], np.where(shape(stencil(0)), 0, 255))


@pytest.mark.parametrize("mode", ["LA", "PA", "P"])
def test_other_modes_with_transparency(put: Put, mode: str) -> None:
    picture = stencil(0)
    as_mode = picture.quantize(4) if mode == "P" else picture.convert(mode)
    first, _ = in_order(put(as_mode, as_mode, suffix="tif" if mode == "PA" else "png"))
    assert np.array_equal(first[..., 0], np.where(shape(picture), 0, 255))


def test_a_transparent_colour(put: Put) -> None:
    values = np.zeros((SIDE, SIDE), np.uint8)
    values[:, 3] = 90
    pictures = [Image.fromarray(values)] * 2
    first, _ = in_order(put(*pictures, transparency=90))
    assert first[0, :5, 0].tolist() == [0, 0, 0, 255, 0]


def test_half_transparent_pixels_are_mixed(put: Put) -> None:
    values = np.full((SIDE, SIDE, 4), (200, 0, 0, 51), np.uint8)
    first, _ = in_order(put(*[Image.fromarray(values)] * 2))
    assert first[0, 0].tolist() == [244, 204, 204]  # a fifth of the colour on white


def test_opaque_pictures_keep_their_colours(put: Put) -> None:
    values = chance().integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
    values[..., 3] = 255
    first, _ = in_order(put(*[Image.fromarray(values)] * 2))
    assert np.array_equal(first, values[..., :3])


def test_content_that_is_transparent_everywhere_is_refused(put: Put) -> None:
    values = chance().integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
    values[..., 3] = 0
    with pytest.raises(HarnessError, match=r"transparent everywhere.*class0/x\.png"):
        opened(put(Image.fromarray(values), stencil(0)))


# --- other kinds -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "LAB"])
def test_plain_modes_are_converted_as_before(put: Put, mode: str) -> None:
    """Digests of earlier studies on such pictures stay."""
    pixels = chance().integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels).convert(mode)
    folder = put(picture, picture, suffix="tif")
    first, _ = in_order(folder)
    with Image.open(folder / "class0" / "x.tif") as saved:
        assert saved.mode == mode
        assert np.array_equal(first, np.asarray(saved.convert("RGB")))


UNDONE = {
    1: None, 2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_90, 7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}  # fmt: skip
"""How a camera with this EXIF entry has laid the picture down."""


@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
@pytest.mark.parametrize(("orientation", "laid"), UNDONE.items(), ids=str)
def test_photographs_stand_upright(
    put: Put, suffix: str, orientation: int, laid: Transpose | None
) -> None:
    pixels = chance().integers(0, 256, (6, 10, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    picture = picture if laid is None else picture.transpose(laid)
    exif = picture.getexif()
    exif[0x0112] = orientation
    lossless = {"lossless": True} if suffix == "webp" else {}
    folder = put(picture, picture, suffix=suffix, exif=exif, **lossless)
    first, _ = in_order(folder)
    assert np.array_equal(first, pixels)
    told = [line for line in opened(folder).notes if "2 turned upright" in line]
    assert len(told) == (laid is not None)


def test_every_page_of_a_tiff_has_its_own_orientation(put: Put) -> None:
    pixels = chance().integers(0, 256, (6, 10, 3), dtype=np.uint8)
    small = Image.new("RGB", (2, 2), (9, 9, 9))
    small.encoderinfo = {"tiffinfo": {254: 1, 0x0112: 3}}
    picture = Image.fromarray(pixels)
    folder = put(picture, picture, suffix="tif", save_all=True, append_images=[small])
    first, _ = in_order(folder)
    assert np.array_equal(first, pixels)
    assert "turned" not in " ".join(opened(folder).notes)


def test_a_damaged_exif_entry_is_none(put: Put) -> None:
    picture = Image.new("RGB", (SIDE, SIDE), (1, 2, 3))
    first, _ = in_order(put(picture, picture, exif=b"Exif\0\0II*\0\xff\xff\xff\xff"))
    assert first[0, 0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("suffix", ["gif", "tif", "webp", "png"])
def test_animations_and_pages_are_refused_by_name(put: Put, suffix: str) -> None:
    frames = [Image.new("RGB", (SIDE, SIDE), (40 * n, 0, 0)) for n in range(3)]
    folder = put(*frames[:2], suffix=suffix, save_all=True, append_images=frames[1:])
    with pytest.raises(HarnessError, match=rf"more than one picture.*class0/x\.{suffix} \(3\)"):
        opened(folder)


def test_reduced_copies_are_no_pages(put: Put) -> None:
    picture = Image.new("RGB", (SIDE, SIDE), (1, 2, 3))
    small = Image.new("RGB", (2, 2), (9, 9, 9))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    folder = put(picture, picture, suffix="tif", save_all=True, append_images=[small])
    first, _ = in_order(folder)
    assert first.shape == (SIDE, SIDE, 3)
    assert first[0, 0].tolist() == [1, 2, 3]


def test_of_an_mpo_photograph_the_first_picture(put: Put) -> None:
    frames = [Image.new("RGB", (SIDE, SIDE), (n, n, n)) for n in (200, 10)]
    folder = put(frames[0], frames[0], suffix="mpo", save_all=True, append_images=frames[1:])
    first, _ = in_order(folder)
    assert set(first.flatten().tolist()) == {200}


def test_very_large_pictures_are_read(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Pillow calls a decompression bomb is the user's own file."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    folder = put(*[Image.new("L", (70, 70), 9)] * 2)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(folder / "class0" / "x.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(in_order(folder)[0].flatten().tolist()) == {9}
    assert Image.MAX_IMAGE_PIXELS == 1000


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"<html>"])
def test_files_that_are_no_pictures_are_named(put: Put, content: bytes) -> None:
    folder = put(*[Image.new("L", (SIDE, SIDE), 9)] * 2)
    (folder / "class1" / "x.png").write_bytes(content)
    with pytest.raises(HarnessError, match=r"1 of 2 files cannot be read.*class1/x\.png; repair"):
        opened(folder)


def test_different_faults_are_told_together(put: Put) -> None:
    folder = put(stencil(0), stencil(0), stencil(0))
    (folder / "class1" / "x.png").write_bytes(b"")
    frames: Sequence[Image.Image] = [Image.new("L", (SIDE, SIDE), n) for n in (3, 90)]
    frames[0].save(folder / "class2" / "x.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(HarnessError, match=r"class1/x\.png; repair.*class2/x\.gif \(2\); keep"):
        opened(folder)


def test_what_was_done_is_told(put: Put) -> None:
    folder = put(Image.fromarray(greys(4095)), stencil(255))
    told = " ".join(" ".join(opened(folder).notes).split())
    assert "1 grey beyond 8 bits (0 to 4095 became 0 to 255), 1 transparent (put on black)" in told
