"""What lies at an address that a study was pushed to: names, sizes and SHA-256 of its files.

The manifest is written before anything else, as one that is not complete, and again when all of it
is there. Whoever reads takes a complete one only, and files that are as it says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

MANIFEST = "study.manifest.json"
ABOUT = "A study that `nasharness push` put here: its files, with sizes and SHA-256."
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
    """The files of a pushed study."""

    study: str
    """What tells the study from any other one, see `study_identity`."""
    name: str
    """Its folder's name."""
    complete: bool
    """Is all of it there; if not it is being pushed, or a push broke off."""
    files: Mapping[str, FileFacts]
    """By paths from the address, with slashes."""
    pending: tuple[str, ...] = field(default=())
    """Files that are being sent or removed; nothing is known of their content."""

    def written(self) -> bytes:
        """As it lies at the address."""
        files = {
            name: {"size": facts.size, "sha256": facts.sha256}
            for name, facts in sorted(self.files.items())
        }
        content = {
            "about": ABOUT,
            "format": FORMAT,
            "complete": self.complete,
            "study": self.study,
            "name": self.name,
            "files": files,
            "pending": list(self.pending),
        }
        return (json.dumps(content, indent=1, ensure_ascii=True) + "\n").encode()


def read_manifest(text: bytes) -> Manifest:
    """ManifestError where that is none; no name in it leads out of the address."""
    try:
        content = json.loads(text)
        if content["about"] != ABOUT or not isinstance(content["format"], int):
            raise ManifestError("it is something else")
        if content["format"] > FORMAT:
            raise ManifestError("a newer nasharness wrote it")
        return _parsed(content)
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


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise ManifestError("it names files outside")
    return name


def incomplete(folder: Path) -> str:
    """Why a folder that a study was pushed to cannot be read yet; empty if it can.

    A folder without a manifest, as any study's own, can.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return ""
    try:
        complete = read_manifest(path.read_bytes()).complete
    except (ManifestError, OSError):
        complete = False
    return "" if complete else broken_off(str(folder))


def broken_off(place: str) -> str:
    """That a push has not come to its end, in a sentence."""
    return (
        f"The study at {place} is not whole: it is being pushed, or a push broke off; the same"
        " `nasharness push` again completes it."
    )
