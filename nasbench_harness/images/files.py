"""The named sets of images as `nasharness data` installs, checks and cites them.

This file needs neither torch nor numpy before something is verified.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nasbench_harness.contracts import PlainData
from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.images import sources
from nasbench_harness.images.halves import is_published

DIGITS_SHA256 = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
"""Of the 1,797 x 8 x 8 grey values (0 to 16) and then the labels, a byte each."""
_DIGITS_BIBTEX = """@misc{alpaydin1998digits,
  title = {Optical Recognition of Handwritten Digits},
  author = {Alpaydin, E.},
  howpublished = {UCI Machine Learning Repository},
  year = {1998}
}"""


class PublishedImages(PlainData):
    """A set of images from the files of its publishers, see `sources`."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def _source(self) -> sources.ImageSource:
        return sources.image_source(self.name)

    @property
    def what(self) -> str:
        """The set's title."""
        return f"the images of {self._source.title}"

    @property
    def size(self) -> int:
        """Bytes of the published files; 0 where nobody said."""
        size = sum(file.bytes for file in self._source.files)
        return size + self._source.halves.file.bytes if size and self._source.halves else size

    @property
    def how(self) -> str:
        """The command, with the folder that is needed where nobody offers the files."""
        origin = "" if self._source.downloadable else " --from DIR"
        return f"`nasharness data pull {self.name}{origin}`"

    @property
    def citation(self) -> str:
        """What the publishers ask for."""
        return self._source.bibtex

    def is_installed(self) -> bool:
        """Are all files there."""
        return sources.find(self._source, sources.images_folder()) is not None

    def facts(self) -> Mapping[str, Any]:
        """Where the files are, which, how large."""
        found = sources.find_installed(self._source, sources.images_folder())
        facts = {
            "folder": str(found.paths[0].parent),
            "files": ", ".join(path.name for path in found.paths),
            "bytes": found.bytes,
        }
        if halves := self._source.halves:
            there = sources.halves_list(self._source, sources.images_folder())
            absent = f"our own: `nasharness data pull {self.name}` gets the official list"
            facts[f"halves of the {halves.part} images"] = there.name if there else absent
        return facts

    def verify(self) -> list[tuple[str, bool]]:
        """The MD5 of every file, and the SHA-256 of the list of halves where that is there."""
        found = sources.find_installed(self._source, sources.images_folder())
        facts = [
            (f"MD5 of {path.name} is {file.md5}", sources.is_published(path, file))
            for path, file in zip(found.paths, found.files, strict=True)
        ]
        listed = sources.halves_list(self._source, sources.images_folder())
        if listed and (halves := self._source.halves):
            fact = f"SHA-256 of {listed.name} is {halves.file.sha256}"
            facts.append((fact, is_published(halves, listed)))
        return facts

    def pull(self, *, origin: Path | None, mirror: str | None, progress: ProgressCallback) -> None:
        """Get the files, checked."""
        from nasbench_harness.images.pull import pull

        pull(self.name, origin=origin, mirror=mirror, progress=progress)


class Digits(PlainData):
    """The 1,797 grey 8x8 digits that come with scikit-learn."""

    name = "digits"
    what = "the digits of scikit-learn"
    how = "`pip install scikit-learn`"
    citation = _DIGITS_BIBTEX

    def is_installed(self) -> bool:
        """Is scikit-learn there."""
        return find_spec("sklearn") is not None

    def facts(self) -> Mapping[str, Any]:
        """Where they come from."""
        return {"source": "scikit-learn"}

    def verify(self) -> list[tuple[str, bool]]:
        """Hash images and labels as scikit-learn gives them."""
        import numpy as np
        from sklearn.datasets import load_digits

        content = load_digits()
        images, labels = np.asarray(content.images), np.asarray(content.target)
        grey = images.astype(np.uint8)
        data = grey.tobytes() + labels.astype(np.uint8).tobytes()
        same = hashlib.sha256(data).hexdigest() == DIGITS_SHA256
        return [
            (f"SHA-256 of images and labels is {DIGITS_SHA256}", same),
            ("grey values are whole numbers", bool((grey == images).all())),
        ]


cifar10 = partial(PublishedImages, "cifar10")
cifar100 = partial(PublishedImages, "cifar100")
imagenet16_120 = partial(PublishedImages, "imagenet16-120")
svhn = partial(PublishedImages, "svhn")
