"""Locks that hold across machines: files with an owner and a heartbeat.

A lock of the operating system holds on one machine, and on many shared disks nowhere else. A lease
is a hidden file beside it, `.<name>.lease-<n>`, whose content its holder changes every few seconds.
No clock is compared with another: whoever wants a lease watches its content by its own clock, and
takes it once that has not changed for a while. To take one is to make the file of the next number,
which one alone can, and then to see that nothing but the one that was watched lies beside it.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nasbench_harness.errors import HarnessError

BEAT_SECONDS = 2.0
PATIENCE_SECONDS = 20.0
"""How long a heartbeat has to fail before its holder counts as dead."""
LOOK_SECONDS = 0.5
"""So often somebody who waits looks."""


class LeaseError(HarnessError):
    """A lease that somebody else has."""


class Heart:
    """What keeps the leases of a process alive: as long as one beats, all do."""

    def __init__(self, machine: str | None = None) -> None:
        """`machine`: two of one name see each other's locks; by default this one's."""
        self.owner = secrets.token_hex(8)
        self.machine = machine or this_machine()
        self.dead: set[str] = set()
        """Owners whose heart was seen to have stopped."""
        self._leases: set[Lease] = set()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, lease: Lease) -> None:
        """Keep it alive from now on."""
        with self._guard:
            self._leases.add(lease)

    def remove(self, lease: Lease) -> None:
        """Let it be."""
        with self._guard:
            self._leases.discard(lease)

    def beat(self) -> None:
        """Change the content of all."""
        with self._guard:
            leases = list(self._leases)
        for lease in leases:
            lease.beat()

    def start(self) -> None:
        """Beat every few seconds, until the process ends."""
        with self._guard:
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._live, name="leases", daemon=True)
            self._thread.start()

    def _live(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            self.beat()


def this_machine() -> str:
    """What is the same for all processes that see each other's locks."""
    with contextlib.suppress(OSError):  # Linux only; containers may not share their disks' locks
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/mnt')}"
    return f"{platform.node()} {uuid.getnode():x}"


_HEART = Heart()


def _forget() -> None:
    """A child that was forked off holds none of its parent's leases."""
    global _HEART  # noqa: PLW0603 - one a process
    _HEART = Heart()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


class Lease:
    """One lease, held from `acquire` to `release`.

    Whoever acquires one holds the operating system's own lock on the same thing, so that a holder
    on the same machine can only be one that died.
    """

    def __init__(
        self,
        path: Path,
        *,
        heart: Heart | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`path` is what is held, such as the path of the other lock; it is not touched."""
        self._folder, self._stem = path.parent, f".{path.stem}.lease-"
        self._heart, self._clock, self._sleep = heart, clock, sleep
        self._guard = threading.Lock()
        self._file: int | None = None
        self._path = path
        self._token, self._beats = "", 0
        self.lost = False
        """Was it taken by somebody else, who saw no heartbeat for a while."""

    def acquire(self, timeout: float) -> None:
        """Take it; LeaseError where its holder is alive for longer than `timeout` seconds.

        Of a dead one it takes `PATIENCE_SECONDS` to tell.
        """
        began = self._clock()
        seen: dict[int, bytes] = {}
        since, alive = began, False
        heart = self._own_heart()
        while True:
            found = self._others()
            if self._is_left(found) and self._take(found):
                return
            now = self._clock()
            if found != seen:
                alive = bool(seen)
                seen, since = found, now
            elif now - since > PATIENCE_SECONDS:
                heart.dead |= {_owner(content) for content in found.values()}
                if self._take(found):
                    return
            if alive and now - began > timeout:
                raise LeaseError(f"Another machine is working on {self._folder}.")
            self._sleep(LOOK_SECONDS)

    def check(self) -> None:
        """LeaseError where somebody else has taken it meanwhile."""
        with self._guard:
            if self._file is not None and not self.lost:
                self.lost = not self._is_ours()
        if self.lost:
            raise LeaseError(
                f"{self._folder} was taken over by another machine, after this one had not been"
                f" heard of for {PATIENCE_SECONDS:.0f} seconds; what it did since is not kept."
            )

    def beat(self) -> None:
        """Show that its holder lives."""
        with self._guard:
            if self._file is None or self.lost:
                return
            try:
                self.lost = not self._is_ours()
                if not self.lost:
                    self._beats += 1
                    self._write()
                    os.fsync(self._file)  # other machines see what has left this one
            except OSError:  # a full or absent disk; the next beat may be better
                return

    def release(self) -> None:
        """Leave it to others; may be called of one that is not held."""
        self._own_heart().remove(self)
        with self._guard, contextlib.suppress(OSError):
            if self._file is None:
                return
            ours = not self.lost and self._is_ours()
            os.close(self._file)
            self._file = None
            if ours:
                self._path.unlink(missing_ok=True)

    def _own_heart(self) -> Heart:
        return self._heart or _HEART

    def _others(self) -> dict[int, bytes]:
        """Number and content of every lease that is there."""
        found = {}
        for name in os.listdir(self._folder):
            if name.startswith(self._stem) and re.fullmatch("[0-9]+", name[len(self._stem) :]):
                with contextlib.suppress(FileNotFoundError):
                    found[int(name[len(self._stem) :])] = (self._folder / name).read_bytes()
        return found

    def _is_left(self, found: dict[int, bytes]) -> bool:
        """Are all of them nobody's any more."""
        heart = self._own_heart()
        facts = [_read(content) for content in found.values()]
        return all(
            one.get("machine") == heart.machine or one.get("owner") in heart.dead for one in facts
        )

    def _take(self, left: dict[int, bytes]) -> bool:
        """Make the next one; False where somebody else was faster, or is alive after all."""
        number = max(left, default=0) + 1
        path = self._folder / f"{self._stem}{number}"
        try:
            file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        except FileExistsError:
            return False
        self._file, self._path, self._beats, self.lost = file, path, 0, False
        self._token = secrets.token_hex(8)
        taken = False
        try:
            self._write()
            others = {n: content for n, content in self._others().items() if n != number}
            taken = others.items() <= left.items()
        finally:
            if not taken:
                os.close(file)
                self._file = None
                path.unlink(missing_ok=True)
        if not taken:
            return False
        for n in others:
            (self._folder / f"{self._stem}{n}").unlink(missing_ok=True)
        heart = self._own_heart()
        heart.add(self)
        if self._heart is None:
            heart.start()
        return True

    def _content(self) -> bytes:
        heart = self._own_heart()
        facts = {"owner": heart.owner, "machine": heart.machine, "host": platform.node()}
        return json.dumps({**facts, "token": self._token, "beat": f"{self._beats:012d}"}).encode()

    def _write(self) -> None:
        """Of one length always, so that nobody reads two of them."""
        assert self._file is not None
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, self._content())

    def _is_ours(self) -> bool:
        """Is the file still the one that was made; a failing disk does not tell."""
        try:
            return _read(self._path.read_bytes()).get("token") == self._token
        except FileNotFoundError:
            return False


def is_leased(path: Path) -> bool:
    """Has somebody a lease on it, or left one."""
    start = f".{path.stem}.lease-"
    try:
        return any(name.startswith(start) for name in os.listdir(path.parent))
    except OSError:
        return False


def _read(content: bytes) -> dict[str, Any]:
    """What a lease says; nothing of one that is being written."""
    try:
        facts = json.loads(content)
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _owner(content: bytes) -> str:
    return str(_read(content).get("owner", ""))
