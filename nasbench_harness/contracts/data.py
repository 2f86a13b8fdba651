"""What `nasharness data` installs, checks and cites: a benchmark's files, or a set of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ProgressCallback = Callable[[int, int], None]
"""Called with what is there and what there will be: bytes of a download, rows of a conversion."""


@dataclass(frozen=True)
class Origin:
    """One of several publications that data are put together from."""

    name: str
    place: str
    """Where it is published: a repository, an address."""
    what: str
    licence: str
    """As its publisher states it."""


class DataSource(Protocol):
    """Data with a name, and what can be told of them; by entry point `nasbench_harness.data`.

    Class attributes will do. Making one must be cheap and touch no file: it is asked for its name,
    its tables and its texts by completion and by `nasharness data list`.
    """

    @property
    def name(self) -> str:
        """What commands call it; the entry point's own name."""

    @property
    def what(self) -> str:
        """What it is, as it stands within a sentence: `the official table of ...`."""

    @property
    def tables(self) -> Sequence[str]:
        """The tables (entry points `nasbench_harness.tables`) it brings; none: it is images."""

    @property
    def holds(self) -> str:
        """What is in it, in a few words, as a reason to install it; may be empty."""

    @property
    def origins(self) -> Sequence[Origin]:
        """The publications it is put together from, where they are several."""

    @property
    def licence(self) -> str:
        """As its publishers state it; empty where none is known."""

    @property
    def size(self) -> int:
        """Bytes that installing it fetches; 0 where nothing is fetched or nobody said."""

    @property
    def how(self) -> str:
        """How it gets here: a command in backquotes."""

    @property
    def citation(self) -> str:
        """BibTeX of everything it comes from, entries apart by an empty line."""

    def is_installed(self) -> bool:
        """Is it here; looks, and reads nothing."""

    def facts(self) -> Mapping[str, Any]:
        """Of images that are installed, what `data list` tells: folder, files, bytes, ..."""

    def verify(self) -> list[tuple[str, bool]]:
        """Every fact that can be checked, with whether it holds; reads all of it.

        A HarnessError where it is not installed or cannot be read at all.
        """


class PlainData:
    """A base for data sources that leaves out what many have nothing to say of.

    What remains: `name`, `what`, `how`, `citation`, `is_installed` and `verify`.
    """

    tables: Sequence[str] = ()
    holds: str = ""
    origins: Sequence[Origin] = ()
    licence: str = ""

    @property
    def size(self) -> int:
        """Nothing is fetched, or nobody said how much."""
        return 0

    def facts(self) -> Mapping[str, Any]:
        """Nothing more to tell."""
        return {}


@runtime_checkable
class Pullable(Protocol):
    """Capability of a data source: `nasharness data pull` gets it."""

    def pull(self, *, origin: Path | None, mirror: str | None, progress: ProgressCallback) -> None:
        """Install it, checked; what is there and right is kept, and a failure changes nothing.

        `origin` is a folder that has the files already, `mirror` the address of one; with neither
        they come from their publishers.
        """


@runtime_checkable
class Importable(Protocol):
    """Capability of a data source: `nasharness data import` converts a file of its publishers."""

    def import_file(
        self, file: Path, *, jobs: int, curves: bool, force: bool, progress: ProgressCallback
    ) -> None:
        """Install what `file` (or folder) holds, read by `jobs` processes.

        `curves`: learning curves as well, where it has some; `force`: although memory looks too
        small.
        """


@runtime_checkable
class ImageSet(Protocol):
    """Capability of a data source: images that `--dataset NAME` searches and trains on.

    Every process that uses them asks once, and keeps them in memory whole. A trial whose images
    differ from the planned ones is refused.
    """

    classes: Sequence[str]
    """Names of the classes, in the order of the labels."""
    flip: bool
    """Does a mirrored image still show its class."""

    def images(self) -> Mapping[str, tuple[NDArray[np.uint8], NDArray[np.integer[Any]]]]:
        """Pixels [N, H, W] or [N, H, W, channels] and labels [N] of `train`, `valid`, `test`.

        Of the three only `train` must be there. A HarnessError where it is not installed.
        """


@runtime_checkable
class Citable(Protocol):
    """Capability of a method (or its set-up), a space or a table: what to cite of it."""

    citation: str
    """BibTeX, entries apart by an empty line."""


def bibtex_entries(bibtex: str) -> list[str]:
    """The entries of a text of BibTeX, each once."""
    return list(dict.fromkeys(entry.strip() for entry in bibtex.split("\n\n") if entry.strip()))
