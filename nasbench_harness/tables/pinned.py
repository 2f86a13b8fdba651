"""Files that others publish, pinned by commit and SHA-256: fetched, and checked before use."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.errors import ExitCode, HarnessError, reason
from nasbench_harness.store.files import share

RETRIES = 3


@dataclass(frozen=True)
class PinnedFile:
    """One file of a public repository; `file` is its name in a folder of downloads."""

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


class PinnedFileError(HarnessError):
    """A file that is not there, or not what it should be."""


class FetchError(PinnedFileError):
    """A download that did not succeed; what is there already is kept."""

    exit_code = ExitCode.INCOMPLETE


def check(folder: Path, wanted: Sequence[PinnedFile]) -> None:
    """Every file is in `folder` and is the one it should be; PinnedFileError names the first fault.

    The sentence says what was expected and what to do.
    """
    for pinned in wanted:
        path = folder / pinned.file
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise PinnedFileError(f"{path} cannot be read ({reason(error)}).") from error
        if found != pinned.sha256:
            raise PinnedFileError(
                f"{path} is not the file of {pinned.repository} at {pinned.commit[:10]} (SHA-256"
                f" expected {pinned.sha256[:12]}, found {found[:12]}); delete it and pull again."
            )


def fetch(
    folder: Path,
    wanted: Sequence[PinnedFile],
    *,
    mirror: str | None = None,
    progress: ProgressCallback | None = None,
) -> None:
    """Download what is missing in `folder`; what is there and right is kept.

    `mirror` is the address of a folder with the same files under their `file` names. Each file is
    tried several times with growing pauses.
    """
    import pooch

    urls = {p.file: f"{mirror.rstrip('/')}/{p.file}" if mirror else p.address for p in wanted}
    fetcher = pooch.create(
        path=folder,
        base_url="",
        registry={pinned.file: f"sha256:{pinned.sha256}" for pinned in wanted},
        urls=urls,
        retry_if_failed=RETRIES,
    )
    pooch.get_logger().setLevel("ERROR")
    total, done = sum(pinned.bytes for pinned in wanted), 0
    for pinned in wanted:
        fresh = not (folder / pinned.file).exists()
        try:
            fetcher.fetch(pinned.file)
            if fresh:
                share(folder / pinned.file)  # pooch makes files for the user alone
        except (OSError, ValueError) as error:
            raise _failed(pinned, urls[pinned.file], error) from error
        done += pinned.bytes
        if progress:
            progress(done, total)


def _failed(pinned: PinnedFile, address: str, error: Exception) -> PinnedFileError:
    if isinstance(error, ValueError):
        return PinnedFileError(
            f"{address} is not the file it was: its SHA-256 is not {pinned.sha256[:12]}. It was"
            " changed or the download was cut; nothing was taken over."
        )
    return FetchError(
        f"{address} cannot be downloaded ({type(error).__name__}); what is there is kept, so"
        " pulling again goes on. `--mirror URL` or `--from DIR` take the files from elsewhere."
    )
