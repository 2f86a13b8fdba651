"""One picture as networks are fed it that are trained on ImageNet: cropped, of one size.

For training a random part of it is resized and mirrored half of the time, as GoogLeNet was trained
(Szegedy et al., CVPR 2015); for tests the shorter side is resized to size / 0.875 and the centre is
cut out. What chance there is comes from the picture's own seed, so that neither the process that
decodes it nor the pictures before it matter. This file needs no torch: processes that decode start
at once and stay small.
"""

from __future__ import annotations

import io
import math
import random
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nasbench_harness.images.mapping import PictureError, Rule
from nasbench_harness.images.pixels import to_rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

LEAST_AREA = 0.08
"""Of the picture: the smallest part that is cut out for training."""
RATIO = 4 / 3
"""Of its width to its height at most, and at least the inverse."""
TRIES = 10
CENTRE = 0.875
"""Of the shorter side: what is cut out for tests."""


class Wanted(NamedTuple):
    """A picture that is to be decoded."""

    path: str
    seed: int | None
    """Of its crop and mirror; None: as for tests."""


class Box(NamedTuple):
    """A part of a picture, in pixels."""

    left: int
    top: int
    width: int
    height: int


def decoded(wanted: Wanted, side: int) -> NDArray[np.uint8]:
    """The picture as RGB, [3, side, side]; PictureError where it cannot be read.

    Kinds of pictures are mapped one by one by the usual rule (`pixels`): nobody has seen all files
    of a data set that is decoded as it is needed.
    """
    from PIL import Image

    try:
        with open(wanted.path, "rb", buffering=0) as file:
            content = file.readall()
        with Image.open(io.BytesIO(content)) as image:
            colour, _ = to_rgb(image, Rule())
    except (PictureError, MemoryError):
        raise
    except Exception as error:  # decoders fail in many ways, all of which mean a broken file
        raise PictureError("broken", _words(error)) from error
    if wanted.seed is None:
        cut = centre(colour, side)
    else:
        cut = augmented(colour, side, random.Random(wanted.seed))
    return np.asarray(cut).transpose(2, 0, 1)


def _words(error: Exception) -> str:
    """The first line of what a decoder says."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def augmented(image: Image.Image, side: int, chance: random.Random) -> Image.Image:
    """A random part of the picture, resized, mirrored half of the time."""
    from PIL import Image

    box = random_box(image.width, image.height, chance)
    cut = _resized(image, box, side)
    return cut.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if chance.random() < 0.5 else cut


def random_box(width: int, height: int, chance: random.Random) -> Box:
    """A part of 8 to 100 % of the area and of a ratio of 3:4 to 4:3, evenly in its logarithm.

    Where ten tries find none that fits into the picture: the largest at the centre that has such a
    ratio.
    """
    limit = math.log(RATIO)
    for _ in range(TRIES):
        area = width * height * chance.uniform(LEAST_AREA, 1)
        ratio = math.exp(chance.uniform(-limit, limit))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return Box(chance.randint(0, width - w), chance.randint(0, height - h), w, h)
    w, h = min(width, round(height * RATIO)), min(height, round(width * RATIO))
    return Box((width - w) // 2, (height - h) // 2, w, h)


def _resized(image: Image.Image, box: Box, side: int) -> Image.Image:
    from PIL import Image

    left, top, width, height = box
    part = image.crop((left, top, left + width, top + height))
    return part.resize((side, side), Image.Resampling.BILINEAR)


def centre(image: Image.Image, side: int) -> Image.Image:
    """The centre of the picture after its shorter side was resized to `side` / 0.875."""
    from PIL import Image

    short = round(side / CENTRE)
    least = min(image.size)
    width, height = (short * n // least for n in image.size)
    whole = image.resize((width, height), Image.Resampling.BILINEAR)
    left, top = round((width - side) / 2), round((height - side) / 2)
    return whole.crop((left, top, left + side, top + side))
