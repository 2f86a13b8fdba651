"""From a finished study's folder to an address: what reports, comparisons and checks need of it.

The manifest there is written first, as incomplete, and last, as complete: what breaks off in
between is never taken for a study.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness.errors import HarnessError
from nasbench_harness.process.names import shell_word
from nasbench_harness.remote.places import Place, StorageError
from nasbench_harness.store.endings import Endings
from nasbench_harness.store.looks import look
from nasbench_harness.store.manifests import (
    MANIFEST,
    FileFacts,
    Manifest,
    ManifestError,
    read_manifest,
)
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.ownership import MARKER, published
from nasbench_harness.store.studies import LOCK, STUDY, Study, gather
from nasbench_harness.watch.locks import is_held

TABLES = ("trials.parquet", "history.parquet", "trials.csv", "history.csv")
REPORT = "report"


@dataclass(frozen=True)
class Pushed:
    """What a push did."""

    address: str
    sent: Mapping[str, int]
    """Files that were sent, and their bytes."""
    unchanged: int
    """Files that were there already."""
    removed: int
    """Files of an earlier push that the study has no more."""
    links: tuple[str, ...]
    """What is a link in the report's folder, and was left out."""
    report: bool
    """Was there a report to send."""


def study_identity(study: Study) -> str:
    """What tells it from any other study, however it grows; of old ones how it was planned."""
    if known := study.facts.get("id"):
        return str(known)
    planned = {name: value for name, value in study.facts.items() if name != "last_run"}
    return hashlib.sha256(json.dumps(planned, sort_keys=True, default=str).encode()).hexdigest()


def push(study: Study, address: str, *, partial: bool = False) -> Pushed:
    """Put the study's tables and report at an address of fsspec; only what changed is sent.

    Its tables are gathered, and what is pushed counts as looked at (see `store.looks`): whoever
    reads it can judge it. `partial` lets a study go that runs or lacks trials. StorageError if the
    address holds anything else, or cannot be written to.
    """
    place = Place(address)
    place.refuse_read_only()
    if not partial:
        refuse_unfinished(study)
    held = _held(place, study)
    gather(study)
    look(study)
    paths, links = _contents(study.folder)
    facts = {name: _facts(path) for name, path in paths.items()}
    there = place.sizes() if held else {}
    before = held.files if held else {}
    standing = {
        name: known
        for name, known in facts.items()
        if before.get(name) == known and there.get(name) == known.size
    }
    old = {*before, *(held.pending if held else ())} - facts.keys()
    rest = [name for name in paths if name not in standing]
    told = (study_identity(study), study.folder.resolve().name)
    if rest or old or not (held and held.complete):
        pending = tuple(sorted({*rest, *old}))
        place.write(MANIFEST, Manifest(*told, False, standing, pending).written())
        for name in rest:
            _send(place, name, paths[name], facts[name])
        for name in sorted(old):
            place.remove(name)
        place.write(MANIFEST, Manifest(*told, True, facts).written())
    sent = {name: facts[name].size for name in rest}
    return Pushed(place.address, sent, len(standing), len(old), links, _has_report(paths))


def refuse_unfinished(study: Study) -> None:
    """StorageError where it runs, or lacks trials that have not ended."""
    goes_on = study.kind.goes_on.format(shell_word(study.folder))
    if is_held(study.folder / LOCK):
        raise StorageError(
            f"{study.folder} is still running; push it when it has ended, or what is there now with"
            " --partial."
        )
    endings = Endings([study])
    ended = (Status.DONE, Status.FAILED)
    lacking = sum(endings(0, spec)["status"] not in ended for spec in study.specs)
    if lacking:
        raise StorageError(
            f"{lacking} of {len(study.specs)} trials of {study.folder} have not ended; {goes_on}"
            " goes on with it, and --partial pushes what is there."
        )


def _held(place: Place, study: Study) -> Manifest | None:
    """What is there of this study; StorageError if anything else is."""
    text = place.read(MANIFEST)
    if text is None:
        if place.is_empty():
            return None
        raise StorageError(
            f"{place.address} is not empty and holds no study that was pushed; choose another"
            f" address, such as one that ends in /{study.folder.resolve().name}."
        )
    try:
        held = read_manifest(text)
    except ManifestError as error:
        raise StorageError(
            f"{place.address} cannot be pushed to: {MANIFEST} there cannot be read ({error});"
            " choose another address, or remove what is there."
        ) from error
    if held.study != study_identity(study):
        raise StorageError(
            f"{place.address} holds another study ({held.name}); choose another address."
        )
    return held


# --- what is sent ------------------------------------------------------------------------------


def _contents(folder: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The files that go there, by their names, and links among them that do not.

    A link in the study's own folder is followed, as everywhere; in the report's folder, which has
    none of ours, it may lead anywhere.
    """
    paths = {name: folder / name for name in (*TABLES, STUDY) if (folder / name).is_file()}
    links = []
    for name in _of_report(folder / REPORT):
        path = folder / REPORT / name
        if _is_linked(folder / REPORT, name):
            links.append(f"{REPORT}/{name}")
        elif path.is_file():
            paths[f"{REPORT}/{name}"] = path
    return paths, tuple(links)


def _of_report(report: Path) -> Iterator[str]:
    """What the report has written, and the list of it; nothing that others put beside it."""
    if names := published(report):
        yield from names
        yield MARKER


def _is_linked(top: Path, name: str) -> bool:
    path = top / name
    return any(part.is_symlink() for part in (path, *path.parents) if top in part.parents)


def _has_report(paths: Mapping[str, Path]) -> bool:
    return any(name.startswith(f"{REPORT}/") for name in paths)


def _facts(path: Path) -> FileFacts:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileFacts(os.fstat(file.fileno()).st_size, digest)


def _send(place: Place, name: str, path: Path, facts: FileFacts) -> None:
    """A file that is written anew meanwhile would not be what the manifest says."""
    place.send(name, path)
    if _facts(path) != facts:
        raise HarnessError(f"{path} was changed while it was sent; push the study again.")
