"""Which files are pictures, by their suffix: those that Pillow, as it is installed, can open."""

from __future__ import annotations

import os
from functools import cache

_NO_PICTURES = {"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "PDF", "WMF"}
"""What Pillow opens although it is a film, a page, a drawing or a container of other data."""
_THROUGH_ANOTHER = {"MPO"}
"""What Pillow opens with the plugin of another format."""
_PICTURES = frozenset(
    {
        ".avif", ".bpg", ".dcm", ".exr", ".flif", ".hdr", ".heic", ".heics", ".heif", ".heifs",
        ".hif", ".jls", ".jp2", ".jph", ".jxl", ".jxr", ".psb", ".webp", ".xcf",
        # raw photographs
        ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mrw",
        ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".sr2", ".srf", ".srw", ".x3f",
    }
)  # fmt: skip
"""Pictures that Pillow can open on some machines only, or nowhere."""


@cache
def readable_suffixes() -> frozenset[str]:
    """The suffixes of pictures that can be opened here, such as `.png`; in lower case."""
    from PIL import Image

    known = Image.registered_extensions()
    opened = (set(Image.OPEN) | _THROUGH_ANOTHER) - _NO_PICTURES
    return frozenset(suffix.lower() for suffix, form in known.items() if form in opened)


def suffix_of(name: str) -> str:
    """`.jpg` of `CAT.JPG`; empty where there is none."""
    return os.path.splitext(name)[1].lower()


def is_readable(name: str) -> bool:
    """Is this the name of a picture that can be opened here."""
    return suffix_of(name) in readable_suffixes()


def is_foreign(name: str) -> bool:
    """Is this the name of a picture that cannot be opened here, such as `.heic`."""
    suffix = suffix_of(name)
    return suffix in _PICTURES and suffix not in readable_suffixes()
