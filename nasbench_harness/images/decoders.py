"""Processes that decode pictures, and what is asked of them and not yet there.

They are plain children that speak over pipes: a trial runs in a process that multiprocessing
allows no children of its own, and one without torch starts in a fraction of a second and takes a
tenth of the memory. A child ends with its parent, however that ends, for its pipe is closed then.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import FileIO
from typing import TYPE_CHECKING

from nasbench_harness.errors import reason
from nasbench_harness.images.crops import Wanted
from nasbench_harness.images.decoder import Flaw, fill
from nasbench_harness.images.errors import ImageDataError
from nasbench_harness.images.mapping import FAULTS
from nasbench_harness.images.pixels import patient_decoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK = 16
"""Pictures that a process takes at a time: a batch is shared out, so that it is there sooner."""
_MODULE = "nasbench_harness.images.decoder"


@dataclass
class Chunk:
    """Some pictures that were asked for."""

    pictures: Sequence[Wanted]
    slot: int = -1
    """Where in the shared file their pixels will be; -1 if they are decoded here."""
    process: _Process | None = None
    done: bool = False
    unwanted: bool = False
    flaw: Flaw | None = None


class Decoders:
    """Decodes pictures to `side` x `side` pixels, in as many processes as are wanted, 0 for here.

    Processes start with the first picture that is asked for.
    """

    def __init__(self, side: int, workers: int) -> None:
        self.side = side
        self.workers = workers if hasattr(os, "pwrite") else 0  # not there on Windows
        self._processes: list[_Process] = []
        self._file: FileIO | None = None
        self._free: list[int] = []
        self._slots = 0

    def ask(self, pictures: Sequence[Wanted]) -> Chunk:
        """Have up to `CHUNK` pictures decoded; ImageDataError where the processes have died."""
        chunk = Chunk(pictures)
        if self.workers:
            if not self._processes:
                self._start()
            if not self._free:
                self._free.append(self._slots)
                self._slots += 1
            chunk.slot = self._free.pop()
            chunk.process = min(self._processes, key=lambda process: len(process.waiting))
            chunk.process.ask(chunk, chunk.slot * self._slot_bytes)
        return chunk

    def take(self, chunk: Chunk, pixels: NDArray[np.uint8]) -> None:
        """Wait for the chunk and copy it into `pixels` [N, 3, side, side].

        ImageDataError names a picture that cannot be decoded, or says that a process has died.
        """
        if chunk.process is None:
            with patient_decoder():
                chunk.flaw = fill(chunk.pictures, pixels)
        else:
            self._await(chunk)
            assert self._file is not None
            self._file.seek(chunk.slot * self._slot_bytes)
            rest = memoryview(pixels.reshape(-1).data)
            while rest and (read := self._file.readinto(rest)):
                rest = rest[read:]
            self._free.append(chunk.slot)
        if chunk.flaw:
            raise ImageDataError(_sentence(chunk.flaw))

    def forget(self, chunk: Chunk) -> None:
        """Nobody will take the chunk."""
        if chunk.done:
            self._free.append(chunk.slot)
        chunk.unwanted = True

    @property
    def _slot_bytes(self) -> int:
        return CHUNK * 3 * self.side * self.side

    def _start(self) -> None:
        try:
            file = self._file = FileIO(_shared_file(), "r+")
            for _ in range(self.workers):
                self._processes.append(_Process.start(self.side, file.fileno()))
        except OSError as error:
            raise ImageDataError(
                f"No process that decodes images can be started ({reason(error)}); `--workers 0`"
                " decodes them in the process of the trial."
            ) from error
        weakref.finalize(self, _end, self._processes, file)

    def _await(self, chunk: Chunk) -> None:
        assert chunk.process is not None
        while not chunk.done:
            other = chunk.process.answered()
            if other.unwanted:
                self._free.append(other.slot)


@dataclass
class _Process:
    """A child, and the chunks that it has not answered for."""

    popen: subprocess.Popen[bytes]
    waiting: deque[Chunk] = field(default_factory=deque)

    @classmethod
    def start(cls, side: int, file: int) -> _Process:
        paths = (path or os.getcwd() for path in sys.path)
        return cls(
            subprocess.Popen(
                [sys.executable, "-m", _MODULE, str(side), str(file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=[file],
                start_new_session=True,  # Ctrl-C is the parent's to handle
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        )

    def ask(self, chunk: Chunk, place: int) -> None:
        assert self.popen.stdin is not None
        self.waiting.append(chunk)
        line = json.dumps({"place": place, "pictures": chunk.pictures})
        try:
            self.popen.stdin.write(line.encode() + b"\n")
            self.popen.stdin.flush()
        except OSError as error:
            raise self._dead() from error

    def answered(self) -> Chunk:
        """Wait for the next answer; the chunk that it is about."""
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        if not line.endswith(b"\n"):
            raise self._dead()
        chunk, answer = self.waiting.popleft(), json.loads(line)
        chunk.done, chunk.flaw = True, Flaw(*answer) if answer else None
        return chunk

    def _dead(self) -> ImageDataError:
        code = self.popen.wait()
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        first = self.waiting[0].pictures[0].path
        return ImageDataError(
            f"A process that decodes images died ({how}) at {first} or one of the {CHUNK - 1} after"
            " it; where memory was short, take fewer `--workers` or a smaller batch, and run again"
            " to go on."
        )


def _shared_file() -> int:
    """The number of a file without a name: of memory, where the system has such files.

    Containers limit /dev/shm, which is what others share memory by, and not these.
    """
    if hasattr(os, "memfd_create"):
        return os.memfd_create("images")
    number, path = tempfile.mkstemp()
    os.unlink(path)
    return number


def _end(processes: Sequence[_Process], file: FileIO) -> None:
    for process in processes:
        process.popen.kill()
        process.popen.wait()
        for pipe in (process.popen.stdin, process.popen.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what could not be written any more
                    continue
    file.close()


def _sentence(flaw: Flaw) -> str:
    what, way_out = FAULTS[flaw.fault]
    detail = f" ({flaw.detail})" if flaw.detail else ""
    return f"{flaw.path} is one of the files that {what}{detail}; {way_out}."
