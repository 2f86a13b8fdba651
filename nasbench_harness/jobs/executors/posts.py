"""Trials on nodes of a Ray cluster that do not see the folder of the machine that asked.

A node runs them in a folder of its own and posts their files; what arrives is written here.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from nasbench_harness.hardware import Hardware
from nasbench_harness.jobs.executors import Advanced, Event
from nasbench_harness.jobs.executors.parcels import Parcel, pack, shipping, unpack
from nasbench_harness.jobs.executors.working import Stop, prepare, work
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.outcomes import Outcome


@dataclass
class Letter:
    """What a sender has to tell."""

    advanced: list[Advanced] = field(default_factory=list)
    """How far trials are."""
    parcels: dict[str, Parcel] = field(default_factory=dict)
    """Their files."""
    begun: bool = False
    """That it is about to begin them."""


class Mailbox:
    """Where nodes leave what they have to tell; an actor on the machine that asked.

    It keeps the last parcel of a trial only, so that it never holds more than the trials that run.
    """

    def __init__(self) -> None:
        """Empty."""
        self._letters: dict[str, Letter] = {}

    def begin(self, sender: str) -> None:
        """That it is about to begin its trials."""
        self._letter(sender).begun = True

    def advanced(self, sender: str, told: list[Advanced]) -> None:
        """How far trials are."""
        self._letter(sender).advanced.extend(told)

    def ship(self, sender: str, parcels: dict[str, Parcel]) -> None:
        """Their files."""
        self._letter(sender).parcels.update(parcels)

    def take(self) -> dict[str, Letter]:
        """All that has arrived, by sender."""
        letters, self._letters = self._letters, {}
        return letters

    def _letter(self, sender: str) -> Letter:
        return self._letters.setdefault(sender, Letter())


class Apart:
    """Tasks on nodes that do not see the folder."""

    def __init__(self, ray: Any, folder: Path, options: Mapping[str, Any], common: Any) -> None:
        """`folder` is that of the trials, on this machine."""
        self._ray, self._folder, self._common = ray, folder, common
        here = ray.get_runtime_context().get_node_id()
        pinned = import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
        self._mailbox = (
            ray.remote(Mailbox)
            .options(num_cpus=0, scheduling_strategy=pinned(here, soft=False))
            .remote()
        )
        self._remote = ray.remote(run_apart)
        self.ask(options)
        self._senders: dict[Any, str] = {}
        self._begun: set[str] = set()
        """Senders."""
        self._trials: dict[str, set[str]] = {}
        """By sender. Whoever has none is believed nothing more: its node may only have seemed to
        be lost."""

    def ask(self, options: Mapping[str, Any]) -> None:
        """Take so much for every task from now on."""
        self._task: Any = self._remote.options(max_retries=0, **options)

    def start(self, specs: Sequence[Spec]) -> Any:
        """Hand a cohort to Ray, with what there is of its trials."""
        sender = secrets.token_hex(8)
        self._trials[sender] = {spec.trial_id for spec in specs}
        found = {one: pack(self._folder / one) for one in self._trials[sender]}
        parcels = {one: parcel for one, parcel in found.items() if parcel}
        task = self._task.remote(list(specs), sender, parcels, self._mailbox, self._common)
        self._senders[task] = sender
        return task

    def look(self, specs: Sequence[Spec]) -> Iterator[Advanced]:
        """Write what has arrived, and tell how far trials are."""
        letters: dict[str, Letter] = self._ray.get(self._mailbox.take.remote())
        for sender, letter in letters.items():
            own = self._trials.get(sender, set())
            if own and letter.begun:
                self._begun.add(sender)
            for trial_id, parcel in letter.parcels.items():
                if trial_id in own:
                    unpack(parcel, self._folder / trial_id)
            yield from (event for event in letter.advanced if event.trial_id in own)

    def end(self, task: Any) -> Iterator[Advanced]:
        """Write what a task has sent, and nothing that comes after its end."""
        yield from self.look(())
        self._trials.pop(self._senders[task], None)

    def began(self, task: Any) -> bool:
        """Had a task begun a trial; asked once, when it has ended."""
        sender = self._senders.pop(task)
        begun = sender in self._begun
        self._begun.discard(sender)
        return begun

    def close(self) -> None:
        """Write the last of it."""
        list(self.look(()))
        self._ray.kill(self._mailbox)


def run_apart(
    specs: list[Spec],
    sender: str,
    parcels: dict[str, Parcel],
    mailbox: Any,
    shared: tuple[str, Hardware, str, Mapping[str, str]],
) -> list[Outcome]:
    """A task, on a node: a cohort in a folder of its own, whose files are posted."""
    ray = import_module("ray")
    _, hardware, place, variables = shared
    if Path(place).is_dir():
        os.chdir(place)
    os.environ.update(variables)
    folder = Path(tempfile.mkdtemp(prefix="nasharness-"))
    stop, told = Stop(), list[Event]()
    before = signal.signal(signal.SIGINT, stop)
    try:
        prepare(specs)
        ray.get(mailbox.begin.remote(sender))
        for trial_id, parcel in parcels.items():
            unpack(parcel, folder / trial_id)
        with shipping(
            specs,
            folder,
            lambda advanced: mailbox.advanced.remote(sender, advanced),
            lambda found: ray.get(mailbox.ship.remote(sender, found)),
        ):
            work(specs, folder, hardware, told.append, stop, shared=False)
    finally:
        signal.signal(signal.SIGINT, before)
        shutil.rmtree(folder, ignore_errors=True)
    return [event for event in told if isinstance(event, Outcome)]
