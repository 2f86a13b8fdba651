"""Pieces of work that many machines take from a folder they share, each piece once.

Nobody hands them out. Whoever wants one makes its folder in `taken`, which one alone can, and keeps
a lease in it; what a dead machine has taken is free again once its lease was seen not to change.
`ended` has a file for each piece that is done with.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from nasbench_harness.jobs.executors.progress import Extent
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.leases import PATIENCE_SECONDS, Lease, LeaseError
from nasbench_harness.store.outcomes import Outcome, Status

TAKEN, ENDED, STOP = "taken", "ended", "stop"
HELD = "piece.lock"
WATCH_SECONDS = PATIENCE_SECONDS + 5.0
"""How long leases are watched before those that did not change are taken for dead ones'."""


class Queue:
    """Pieces `0 .. count - 1` in a folder; its files may vanish once all have ended."""

    def __init__(self, folder: Path, count: int, first: int = 0) -> None:
        """`first`: the piece to begin with, so that not all want the same one."""
        self._folder, self._count, self._first = folder, count, first
        self._left: deque[int] = deque()
        self._dead: deque[int] = deque()

    def lay_out(self) -> None:
        """Make the folder."""
        for name in (TAKEN, ENDED):
            (self._folder / name).mkdir(parents=True, exist_ok=True)

    @property
    def ended(self) -> set[int]:
        """Those that are done with."""
        return _numbers(self._folder / ENDED)

    @property
    def taken(self) -> set[int]:
        """Those that somebody works on, or died of."""
        return _numbers(self._folder / TAKEN)

    @property
    def stopped(self) -> bool:
        """Was everybody asked to take nothing more."""
        return (self._folder / STOP).exists()

    def stop(self) -> None:
        """Ask everybody to take nothing more."""
        with contextlib.suppress(OSError):
            (self._folder / STOP).touch()

    def outcomes(self, number: int) -> list[Outcome]:
        """How the trials of an ended piece ended."""
        rows = read_json(self._ending(number))
        return [Outcome(trial_id, Status(status), error) for trial_id, status, error in rows]

    def take(self) -> HeldPiece | None:
        """One that nobody has; None where there is none."""
        for again in (False, True):
            if again:
                self._left.extend(self._open())
            while self._left:
                number = self._left.popleft()
                with contextlib.suppress(FileExistsError, FileNotFoundError):
                    self._place(number).mkdir()
                    if piece := self._hold(number):
                        return piece
        return None

    def take_dead(self, wait: Callable[[float], None]) -> HeldPiece | None:
        """One whose holder died; None where all holders live.

        `wait` passes so many seconds, or less where there is nothing to wait for any more.
        """
        if not self._dead:
            before = {number: self._signs(number) for number in self.taken}
            if before:
                wait(WATCH_SECONDS)
            same = (n for n in self.taken if before.get(n) == self._signs(n))
            self._dead.extend(same)
        while self._dead:
            if piece := self._hold(self._dead.popleft()):
                return piece
        return None

    def _open(self) -> Iterator[int]:
        gone = self.ended | self.taken
        order = ((self._first + i) % self._count for i in range(self._count))
        return (number for number in order if number not in gone)

    def _hold(self, number: int) -> HeldPiece | None:
        """Keep a piece whose folder is there; None where somebody else does, or where it ended."""
        held = self._place(number) / HELD
        lock, lease = FileLock(held, timeout=0), Lease(held)
        try:
            lock.acquire()
            lease.acquire(0)
        except (Timeout, LeaseError, OSError):
            lock.release()
            return None
        piece = HeldPiece(number, self._place(number), self._ending(number), lock, lease)
        if self._ending(number).exists() or not (self._folder / ENDED).exists():
            piece.leave()
            return None
        return piece

    def _signs(self, number: int) -> list[tuple[str, bytes]]:
        """What changes as long as the holder of a piece lives."""
        try:
            paths = sorted(self._place(number).iterdir())
            return [(path.name, path.read_bytes()) for path in paths]
        except OSError:
            return []

    def _place(self, number: int) -> Path:
        return self._folder / TAKEN / f"{number:06d}"

    def _ending(self, number: int) -> Path:
        return self._folder / ENDED / f"{number:06d}.json"


class HeldPiece:
    """A piece of work that is held."""

    def __init__(
        self, number: int, place: Path, ending: Path, lock: FileLock, lease: Lease
    ) -> None:
        """See `Queue.take`."""
        self.number, self._place, self._ending = number, place, ending
        self._lock, self._lease = lock, lease

    def end(self, outcomes: Sequence[Outcome]) -> None:
        """Be done with it; nobody takes it again."""
        if not self._is_ours():
            self._lock.release()
            return
        rows = [[o.trial_id, str(o.status), o.error] for o in outcomes]
        with contextlib.suppress(FileNotFoundError):  # whoever wanted it is gone
            write_json(self._ending, rows)
        self.leave()

    def leave(self) -> None:
        """Leave it to others, who may have taken it already."""
        if self._is_ours():
            self._lease.release()
            shutil.rmtree(self._place, ignore_errors=True)
        self._lock.release()

    def _is_ours(self) -> bool:
        """Has nobody taken it from a holder that was not heard of for long."""
        try:
            self._lease.check()
        except (LeaseError, OSError):
            return False
        return True


class Marks:
    """What was begun and not ended in order: whoever dies in the middle of trials leaves a mark."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made when the first is begun."""
        self._folder = folder

    @contextlib.contextmanager
    def on(self, trials: Mapping[str, Extent], *, begun: bool = True) -> Iterator[None]:
        """Within it trials are marked with how far they are; the mark of what ends it stays.

        That is a process that dies, and whatever is no `Exception`, for no trial catches that.
        `begun`: are they at work within it, or is it what comes before.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{secrets.token_hex(8)}.json"
        rows = {one: [far.saved, far.recorded] for one, far in trials.items()}
        write_json(path, {"begun": begun, "trials": rows})
        try:
            yield
        except Exception:
            path.unlink(missing_ok=True)
            raise
        path.unlink(missing_ok=True)

    def deaths(self, trials: Mapping[str, Extent], *, begun: bool = True) -> Counter[str]:
        """How often trials that nobody runs were died of, and none with them got further for it.

        `begun`: while they were at work, or before they were.
        """
        found: Counter[str] = Counter()
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(OSError, ValueError):
                at_work, marked = _read_mark(read_json(path))
                here = [one for one in trials if one in marked]
                further = any(trials[one].is_beyond(marked[one]) for one in here)
                found.update([] if further or at_work is not begun else here)
        return found


def _read_mark(facts: dict[str, Any]) -> tuple[bool, dict[str, Extent]]:
    """Were trials at work, and how far were they; releases of before tell recorded steps only."""
    if "trials" not in facts:
        return True, {one: Extent(recorded=steps) for one, steps in facts.items()}
    return facts["begun"], {one: Extent(*far) for one, far in facts["trials"].items()}


def _numbers(folder: Path) -> set[int]:
    """Of the names in a folder, hidden ones apart; none where it is not there."""
    try:
        stems = (name.partition(".")[0] for name in os.listdir(folder))
        return {int(stem) for stem in stems if stem.isdecimal()}
    except FileNotFoundError:
        return set()
