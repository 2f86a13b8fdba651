"""From an address to a folder of this machine, in which pushed studies are read as any other."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from pathlib import Path

from nasbench_harness.process.names import printable
from nasbench_harness.remote.places import Place, StorageError
from nasbench_harness.store.manifests import (
    INDEX,
    MANIFEST,
    FileFacts,
    Manifest,
    ManifestError,
    broken_off,
    read_manifest,
)
from nasbench_harness.store.studies import STUDY
from nasbench_harness.store.suites import RECORD

READ = (STUDY, "trials.parquet", "history.parquet")
"""All that a report, a comparison or a check reads of a study."""
_FETCHED: dict[Path, str] = {}
"""Folders that are there while this process is, and the addresses they came from."""


def fetch(address: str) -> Path:
    """A folder with what is read of the study at an address; it goes when the process ends.

    Of several that were pushed together it is a folder with theirs.
    """
    place = Place(address)
    parent = _new_parent()
    manifest = _manifest(place, MANIFEST)
    if manifest is not None:
        return _fetch_study(place, manifest, parent / (Path(manifest.name).name or "study"))
    index = _manifest(place, INDEX)
    if index is None:
        raise StorageError(_nothing(place))
    folder = parent / (Path(index.name).name or "studies")
    folder.mkdir()
    for name in index.studies:
        inner = place.within(name)
        manifest = _manifest(inner, MANIFEST)
        if manifest is None:
            raise StorageError(f"{_nothing(inner)} Push the studies again.")
        _fetch_study(inner, manifest, folder / name)
    if RECORD in index.files:
        _fetch_file(place, RECORD, index, folder)
    _FETCHED[folder] = place.address
    return folder


def fetch_study(address: str) -> Path:
    """The same of one study; StorageError where there are several."""
    index = _manifest(Place(address), INDEX)
    if index is None:
        return fetch(address)
    raise StorageError(
        f"{address} holds several studies ({', '.join(index.studies)}), and one was expected, such"
        f" as {address.rstrip('/')}/{index.studies[0]}."
    )


def address_of(folder: Path) -> str:
    """Where a folder was fetched from; empty for a folder of this machine."""
    return _FETCHED.get(folder, "")


def told(folder: Path) -> str:
    """The folder as it was asked for."""
    return address_of(folder) or printable(str(folder))


def _new_parent() -> Path:
    parent = Path(tempfile.mkdtemp(prefix="nasharness-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    return parent


def _fetch_study(place: Place, manifest: Manifest, folder: Path) -> Path:
    folder.mkdir()
    for name in READ:
        if name not in manifest.files:
            raise StorageError(f"The study at {place.address} has no {name}; push it again.")
        _fetch_file(place, name, manifest, folder)
    _FETCHED[folder] = place.address
    return folder


def _fetch_file(place: Place, name: str, manifest: Manifest, folder: Path) -> None:
    place.fetch(name, folder / name)
    _check(place, folder / name, manifest.files[name])


def _nothing(place: Place) -> str:
    return (
        f"{place.address} holds no study: there is no {MANIFEST}, which `nasharness push` leaves"
        " there."
    )


def _manifest(place: Place, file: str) -> Manifest | None:
    """Of a push that came to its end; None where that file is not there."""
    text = place.read(file)
    if text is None:
        return None
    try:
        manifest = read_manifest(text, file)
    except ManifestError as error:
        raise StorageError(
            f"What was pushed to {place.address} cannot be read: {file} is not as it should be"
            f" ({error})."
        ) from error
    if not manifest.complete:
        raise StorageError(broken_off(place.address, file))
    return manifest


def _check(place: Place, path: Path, known: FileFacts) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if (path.stat().st_size, found) != (known.size, known.sha256):
        raise StorageError(
            f"{path.name} at {place.address} is not what was pushed there: it is damaged, or is"
            " being pushed just now; read it again, or push the study again."
        )
