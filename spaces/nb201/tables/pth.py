"""The official NAS-Bench-201 file: one `.pth` with everything, v1.0 or v1.1.

It becomes about thirteen times its size in Python objects (2.1 GB become 28 GB), so the need is
compared with the free memory first, and each cell's objects are let go of once it is converted.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201.tables.cells import CellRecord, read_cell
from nasbench_harness.spaces.nb201.tables.foreign import NUMBERS, NumberType
from nasbench_harness.spaces.nb201.tables.memory import available_memory
from nasbench_harness.spaces.nb201.tables.official import DOWNLOADS, damaged, read_schedules
from nasbench_harness.tables.pickles import ForbiddenClassError

MAGICS = (b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.")
"""How a file that torch saved begins, since version 1.6 and before."""
EXPANSION = 13
"""Bytes in memory for each byte of the file."""
_SCHEDULES = {200: "full", 12: "less"}
_PARTS = ("meta_archs", "arch2infos", "evaluated_indexes")
_FORBIDDEN = re.compile(r"GLOBAL (\S+) w")  # how torch words its refusal


class PthFile:
    """The whole file in memory, given away cell by cell."""

    def __init__(self, path: Path, *, force: bool = False) -> None:
        if not force:
            require_memory(path)
        self._path = path
        content = _load(path)
        if not _is_benchmark(content):
            raise HarnessError(
                f"{path} is no NAS-Bench-201 file: `{'`, `'.join(_PARTS)}` were expected in it."
            )
        self.archs: Sequence[str] = content["meta_archs"]
        self._cells: dict[int, Any] = content["arch2infos"]
        self.indices: Sequence[int] = sorted(self._cells)
        self.kind = f"NAS-Bench-201 {_version(path)}"

    def cells(self) -> Iterator[tuple[int, CellRecord]]:
        """Every cell, through the official `ArchResults`; can be asked for once."""
        reader = importlib.import_module("nas_201_api.api_utils").ArchResults
        for index in self.indices:
            content = self._cells.pop(index)
            try:
                cell = read_cell(read_schedules(content, _SCHEDULES, reader))
            except HarnessError as error:
                raise damaged(index, self._path, error) from error
            del content
            yield index, cell

    def sha256(self) -> str:
        """Of the file."""
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def close(self) -> None:
        """Let go of the memory."""
        self._cells.clear()


def _is_benchmark(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and all(part in content for part in _PARTS)
        and isinstance(content["meta_archs"], list)
        and isinstance(content["arch2infos"], dict)
        and all(isinstance(index, int) for index in content["arch2infos"])
    )


def require_memory(path: Path) -> None:
    """HarnessError when the file is likely to need more memory than there is."""
    need, free = EXPANSION * path.stat().st_size, available_memory()
    if free is not None and need > free:
        raise HarnessError(
            f"Loading {path.name} takes about {need / 1e9:.1f} GB of memory and"
            f" {free / 1e9:.1f} GB are free; import the NATS-Bench folder instead"
            f" (`NATS-tss-v1_0-...-simple`, {DOWNLOADS}; it needs less than 1 GB), or take the"
            " small public tables with `nasharness data pull nb201`."
        )


def _load(path: Path) -> Any:
    """`torch.load` that admits containers, tensors and plain numpy numbers only."""
    import torch

    admitted = [(stand_in, f"{module}.{name}") for (module, name), stand_in in NUMBERS.items()]
    dtypes = [(NumberType, f"numpy.dtypes.{n}DType") for n in ("Float64", "Float32", "Int64")]
    try:
        with torch.serialization.safe_globals([*admitted, *dtypes]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError as error:
        raise HarnessError(
            f"There was not enough memory to load {path.name}; import the NATS-Bench folder"
            f" instead ({DOWNLOADS})."
        ) from error
    except Exception as error:  # torch fails in many ways on a damaged file
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> HarnessError:
    if found := _FORBIDDEN.search(str(error)):
        return ForbiddenClassError(
            f"{path} asks for `{found[1]}`, which no NAS-Bench-201 file does; it is not the file it"
            " should be and was not loaded."
        )
    return HarnessError(
        f"{path} is truncated, damaged or no NAS-Bench-201 file and cannot be read"
        f" ({type(error).__name__}); download it again."
    )


def _version(path: Path) -> str:
    found = re.search(r"v(\d)_(\d)", path.name)
    return f"v{found[1]}.{found[2]}" if found else "(version not in the file's name)"
