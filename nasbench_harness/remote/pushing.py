"""From folders of finished studies to an address: what reports, comparisons and checks need."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness.process.names import shell_word
from nasbench_harness.remote.places import Place, StorageError
from nasbench_harness.remote.transfer import Transfer, carry_out, file_facts
from nasbench_harness.store.endings import Endings
from nasbench_harness.store.looks import look
from nasbench_harness.store.manifests import (
    INDEX,
    MANIFEST,
    Manifest,
    ManifestError,
    read_manifest,
)
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.ownership import MARKER, published
from nasbench_harness.store.studies import LOCK, STUDY, Study, gather
from nasbench_harness.store.suites import RECORD
from nasbench_harness.watch.locks import is_held

TABLES = ("trials.parquet", "history.parquet", "trials.csv", "history.csv")
REPORT = "report"


@dataclass(frozen=True)
class Pushed:
    """What a push did."""

    address: str
    sent: Mapping[str, int]
    """Files that were sent, and their bytes; of several studies with their names before."""
    unchanged: int
    """Files that were there already."""
    removed: int
    """Files of an earlier push that the study has no more."""
    links: tuple[str, ...]
    """What is a link in the report's folder, and was left out."""
    report: bool
    """Was there a report to send; of several studies one over all of them."""
    studies: tuple[str, ...] = ()
    """The names of several studies there."""


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
    held = _held_study(place, study)
    transfer, links = _of_study(study, place, held)
    carry_out([transfer])
    return _pushed({"": transfer}, links, transfer)


def push_studies(
    folder: Path, studies: Sequence[Study], address: str, *, partial: bool = False
) -> Pushed:
    """Put the studies in a folder at an address, each below its own name, as `push` does with one.

    What stands beside them goes too: the report over all, and the record of their suite. Nothing is
    sent where one of them cannot be; nobody reads any of them until all of them are there.
    """
    place = Place(address)
    place.refuse_read_only()
    if not partial:
        for study in studies:
            refuse_unfinished(study)
    named = {study.folder.name: study for study in studies}
    held = _held_studies(place, folder, tuple(named))
    inner = {name: place.within(name) for name in named}
    before = {name: _held_study(inner[name], study) for name, study in named.items()}
    transfers, links = {}, []
    for name, study in named.items():
        transfers[name], found = _of_study(study, inner[name], before[name])
        links += [f"{name}/{link}" for link in found]
    paths, found = _contents(folder, (RECORD,))
    facts = {name: file_facts(path) for name, path in paths.items()}
    told = Manifest("", folder.resolve().name, True, facts, studies=tuple(named))
    beside = Transfer(place, told, paths, held)
    carry_out([*transfers.values(), beside])
    return _pushed({**transfers, "": beside}, (*links, *found), beside)


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


def _held_study(place: Place, study: Study) -> Manifest | None:
    """What is there of this study; StorageError if anything else is."""
    held = _held(place, MANIFEST)
    own = f"one that ends in /{study.folder.resolve().name}"
    if held is None:
        if not (names := place.names()):
            return None
        what = "several studies" if INDEX in names else "no study that was pushed"
        raise StorageError(
            f"{place.address} is not empty and holds {what}; choose another address, such as {own}."
        )
    if held.study != study_identity(study):
        raise StorageError(
            f"{place.address} holds another study ({held.name}); choose another address."
        )
    return held


def _held_studies(place: Place, folder: Path, names: Sequence[str]) -> Manifest | None:
    """The index of what is there of these studies; StorageError if there are others."""
    held = _held(place, INDEX)
    own = f"one that ends in /{folder.resolve().name}"
    others = set(held.studies if held else place.names()) - set(names)
    if others and held:
        raise StorageError(
            f"{place.address} holds studies that {folder} has not ({', '.join(sorted(others))});"
            f" choose another address, such as {own}, or remove what is there."
        )
    if others:
        what = "one study" if MANIFEST in others else "no studies that were pushed"
        raise StorageError(
            f"{place.address} is not empty and holds {what}; choose another address, such as {own}."
        )
    return held


def _held(place: Place, file: str) -> Manifest | None:
    text = place.read(file)
    if text is None:
        return None
    try:
        return read_manifest(text, file)
    except ManifestError as error:
        raise StorageError(
            f"{place.address} cannot be pushed to: {file} there cannot be read ({error});"
            " choose another address, or remove what is there."
        ) from error


# --- what is sent ------------------------------------------------------------------------------


def _of_study(
    study: Study, place: Place, held: Manifest | None
) -> tuple[Transfer, tuple[str, ...]]:
    """The study on its way, and the links that stay here."""
    gather(study)
    look(study)
    paths, links = _contents(study.folder, (*TABLES, STUDY))
    facts = {name: file_facts(path) for name, path in paths.items()}
    told = Manifest(study_identity(study), study.folder.resolve().name, True, facts)
    return Transfer(place, told, paths, held), links


def _pushed(transfers: Mapping[str, Transfer], links: Iterable[str], whole: Transfer) -> Pushed:
    """What became of them, by the studies' names."""
    sent = {
        f"{name}/{file}".lstrip("/"): size
        for name, transfer in transfers.items()
        for file, size in transfer.sent.items()
    }
    unchanged = sum(len(transfer.standing) for transfer in transfers.values())
    removed = sum(len(transfer.old) for transfer in transfers.values())
    report = any(name.startswith(f"{REPORT}/") for name in whole.paths)
    told = (whole.place.address, sent, unchanged, removed, tuple(links), report)
    return Pushed(*told, whole.told.studies)


def _contents(folder: Path, names: Iterable[str]) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The files that go there, by their names, and links among them that do not.

    `names`, and the report's own. A link in the folder itself is followed, as everywhere; in the
    report's, which has none of ours, it may lead anywhere.
    """
    paths = {name: folder / name for name in names if (folder / name).is_file()}
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
