"""Files on their way to an address, of which only what changed is sent.

The manifest there is written first, as incomplete, and last, as complete: what breaks off in
between is never taken for what was pushed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from nasbench_harness.errors import HarnessError
from nasbench_harness.remote.places import Place
from nasbench_harness.store.manifests import FileFacts, Manifest


@dataclass(frozen=True)
class Transfer:
    """What goes to an address, and what of it is there."""

    place: Place
    told: Manifest
    """Whose files they are; complete, with all of them."""
    paths: Mapping[str, Path]
    """The files of this machine, by their names there."""
    held: Manifest | None
    """What an earlier push has left there."""

    @cached_property
    def standing(self) -> dict[str, FileFacts]:
        """What is there as it should be."""
        there = self.place.sizes() if self.held else {}
        before = self.held.files if self.held else {}
        return {
            name: known
            for name, known in self.told.files.items()
            if before.get(name) == known and there.get(name) == known.size
        }

    @property
    def sent(self) -> dict[str, int]:
        """What is to be sent, with its bytes."""
        return {
            name: self.told.files[name].size for name in self.paths if name not in self.standing
        }

    @property
    def old(self) -> list[str]:
        """What is there of an earlier push and is no more."""
        known = {*self.held.files, *self.held.pending} if self.held else set()
        return sorted(known - self.told.files.keys())

    @property
    def needed(self) -> bool:
        """Is anything there not as it should be."""
        held = self.held
        known = held is not None and held.complete and held.studies == self.told.studies
        return bool(self.sent or self.old or not known)

    def begin(self) -> None:
        """From here on nobody reads what is there."""
        pending = tuple(sorted({*self.sent, *self.old}))
        begun = replace(self.told, complete=False, files=self.standing, pending=pending)
        self.place.write(begun.file, begun.written())

    def send(self) -> None:
        """Send and remove what is to be."""
        for name in self.sent:
            _send(self.place, name, self.paths[name], self.told.files[name])
        for name in self.old:
            self.place.remove(name)

    def end(self) -> None:
        """Let it be read."""
        self.place.write(self.told.file, self.told.written())


def carry_out(transfers: Sequence[Transfer]) -> None:
    """What is needed of them: of none is anything read before all of it is there.

    The last one tells which the others are, and goes where any of them goes.
    """
    if not any(transfer.needed for transfer in transfers):
        return
    *parts, whole = transfers
    going = [*(part for part in parts if part.needed), whole]
    for transfer in reversed(going):
        transfer.begin()
    for transfer in going:
        transfer.send()
    for transfer in going:
        transfer.end()


def file_facts(path: Path) -> FileFacts:
    """Size and hash of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileFacts(os.fstat(file.fileno()).st_size, digest)


def _send(place: Place, name: str, path: Path, facts: FileFacts) -> None:
    """A file that is written anew meanwhile would not be what the manifest says."""
    place.send(name, path)
    if file_facts(path) != facts:
        raise HarnessError(f"{path} was changed while it was sent; push the study again.")
