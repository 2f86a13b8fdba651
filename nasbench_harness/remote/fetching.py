"""From an address to a folder of this machine, in which a pushed study is read as any other."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from pathlib import Path

from nasbench_harness.process.names import printable
from nasbench_harness.remote.places import Place, StorageError
from nasbench_harness.store.manifests import (
    MANIFEST,
    FileFacts,
    Manifest,
    ManifestError,
    broken_off,
    read_manifest,
)
from nasbench_harness.store.studies import STUDY

READ = (STUDY, "trials.parquet", "history.parquet")
"""All that a report, a comparison or a check reads of a study."""
_FETCHED: dict[Path, str] = {}
"""Folders that are there while this process is, and the addresses they came from."""


def fetch(address: str) -> Path:
    """A folder with what is read of the study at an address; it goes when the process ends."""
    place = Place(address)
    manifest = _manifest(place)
    parent = Path(tempfile.mkdtemp(prefix="nasharness-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    folder = parent / (Path(manifest.name).name or "study")
    folder.mkdir()
    for name in READ:
        if name not in manifest.files:
            raise StorageError(f"The study at {place.address} has no {name}; push it again.")
        place.fetch(name, folder / name)
        _check(place, folder / name, manifest.files[name])
    _FETCHED[folder] = place.address
    return folder


def address_of(folder: Path) -> str:
    """Where a folder was fetched from; empty for a folder of this machine."""
    return _FETCHED.get(folder, "")


def told(folder: Path) -> str:
    """The folder as it was asked for."""
    return address_of(folder) or printable(str(folder))


def _manifest(place: Place) -> Manifest:
    text = place.read(MANIFEST)
    if text is None:
        raise StorageError(
            f"{place.address} holds no study: there is no {MANIFEST}, which `nasharness push`"
            " leaves there."
        )
    try:
        manifest = read_manifest(text)
    except ManifestError as error:
        raise StorageError(
            f"The study at {place.address} cannot be read: {MANIFEST} is not as it should be"
            f" ({error})."
        ) from error
    if not manifest.complete:
        raise StorageError(broken_off(place.address))
    return manifest


def _check(place: Place, path: Path, known: FileFacts) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if (path.stat().st_size, found) != (known.size, known.sha256):
        raise StorageError(
            f"{path.name} at {place.address} is not what was pushed there: it is damaged, or is"
            " being pushed just now; read it again, or push the study again."
        )
