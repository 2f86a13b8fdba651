"""What runs next on this machine: cohorts in turn, and trials that need a device to themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence

from nasbench_harness.jobs.job import Spec


class Dispatch:
    """Hands out what waits to slots, several of which may share a device.

    A trial that ran out of memory beside others waits until a device is empty, and has it to itself
    then; the others on one device end what they are at, and nothing new begins there.
    """

    def __init__(self, cohorts: Iterable[list[Spec]], devices: Sequence[str]) -> None:
        """`devices`: of each slot, by its number."""
        self._cohorts, self._devices = deque(cohorts), devices
        self._cramped: deque[list[Spec]] = deque()
        """What waits for a device of its own."""
        self._moved: set[str] = set()
        """Their names, and those that had one."""
        self._alone: set[int] = set()
        """Slots that had such a trial last."""
        self._emptied: str | None = None
        """The device on which nothing new begins."""

    def __bool__(self) -> bool:
        """Does anything wait."""
        return bool(self._cohorts or self._cramped)

    def take(self, place: int, busy: Collection[int]) -> list[Spec]:
        """What a slot is to run while those of `busy` are at work; nothing where it has to wait."""
        device = self._devices[place]
        beside = {other for other in busy if self._devices[other] == device} - {place}
        self._alone.discard(place)
        if beside & self._alone:
            return []
        if self._cramped and not beside:
            self._emptied = None
            self._alone.add(place)
            return self._cramped.popleft()
        if self._cramped and self._emptied in (None, device):
            self._emptied = device
            return []
        return self._cohorts.popleft() if self._cohorts else []

    def again(self, cohorts: Sequence[list[Spec]]) -> None:
        """Put these before all others."""
        self._cohorts.extendleft(reversed(cohorts))

    def moves(self, spec: Spec, place: int) -> bool:
        """May a trial that ran out of memory there have a device of its own; asked once of each.

        False where it had one already.
        """
        shared = self._devices.count(self._devices[place]) > 1
        if not shared or place in self._alone or spec.trial_id in self._moved:
            return False
        self._moved.add(spec.trial_id)
        return True

    def set_apart(self, specs: Sequence[Spec]) -> None:
        """Let those that may have a device of their own wait for one.

        They ran together; what was planned to be stepped together stays so.
        """
        if specs and specs[0].places:
            self._cramped.append(list(specs))
        else:
            self._cramped.extend([spec] for spec in specs)
