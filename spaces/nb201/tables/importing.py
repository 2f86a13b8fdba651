"""Importing the official benchmark: converted once, never needed again.

    import_table(Path("NATS-tss-v1_0-3ffb9-simple"), folder)

reads a NATS-Bench topology folder or its tar (under 1 GB of memory, recommended) or the official
`NAS-Bench-201-v1_0-e61699.pth` / `v1_1-096897.pth` (about 28 GB). The table folder appears whole
or not at all, with the learning curves beside the columns (see `curves`).
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from nasbench_harness.contracts import EnumerableSpace
from nasbench_harness.contracts.data import ProgressCallback
from nasbench_harness.errors import HarnessError, reason
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.spaces.nb201.tables import pth
from nasbench_harness.spaces.nb201.tables.cells import CellRecord
from nasbench_harness.spaces.nb201.tables.curves import CurveWriter
from nasbench_harness.spaces.nb201.tables.gathering import Gathering
from nasbench_harness.spaces.nb201.tables.nats import (
    META,
    FolderMembers,
    Members,
    NatsFolder,
    TarMembers,
)
from nasbench_harness.spaces.nb201.tables.official import DOWNLOADS, OfficialFile, ranks
from nasbench_harness.store.files import replacing_folder
from nasbench_harness.tables.columns import Provenance, write_columns

CAVEAT = (
    "The `official` table holds the published NAS-Bench-201 results as the imported file records"
    " them; where NATS-Bench was imported, its training times are scaled from one measured"
    " training of each cell."
)
ROOM = 1_200_000_000
"""Bytes on disk a complete table with its learning curves may take."""


def _silent(done: int, total: int) -> None:
    pass


def import_table(  # noqa: PLR0913  # options by name
    path: Path,
    folder: Path,
    *,
    progress: ProgressCallback = _silent,
    jobs: int = 1,
    force: bool = False,
    allow_missing: bool = False,
    curves: bool = True,
) -> None:
    """Convert the official benchmark at `path` into a table folder.

    `jobs` processes share the work on a NATS-Bench folder or tar. `force` loads a `.pth` even
    where memory looks too small. `allow_missing` accepts a file that lacks cells: their rows are
    NaN. `curves=False` leaves the learning curves out (some 15 MB instead of 1 GB). A table that
    is at `folder` already is replaced once everything has succeeded and stays untouched otherwise;
    HarnessError says what is wrong.
    """
    space = NB201()
    with _disk_faults(folder):
        if curves and not allow_missing:
            _require_room(folder)
        with (
            contextlib.closing(_opened(path, jobs, force)) as source,
            replacing_folder(folder) as table,
        ):
            table.mkdir()
            cells = _cells(source, path, space, allow_missing)
            gathered = _gather(cells, len(source.indices), table if curves else None, progress)
            _write(table, gathered, _provenance(source, path, space))


def _opened(path: Path, jobs: int, force: bool) -> OfficialFile:
    """Recognise the file by its content, not by its name."""
    if path.is_dir():
        if (path / META).is_file():
            return _nats(path, FolderMembers(path), jobs)
        raise HarnessError(
            f"{path} is no NATS-Bench folder: it has no {META}; give the folder that holds"
            " 000000.pickle.pbz2 and its like, its tar, or the NAS-Bench-201 `.pth`."
        )
    if not path.is_file():
        raise HarnessError(f"There is no file or folder {path}.")
    with path.open("rb") as file:
        start = file.read(512)
    if start[257:262] == b"ustar":
        return _nats(path, TarMembers(path), jobs)
    if start.startswith(b"BZh"):
        raise HarnessError(
            f"{path} is one large pickle, which would need all of its memory at once; import the"
            f" folder of small ones instead (`NATS-tss-v1_0-...-simple`, {DOWNLOADS})."
        )
    if start.startswith(pth.MAGICS):
        return pth.PthFile(path, force=force)
    raise HarnessError(
        f"{path} is no NAS-Bench-201 file: a `.pth`, a NATS-Bench topology folder or its tar was"
        " expected."
    )


def _nats(path: Path, members: Members, jobs: int) -> OfficialFile:
    try:
        return NatsFolder(path, members, jobs=jobs)
    except BaseException:
        members.close()
        raise


def _cells(
    source: OfficialFile, path: Path, space: EnumerableSpace, allow_missing: bool
) -> Iterator[tuple[int, CellRecord]]:
    """Every cell with its rank, after checking that the file is about this space."""
    rank_of = ranks(source.archs, space, path)
    missing = sorted(set(range(space.size)).difference(source.indices))
    if missing and not allow_missing:
        first = ", ".join(str(index) for index in missing[:3])
        raise HarnessError(
            f"{path} lacks {len(missing):,} of the {space.size:,} cells (index {first}"
            f"{', ...' if len(missing) > 3 else ''}); download it again."
        )
    if unknown := sorted(set(source.indices).difference(range(space.size))):
        raise HarnessError(
            f"{path} has results of a cell {unknown[0]}, and NAS-Bench-201 has {space.size:,} cells"
            " counted from 0; the file is not what it should be."
        )
    for index, cell in source.cells():
        if cell.arch != source.archs[index]:
            raise HarnessError(
                f"Cell {index} in {path} is `{cell.arch}` where `{source.archs[index]}` was"
                " expected; the file is not what it should be."
            )
        yield rank_of[index], cell


def _gather(
    cells: Iterator[tuple[int, CellRecord]],
    total: int,
    table: Path | None,
    progress: ProgressCallback,
) -> Gathering:
    """Collect the columns, and write learning curves into `table` on the way."""
    gathered = Gathering(NB201())
    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(CurveWriter(table, gathered.size)) if table else None
        for done, (rank, cell) in enumerate(cells, start=1):
            gathered.add(rank, cell)
            if writer:
                writer.add(rank, cell.runs)
            progress(done, total)
        if writer:
            writer.finish()
    return gathered


def _write(table: Path, gathered: Gathering, provenance: Provenance) -> None:
    """Put the columns beside the learning curves in `table`."""
    metrics, columns = gathered.columns()
    provenance = replace(provenance, training_time=gathered.training_time())
    written = table.with_name("columns")
    write_columns(written, provenance, metrics, columns)
    for file in written.iterdir():
        file.rename(table / file.name)


def _provenance(source: OfficialFile, path: Path, space: EnumerableSpace) -> Provenance:
    return Provenance(
        name="official",
        space=space.name,
        version=source.kind,
        source=f"{source.kind}, imported from {path.name}",
        source_sha256=source.sha256(),
        caveat=CAVEAT,
        shape=tuple(len(decision.options) for decision in space.decisions),
    )


def _require_room(folder: Path) -> None:
    there = next(parent for parent in folder.absolute().parents if parent.exists())
    free = shutil.disk_usage(there).free
    if free < ROOM:
        raise HarnessError(
            f"The imported table takes up to {ROOM / 1e9:.1f} GB and {there} has"
            f" {free / 1e9:.1f} GB left; make room, or leave out the learning curves."
        )


@contextlib.contextmanager
def _disk_faults(folder: Path) -> Iterator[None]:
    """A full or read-only disk as a sentence."""
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        raise HarnessError(
            f"The import failed on {where} ({reason(error)}); nothing was changed."
        ) from error
