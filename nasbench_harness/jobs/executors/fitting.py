"""As many trials at a time on each device as its memory holds, found by running some of them.

The first trial of each kind runs an epoch with a device to itself, and goes on from there like any
trial that was stopped: nothing is done twice. What a later stage of a method takes beyond its first
epoch is not seen; a trial that runs out of memory then has its device to itself once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from nasbench_harness.hardware import Hardware, find_device, free_memory_mb, held_memory_mb
from nasbench_harness.jobs.cohort import cohorts
from nasbench_harness.jobs.executors import Advanced, Event
from nasbench_harness.jobs.executors.local import LocalExecutor
from nasbench_harness.jobs.executors.slots import slots_on
from nasbench_harness.jobs.executors.working import Stop, heard, work
from nasbench_harness.jobs.job import Spec
from nasbench_harness.store.outcomes import Outcome, Status

SHARE = 0.9
"""Of the free memory, that is given to trials."""


@dataclass(frozen=True)
class Footprint(Advanced):
    """What a trial took of its device to the end of its first epoch."""

    device: str
    needed_mb: float
    free_mb: float | None
    """Of the device before it began; None where nobody tells."""


class FittingExecutor:
    """Runs jobs on devices, each with as many processes as fit."""

    def __init__(
        self,
        devices: Sequence[str],
        hardware: Hardware,
        *,
        waiting: Callable[[], None] = lambda: None,
        told: Callable[[str], None] = lambda text: None,
    ) -> None:
        """`waiting`, `told`: see `LocalExecutor`. DeviceError for devices that are not there."""
        self._devices, self._hardware = devices, hardware
        self._alone = slots_on(devices, 1, hardware)
        self._waiting, self._told = waiting, told

    def run(self, specs: Sequence[Spec], folder: Path) -> Generator[Event]:
        """Run every trial in `folder / trial_id`, the first ones alone on a device for a while."""
        several = len(cohorts(specs, len(specs))) > len(self._alone)
        tried = firsts(specs, len(self._alone)) if several else []
        ended: set[str] = set()
        needed: list[Footprint] = []
        alone = LocalExecutor(
            slots=self._alone, waiting=self._waiting, told=self._told, work=work_an_epoch
        )
        with closing(alone.run(tried, folder)) as events:
            for event in events:
                if isinstance(event, Footprint):
                    needed.append(event)
                elif not (isinstance(event, Outcome) and event.status is Status.INTERRUPTED):
                    ended |= {event.trial_id} if isinstance(event, Outcome) else set()
                    yield event
        left = [spec for spec in specs if spec.trial_id not in ended]
        counts = self._counts(needed, len(cohorts(left, len(left))))
        slots = slots_on(self._devices, counts, self._hardware)
        rest = LocalExecutor(slots=slots, waiting=self._waiting, told=self._told)
        with closing(rest.run(left, folder)) as events:
            yield from events

    def _counts(self, needed: Sequence[Footprint], left: int) -> list[int]:
        """Trials at a time on each device, told where any was tried."""
        names = [slot.hardware.device for slot in self._alone]
        cores = min(len(slot.cores) or 1 for slot in self._alone) // self._hardware.threads
        most = max(1, min(cores, math.ceil(left / len(names))))
        counts = [fitting(needed, name, most) for name in names]
        if needed:
            held = max(event.needed_mb for event in needed) / 1e3
            each = ", ".join(f"{n} on {name}" for name, n in zip(names, counts, strict=True))
            self._told(f"Note: the first epochs took up to {held:.2g} GB; at a time run {each}.")
        return counts


def firsts(specs: Sequence[Spec], least: int) -> list[Spec]:
    """The first trial of each kind, all alike but for their seeds, in `least` processes or more.

    Of what is only stepped together, all that is.
    """
    groups = cohorts(specs, len(specs))
    kinds: dict[object, list[Spec]] = {}
    for group in groups:
        kind = (group[0].label, repr(sorted(group[0].settings.items())))
        kinds.setdefault(kind, group if group[0].places else group[:1])
    chosen = list(kinds.values())
    names = {spec.trial_id for group in chosen for spec in group}
    others = [group for group in groups if group[0].trial_id not in names]
    chosen += others[: max(0, least - len(chosen))]
    return [spec for group in chosen for spec in group]


def fitting(needed: Sequence[Footprint], device: str, most: int) -> int:
    """Trials of the largest need that fit on the device, 1 at least and `most` at most.

    One where nobody knows what is free, or none was tried there.
    """
    free = [event.free_mb for event in needed if event.device == device and event.free_mb]
    if not free:
        return 1
    fit = int(SHARE * min(free) / max(event.needed_mb for event in needed))
    return max(1, min(most, fit))


def work_an_epoch(
    specs: Sequence[Spec],
    folder: Path,
    hardware: Hardware,
    tell: Callable[[Event], None],
    stop: Stop,
) -> None:
    """Run a cohort until the next line of a history, and tell what it took of the device."""
    device = find_device(hardware.device)
    free = free_memory_mb(device)
    tell = heard(tell, stop)
    begun, reached, outcomes = dict[str, int](), dict[str, int](), list[Outcome]()

    def enough(spec: Spec, steps: int) -> bool:
        reached[spec.trial_id] = steps
        first = begun.setdefault(spec.trial_id, steps - 1)
        return steps // spec.interval > first // spec.interval

    def keep(event: Event) -> None:
        if isinstance(event, Outcome):
            outcomes.append(event)
        else:
            tell(event)

    work(specs, folder, hardware, keep, stop, enough=enough)
    ended = {outcome.trial_id for outcome in outcomes}
    outcomes += [
        Outcome(spec.trial_id, Status.INTERRUPTED) for spec in specs if spec.trial_id not in ended
    ]
    if any(outcome.status is not Status.FAILED for outcome in outcomes):
        first, held = specs[0].trial_id, held_memory_mb(device)
        tell(Footprint(first, reached.get(first, 0), hardware.device, held, free))
    for outcome in outcomes:
        tell(outcome)
