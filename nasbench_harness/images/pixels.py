"""A picture of any kind as 8-bit RGB, by rules that are the same for a whole data set.

Grey, colour, palette, CMYK, YCbCr and Lab pictures of 8 bits become RGB as Pillow converts them;
ICC profiles are not applied. What would be lost or distorted on the way is mapped like this:

- **Orientation.** A photograph is turned upright as its EXIF (or XMP) entry says.
- **Grey of more than 8 bits.** Scaled linearly to 0..255 from 0..2^b - 1, where b is the smallest
  of 8, 10, 12, 14 and 16 bits that holds every such value of the data set: the 4096 levels of a
  12-bit sensor in a 16-bit file keep their contrast, and pictures stay comparable with each other.
  Whole numbers below 0 or above 65,535 are refused.
- **Colour of 16 bits a channel.** Pillow reads the upper 8; refused where the whole data set uses
  12 bits or fewer of them, of which at most 16 levels would be left.
- **Floating-point grey.** 0..1 becomes 0..255, rounded. Values outside, infinite or NaN are
  refused, and so is a data set so dark that at most 16 levels would be left.
- **Transparency.** Pictures are put on a background, the same for all: the first of white, black
  and mid-grey (128) on which none vanishes. A picture vanishes where less than a quarter of its
  mass, the sum of its alpha, stands out from the background: a white shape with a black dot in it
  is lost on white although the dot is seen, and a photograph with a white sky is not. So a black
  drawing stands on white, white drawings on black, and both kinds together on grey. What is
  refused: a set for which all three fail, as for pictures so faint that nothing stands out
  anywhere, and a picture of which everything is transparent although it has content. What is of
  nearly one colour and of one alpha is blank, and vanishes nowhere.
- **Several pictures in a file.** Animations and pages are refused. Of what is one picture beside
  smaller or partial copies of it, that one is read: of a TIFF the page that is neither a reduced
  copy nor a mask, of an MPO photograph the first, of a PSD the whole without its layers, of an icon
  the largest.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from nasbench_harness.images.mapping import (
    BACKGROUNDS,
    DEEP_COLOUR,
    DEEP_GREY,
    FLOAT,
    LARGEST,
    LEAST_CONTRAST,
    LEAST_SHARE,
    TRANSPARENT,
    PictureError,
    Rule,
    Traits,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

_PHOTOMETRIC, _SUBFILE, _WHITE_IS_ZERO, _REDUCED_OR_MASK = 262, 254, 0, 0b101  # of TIFF
_ONE_OF_SEVERAL = {
    "MPO": "first of several (MPO)",
    "PSD": "layers put together (PSD)",
    "ICO": "largest of an icon",
    "ICNS": "largest of an icon",
    "CUR": "largest of an icon",
}
_TURNED = (2, 3, 4, 5, 6, 7, 8)
_ORIENTATION = 0x0112


@contextmanager
def patient_decoder() -> Iterator[None]:
    """The user's own pictures may be as large as they like, and Pillow keeps its doubts to itself.

    Its limit guards web servers against images made to fill their memory. Both are settings of the
    whole process, so they are changed around all decoding, not in its threads.
    """
    from PIL import Image

    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def to_rgb(image: Image.Image, rule: Rule) -> tuple[Image.Image, Traits]:
    """An opened picture as upright 8-bit RGB; PictureError where it cannot be mapped."""
    words = _one_picture(image)
    deep = _is_deep_colour(image)
    image, turned = upright(image)
    words += ("turned upright",) if turned else ()
    words += (image.mode,) if image.mode in ("CMYK", "LAB") else ()
    kind, peak = "", 0.0
    if image.mode == "I" or image.mode.startswith("I;"):
        kind, (image, peak) = DEEP_GREY, _whole_numbers(image, rule.depth)
    elif image.mode == "F":
        kind, (image, peak) = FLOAT, _floats(image)
    elif deep:
        kind, peak = DEEP_COLOUR, _brightest(image)
    words += (kind,) if kind else ()
    image, hidden = _opaque(image, rule.background)
    words += (TRANSPARENT,) if hidden is not None else ()
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    return rgb, Traits(words, kind, peak, hidden or ())


def upright(image: Image.Image) -> tuple[Image.Image, bool]:
    """The picture as its EXIF entry wants it seen, and whether it had to be turned."""
    from PIL import ImageOps

    asked = _orientation(image) if image.format == "TIFF" else 1  # which Pillow turns in `load`
    image.load()  # what fails here is no fault of the entry
    try:
        if _orientation(image) in _TURNED:
            return ImageOps.exif_transpose(image), True
    except Exception:  # a damaged entry says nothing
        return image, False
    return image, asked in _TURNED


def _orientation(image: Image.Image) -> int:
    """What the EXIF (or XMP) entry asks for; 1, upright, where it is missing or damaged."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # entries are damaged in many ways
        return 1


# --- the kinds ---------------------------------------------------------------------------------


def _one_picture(image: Image.Image) -> tuple[str, ...]:
    """Choose the one picture of a file; words about it where there are others."""
    frames = getattr(image, "n_frames", 1)
    if frames == 1 and image.format not in ("ICO", "ICNS", "CUR"):
        return ()
    if image.format in _ONE_OF_SEVERAL:
        return (_ONE_OF_SEVERAL[image.format],)
    if image.format == "TIFF":
        whole = [page for page in range(frames) if not _is_part(image, page)]
        if len(whole) == 1:
            image.seek(whole[0])
            return ("page beside its reduced copies (TIFF)",)
        frames = len(whole) or frames
    raise PictureError("pages", f"{frames}")


def _is_part(image: Any, page: int) -> bool:
    image.seek(page)
    return bool(image.tag_v2.get(_SUBFILE, 0) & _REDUCED_OR_MASK)


def _is_deep_colour(image: Image.Image) -> bool:
    """Has the file 16 bits for each of several channels; Pillow's modes do not tell."""
    tiles = getattr(image, "tile", ())
    return (
        image.mode not in ("I", "F")
        and not image.mode.startswith("I;")
        and any(";16" in str(tile[3]) for tile in tiles)
    )


def _brightest(image: Image.Image) -> float:
    """The largest value of all channels but alpha."""
    colours = [band for band in image.getbands() if band not in ("A", "a")]
    return float(max(np.asarray(image.getchannel(band)).max() for band in colours))


def _whole_numbers(image: Image.Image, depth: int) -> tuple[Image.Image, int]:
    """Grey of more than 8 bits as 8 bits, with an alpha channel if a value is transparent."""
    values = np.asarray(image).astype(np.int64)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > LARGEST:
        raise PictureError("whole", f"{low} to {high}")
    top = 2**depth - 1
    scaled = (np.minimum(values, top) * 255 + top // 2) // top
    grey = _grey(255 - scaled if _is_negative(image) else scaled)
    key = image.info.get("transparency")
    if isinstance(key, int):
        grey.putalpha(_grey((values != key) * 255))
    return grey, high


def _floats(image: Image.Image) -> tuple[Image.Image, float]:
    values = np.asarray(image)
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):  # NaN is neither
        raise PictureError("float", f"{low:g} to {high:g}")
    scaled = np.rint(values * 255.0)
    return _grey(255 - scaled if _is_negative(image) else scaled), high


def _grey(values: NDArray[Any]) -> Image.Image:
    from PIL import Image

    return Image.fromarray(values.astype(np.uint8))


def _is_negative(image: Image.Image) -> bool:
    """Does 0 mean white; Pillow inverts such TIFFs of up to 8 bits alone."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def _opaque(image: Image.Image, background: int) -> tuple[Image.Image, tuple[int, ...] | None]:
    """The picture on a background, and on which ones it vanishes; None if it is opaque."""
    from PIL import Image

    if not (image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info):
        return image, None
    if image.mode == "La":
        image = image.convert("LA")
    full = image if image.mode == "RGBA" else image.convert("RGBA")
    low, high = full.getchannel("A").getextrema()
    if low == 255:
        return full.convert("RGB"), None
    spread = max(b - a for a, b in full.convert("RGB").getextrema())  # type: ignore[misc]
    if high == 0 and spread:
        raise PictureError("transparent")
    ground = Image.new("RGBA", full.size, (background,) * 3 + (255,))
    content = low != high or (high and spread >= LEAST_CONTRAST)
    hidden = tuple(b for b in BACKGROUNDS if content and _vanishes(full, b))
    return Image.alpha_composite(ground, full).convert("RGB"), hidden


def _vanishes(image: Image.Image, background: int) -> bool:
    """Does too little of the picture's visible mass stand out from the background."""
    pixels = np.asarray(image).astype(np.int32)
    alpha = pixels[..., 3]
    contrast = np.abs(pixels[..., :3] - background).max(axis=-1) * alpha // 255
    seen = alpha[contrast >= LEAST_CONTRAST].sum(dtype=np.int64)
    return float(seen) < LEAST_SHARE * float(alpha.sum(dtype=np.int64))
