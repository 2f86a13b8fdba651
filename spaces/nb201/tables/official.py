"""What every kind of official file has in common."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from nasbench_harness.contracts import EnumerableSpace
from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201.tables.cells import CellRecord

DOWNLOADS = "https://github.com/D-X-Y/NATS-Bench"
_SIZE_CELL = re.compile(r"\d+(:\d+)+")


class OfficialFile(Protocol):
    """One file or folder of the benchmark, opened."""

    @property
    def kind(self) -> str:
        """What it is, for the table's provenance."""

    @property
    def archs(self) -> Sequence[str]:
        """The benchmark's own list of cells, by official index."""

    @property
    def indices(self) -> Sequence[int]:
        """Official indices of the cells it has results of."""

    def cells(self) -> Iterator[tuple[int, CellRecord]]:
        """Every cell with its index, once, in any order."""

    def sha256(self) -> str:
        """Hash of the original; asked for after `cells`."""

    def close(self) -> None:
        """Let go of file and memory."""


def ranks(archs: Sequence[str], space: EnumerableSpace, path: Path) -> list[int]:
    """Rank of every official index; HarnessError unless it is a list of the space's cells."""
    if archs and _SIZE_CELL.fullmatch(str(archs[0])):
        raise HarnessError(
            f"{path} holds NATS-Bench's size search space (cells like `{archs[0]}`); the topology"
            " search space, `NATS-tss-...`, was expected."
        )
    known = {str(arch): rank for rank, arch in enumerate(space.enumerate())}
    try:
        found = [known[arch] for arch in archs]
    except (KeyError, TypeError) as error:
        raise HarnessError(
            f"{path} is of another benchmark: its list of cells is not the one of NAS-Bench-201."
        ) from error
    if sorted(found) != list(range(space.size)):
        raise HarnessError(
            f"{path} lists {len(set(found))} different cells where the {space.size:,} of"
            " NAS-Bench-201 were expected."
        )
    return found


def damaged(index: int, path: Path, error: Exception) -> HarnessError:
    """The sentence about a cell that cannot be read."""
    reason = str(error).rstrip(".")
    return HarnessError(f"Cell {index} in {path} cannot be used: {reason}. Download it again.")


def read_schedules(content: Any, names: Mapping[int, str], reader: Any) -> dict[int, Any]:
    """One cell's `ArchResults` by epochs; `names` is what the file calls the schedules.

    `reader` is the official class; HarnessError if the content is not what it wrote.
    """
    if not isinstance(content, Mapping):
        raise HarnessError("it is no dictionary")
    missing = [name for name in names.values() if not isinstance(content.get(name), dict)]
    if missing:
        raise HarnessError(f"it lacks its results called `{missing[0]}`")
    try:
        return {
            epochs: reader.create_from_state_dict(content[name]) for epochs, name in names.items()
        }
    except Exception as error:
        raise HarnessError(
            f"its results are not built as expected ({type(error).__name__}: {error})"
        ) from error
