"""The official NATS-Bench topology folder, or a tar of it: one small pickle a cell.

`NATS-tss-v1_0-3ffb9-simple` holds `meta.pickle.pbz2` and `000000.pickle.pbz2` to
`015624.pickle.pbz2`; `-full` has the trained weights as well, which are skipped. Cells are read
one by one, so memory stays small; several processes may share the work.
"""

from __future__ import annotations

import bz2
import hashlib
import importlib
import re
import tarfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201.tables.cells import CellRecord, read_cell
from nasbench_harness.spaces.nb201.tables.foreign import CONTAINERS, NUMBERS, TENSORS
from nasbench_harness.spaces.nb201.tables.official import DOWNLOADS, damaged, read_schedules
from nasbench_harness.tables.pickles import load_restricted

META = "meta.pickle.pbz2"
_CELL = re.compile(r"([0-9]{1,6})\.pickle\.pbz2")
_LIMIT = 1 << 30  # no cell comes near it, a bomb stops here
_SCHEDULES = {200: "200", 12: "12"}
_ADMITTED = {**CONTAINERS, **NUMBERS, **TENSORS}


class Members(Protocol):
    """Files of a folder or a tar, by name."""

    @property
    def names(self) -> Sequence[str]:
        """Names without folders."""

    def read(self, name: str) -> bytes:
        """Content of one file."""

    def close(self) -> None:
        """Done with it."""


class FolderMembers:
    """A folder as it was unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = [entry.name for entry in path.iterdir() if entry.is_file()]

    def read(self, name: str) -> bytes:
        """Content of one file."""
        return (self._path / name).read_bytes()

    def close(self) -> None:
        """Nothing is open."""


class TarMembers:
    """An uncompressed tar; members are read where they stand and nothing is unpacked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._tar = tarfile.open(path, "r:")  # noqa: SIM115
            members = [member for member in self._tar if member.isfile()]
        except (tarfile.TarError, OSError, EOFError) as error:
            raise self._truncated(error) from error
        self._members = {PurePosixPath(member.name).name: member for member in members}
        self.names = list(self._members)
        last = max((m.offset_data + m.size for m in members), default=0)
        if last > path.stat().st_size:
            raise self._truncated("its last file ends beyond it")

    def read(self, name: str) -> bytes:
        """Content of one file."""
        try:
            file = self._tar.extractfile(self._members[name])
            data = file.read() if file else b""
        except (tarfile.TarError, OSError, EOFError) as error:
            raise self._truncated(error) from error
        if len(data) != self._members[name].size:
            raise self._truncated(f"{name} is cut short")
        return data

    def close(self) -> None:
        """Close the tar."""
        self._tar.close()

    def _truncated(self, reason: object) -> HarnessError:
        return HarnessError(f"{self._path} is a truncated tar ({reason}); download it again.")


class NatsFolder:
    """The benchmark, one cell at a time."""

    def __init__(self, path: Path, members: Members, *, jobs: int = 1) -> None:
        _require_reader()
        self._path, self._members, self._jobs = path, members, jobs
        self._names = _cell_names(members.names)
        self.archs = _cells_of(path, members)
        self.indices: Sequence[int] = sorted(self._names)
        self.kind = "NATS-Bench topology v1.0"
        self._hash = hashlib.sha256()

    def cells(self) -> Iterator[tuple[int, CellRecord]]:
        """Every cell, through the official `ArchResults`."""
        packed = ((index, self._read(index)) for index in self.indices)
        if self._jobs <= 1:
            for index, data in packed:
                yield index, self._converted(index, data)
        else:
            yield from self._in_processes(packed)

    def sha256(self) -> str:
        """Over the cells' files, as they were read, in index order."""
        return self._hash.hexdigest()

    def close(self) -> None:
        """Close the tar."""
        self._members.close()

    def _read(self, index: int) -> bytes:
        data = self._members.read(self._names[index])
        self._hash.update(hashlib.sha256(data).digest())
        return data

    def _converted(self, index: int, data: bytes) -> CellRecord:
        try:
            return unpack_cell(data)
        except HarnessError as error:
            raise damaged(index, self._path, error) from error

    def _in_processes(
        self, packed: Iterator[tuple[int, bytes]]
    ) -> Iterator[tuple[int, CellRecord]]:
        """The same with helpers, of which never more than a few cells are under way."""
        waiting: deque[tuple[int, Future[CellRecord]]] = deque()
        with ProcessPoolExecutor(self._jobs, mp_context=get_context("spawn")) as pool:
            for index, data in packed:
                waiting.append((index, pool.submit(unpack_cell, data)))
                if len(waiting) > 4 * self._jobs:
                    yield self._awaited(*waiting.popleft())
            while waiting:
                yield self._awaited(*waiting.popleft())

    def _awaited(self, index: int, future: Future[CellRecord]) -> tuple[int, CellRecord]:
        try:
            return index, future.result()
        except BrokenProcessPool as error:
            raise HarnessError(
                "A helper process died, probably for lack of memory; import with one job."
            ) from error
        except HarnessError as error:
            raise damaged(index, self._path, error) from error


def unpack_cell(data: bytes) -> CellRecord:
    """One file's content; HarnessError if it is damaged or not the benchmark's."""
    content = unpickled(data)
    return read_cell(read_schedules(content, _SCHEDULES, _require_reader()))


def unpickled(data: bytes) -> Any:
    """A `.pickle.pbz2`, read without running foreign code."""
    unpacker = bz2.BZ2Decompressor()
    try:
        raw = unpacker.decompress(data, _LIMIT)
    except OSError as error:
        raise HarnessError("the file is damaged or no bz2 file") from error
    if not unpacker.eof:
        raise HarnessError("the file is truncated")
    return load_restricted(raw, _ADMITTED)


def _cell_names(names: Sequence[str]) -> dict[int, str]:
    """File name by official index."""
    found = {name: _CELL.fullmatch(name) for name in names}
    return {int(match[1]): name for name, match in found.items() if match}


def _cells_of(path: Path, members: Members) -> list[str]:
    """The benchmark's list of cells."""
    if META not in members.names:
        raise HarnessError(f"{path} is no NATS-Bench folder: it has no file {META}.")
    try:
        meta = unpickled(members.read(META))
    except HarnessError as error:
        raise HarnessError(f"{META} in {path} cannot be used: {error}") from error
    if not isinstance(meta, Mapping) or not isinstance(meta.get("meta_archs"), list):
        raise HarnessError(f"{META} in {path} has no list of cells; it is not NATS-Bench's.")
    archs: list[str] = meta["meta_archs"]
    return archs


def _require_reader() -> Any:
    """The official `ArchResults`."""
    try:
        return importlib.import_module("nats_bench.api_utils").ArchResults
    except ImportError as error:
        raise HarnessError(
            "Reading NATS-Bench files needs the package nats_bench; `pip install"
            f" 'nasbench-harness[nats]'` brings it ({DOWNLOADS})."
        ) from error
