"""What lies at an address that was pushed to: names, sizes and SHA-256 of the files.

A study has a manifest. An address that several studies were pushed to at once has another one, the
index, beside their folders, each of which has its own. A manifest is written before anything else,
as one that is not complete, and again when all of it is there. Whoever reads takes a complete one
only, and files that are as it says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

MANIFEST = "study.manifest.json"
INDEX = "studies.manifest.json"
_ABOUT = {
    MANIFEST: "A study that `nasharness push` put here: its files, with sizes and SHA-256.",
    INDEX: "Studies that `nasharness push` put here together, and the files beside them.",
}
FORMAT = 1


class ManifestError(ValueError):
    """A text that is no manifest, or one that only a newer release reads."""


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file's content."""

    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The files of a pushed study, or those beside several studies and the names of these."""

    study: str
    """What tells the study from any other one, see `study_identity`; empty of several."""
    name: str
    """Its folder's name."""
    complete: bool
    """Is all of it there; if not it is being pushed, or a push broke off."""
    files: Mapping[str, FileFacts]
    """By paths from the address, with slashes."""
    pending: tuple[str, ...] = field(default=())
    """Files that are being sent or removed; nothing is known of their content."""
    studies: tuple[str, ...] = ()
    """Of an index: the folders of the studies."""

    @property
    def file(self) -> str:
        """What it is called at the address."""
        return INDEX if self.studies else MANIFEST

    def written(self) -> bytes:
        """As it lies at the address."""
        files = {
            name: {"size": facts.size, "sha256": facts.sha256}
            for name, facts in sorted(self.files.items())
        }
        content = {
            "about": _ABOUT[self.file],
            "format": FORMAT,
            "complete": self.complete,
            "study": self.study,
            "name": self.name,
            "files": files,
            "pending": list(self.pending),
            **({"studies": list(self.studies)} if self.studies else {}),
        }
        return (json.dumps(content, indent=1, ensure_ascii=True) + "\n").encode()


def read_manifest(text: bytes, file: str = MANIFEST) -> Manifest:
    """ManifestError where that is none of that file; no name in it leads out of the address."""
    try:
        content = json.loads(text)
        if content["about"] != _ABOUT[file] or not isinstance(content["format"], int):
            raise ManifestError("it is something else")
        if content["format"] > FORMAT:
            raise ManifestError("a newer nasharness wrote it")
        return replace(_parsed(content), studies=_names(content) if file == INDEX else ())
    except ManifestError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ManifestError("it is damaged") from error


def _parsed(content: Mapping[str, Any]) -> Manifest:
    files = {
        _inside(name): FileFacts(int(facts["size"]), str(facts["sha256"]))
        for name, facts in content["files"].items()
    }
    pending = tuple(_inside(name) for name in content["pending"])
    told = (str(content["study"]), str(content["name"]), content["complete"] is True)
    return Manifest(*told, files, pending)


def _names(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Folders right at the address."""
    names = tuple(_inside(name) for name in content["studies"])
    if not names or any("/" in name or name == "." for name in names):
        raise ManifestError("it names no folders of studies")
    return names


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise ManifestError("it names files outside")
    return name


def incomplete(folder: Path, file: str = MANIFEST) -> str:
    """Why a folder that was pushed to cannot be read yet; empty if it can.

    A folder without a manifest, as any study's own, can.
    """
    path = folder / file
    if not path.is_file():
        return ""
    try:
        complete = read_manifest(path.read_bytes(), file).complete
    except (ManifestError, OSError):
        complete = False
    return "" if complete else broken_off(str(folder), file)


def broken_off(place: str, file: str = MANIFEST) -> str:
    """That a push has not come to its end, in a sentence."""
    what = f"The study at {place} is" if file == MANIFEST else f"The studies at {place} are"
    return (
        f"{what} not whole: a push is under way, or broke off; the same `nasharness push` again"
        " completes it."
    )
