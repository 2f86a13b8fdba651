"""Sets of images that other packages bring: data sources that have the capability `ImageSet`."""

from __future__ import annotations

import numpy as np
import torch

from nasbench_harness.contracts import ImageSet
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.parts import Decoded, Images

_PARTS = ("train", "valid", "test")


def read_image_set(name: str, source: ImageSet) -> Decoded:
    """Its parts, checked; ImageDataError where they are not as `ImageSet` says."""
    classes = tuple(map(str, source.classes))
    parts = source.images()
    if "train" not in parts or not set(parts) <= set(_PARTS):
        raise ImageDataError(
            f"The images `{name}` come in the parts {', '.join(parts) or 'none'}: expected train,"
            " and valid or test where there are such."
        )
    read = {part: _images(name, part, of, len(classes)) for part, of in parts.items()}
    return Decoded(classes, read["train"], read.get("valid"), read.get("test"))


def _images(name: str, part: str, given: tuple[object, object], classes: int) -> Images:
    pixels, labels = (np.ascontiguousarray(array) for array in given)
    if pixels.dtype != np.uint8 or pixels.ndim not in (3, 4) or labels.shape != pixels.shape[:1]:
        raise ImageDataError(
            f"The part {part} of the images `{name}` has pixels {pixels.dtype}"
            f" {list(pixels.shape)} and labels {list(labels.shape)}: expected uint8 [N, H, W] or"
            " [N, H, W, channels], and [N]."
        )
    if len(labels) == 0 or labels.min() < 0 or labels.max() >= classes:
        raise ImageDataError(
            f"The part {part} of the images `{name}` needs labels from 0 to {classes - 1}."
        )
    planes = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
    return Images(torch.from_numpy(planes.copy()), torch.from_numpy(labels.astype(np.int64)))
