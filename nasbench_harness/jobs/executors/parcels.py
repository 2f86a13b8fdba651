"""The files of a trial as bytes, for machines that share no folder.

What runs a trial elsewhere sends them now and then: a parcel holds a state from which it goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from nasbench_harness.jobs.executors import Advanced
from nasbench_harness.jobs.executors.progress import JournalProgress
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.checkpoints import CHECKPOINT, remove_checkpoints
from nasbench_harness.store.files import replacing
from nasbench_harness.store.outcomes import HISTORY, RESULT, TRIAL, Status, read_result

TELL_SECONDS = 2.0
"""So often a node tells how far its trials are."""
SHIP_SECONDS = 30.0
"""So often it sends their files, where they have a new checkpoint: so much a lost node costs. At
first it waits as long as it has run, no longer."""

Parcel = Mapping[str, bytes]
"""Content of the files of a trial by name."""


def pack(folder: Path) -> Parcel:
    """What is in a trial's folder; a history is at least as long as the checkpoint counts on."""
    found = {}
    for name in (CHECKPOINT, TRIAL, HISTORY, RESULT):  # a journal only grows behind a checkpoint
        with suppress(OSError):
            found[name] = (folder / name).read_bytes()
    return found


def unpack(parcel: Parcel, folder: Path) -> None:
    """Write them, each as a whole, so that what is there can be gone on from at any moment."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (TRIAL, HISTORY, CHECKPOINT, RESULT):
        if name in parcel:
            with replacing(folder / name) as temporary:
                temporary.write_bytes(parcel[name])
    # A trial that runs may have none for a moment, and the result of how it was left before.
    if CHECKPOINT not in parcel and read_result(folder)["status"] == Status.DONE:
        remove_checkpoints(folder)


def _state(folder: Path) -> tuple[int, int] | None:
    """What changes when the trial in a folder is begun for the first time, and when it is saved."""
    for name in (CHECKPOINT, TRIAL):
        with suppress(OSError):
            facts = (folder / name).stat()
            return facts.st_ino, facts.st_mtime_ns
    return None


@contextmanager
def shipping(
    specs: Sequence[Spec],
    folder: Path,
    advanced: Callable[[list[Advanced]], None],
    ship: Callable[[dict[str, Parcel]], None],
) -> Iterator[None]:
    """Within it trials run in `folder`: tell how far they are and send their files, now and then.

    At its end all files are sent that were not.
    """
    over, progress, began = threading.Event(), JournalProgress(folder), time.monotonic()
    states = {spec.trial_id: _state(folder / spec.trial_id) for spec in specs}
    sent = dict.fromkeys(states, began)

    def due(spec: Spec) -> bool:
        """Was it begun or saved since its files were known there, and they not sent just now."""
        last = sent[spec.trial_id]
        pause = min(SHIP_SECONDS, max(TELL_SECONDS, last - began))
        new = _state(folder / spec.trial_id) != states[spec.trial_id]
        return new and time.monotonic() - last >= pause

    def send(chosen: Sequence[Spec]) -> None:
        states.update((spec.trial_id, _state(folder / spec.trial_id)) for spec in chosen)
        sent.update((spec.trial_id, time.monotonic()) for spec in chosen)
        if found := {spec.trial_id: pack(folder / spec.trial_id) for spec in chosen}:
            ship(found)

    def live() -> None:
        while not over.wait(TELL_SECONDS):
            if told := list(progress.look(specs)):
                advanced(told)
            send([spec for spec in specs if due(spec)])

    thread = threading.Thread(target=live, name="parcels", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        send([spec for spec in specs if (folder / spec.trial_id).exists()])
