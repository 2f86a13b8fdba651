"""Learning curves: one `.npy` per data set and schedule beside a table's columns.

`curves/cifar100_200ep.npy` holds float64 [seeds, cells, splits, epochs], accuracy in percent after
each epoch, cells in rank order, and is mapped into memory when read. `cifar100_200ep.runs.npy`,
bool [seeds, cells], tells which cells were trained with which seed; rows without a run are holes
in the file. An epoch that was not evaluated is NaN: for most cells the benchmark knows the
validation and test halves of CIFAR-100 and ImageNet16-120 after the last epoch only. `curves.json`
names the axes and carries a SHA-256 of each file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from nasbench_harness.errors import UnknownNameError
from nasbench_harness.spaces.nb201.tables.cells import Runs
from nasbench_harness.spaces.nb201.tables.recorded import TRAININGS
from nasbench_harness.store.files import write_json
from nasbench_harness.tables.columns import TableError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDER, INDEX = "curves", "curves.json"
SCHEMA_VERSION = 1
_HEADER = 128  # bytes that numpy's header of such a file takes
_DOUBLE = 8
_SPLITS = {training.prefix: training.splits for training in TRAININGS}
_UPSTREAM = {training.upstream: training.prefix for training in TRAININGS}


def curve(  # noqa: PLR0913, PLR0917  # the coordinates of one curve
    table: Path, dataset: str, split: str, epochs: int, rank: int, seed: int | None = None
) -> NDArray[np.float64]:
    """Accuracy [epochs], percent, of one cell; the mean over its runs, or one run's.

    `table` is a table folder; `dataset` is `cifar10valid`, `cifar10`, `cifar100` or
    `imagenet16_120` (the benchmark's own spelling will do); `split` is `train`, `val`, `test` or
    `valtest`; `epochs` is the schedule, 12 or 200. NaN where an epoch was not evaluated in every
    run asked for, and everywhere where the cell has no run at all. UnknownNameError for a name,
    TableError for a seed the cell was not trained with.
    """
    return LearningCurves(table).curve(dataset, split, epochs, rank, seed)


@dataclass(frozen=True)
class _File:
    """One line of the index."""

    dataset: str
    epochs: int
    seeds: list[int]
    splits: list[str]
    sha256: str
    runs_sha256: str


class LearningCurves:
    """The curves of a table folder; opens nothing before it is asked."""

    def __init__(self, table: Path) -> None:
        self.folder = table / FOLDER
        self._files = _read_index(self.folder)
        self._open: dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]] = {}

    def __bool__(self) -> bool:
        return bool(self._files)

    @property
    def names(self) -> list[str]:
        """Data sets and schedules, such as `cifar100_200ep`."""
        return list(self._files)

    def seeds(self, dataset: str, epochs: int, rank: int) -> list[int]:
        """Seeds a cell was trained with."""
        file, _, runs = self._file(dataset, epochs)
        return [seed for seed, here in zip(file.seeds, runs[:, rank], strict=True) if here]

    def curve(
        self, dataset: str, split: str, epochs: int, rank: int, seed: int | None = None
    ) -> NDArray[np.float64]:
        """See the function of the same name."""
        import numpy as np

        file, values, runs = self._file(dataset, epochs)
        if split not in file.splits:
            raise UnknownNameError(f"split of {file.dataset}", split, file.splits)
        here = runs[:, rank] if seed is None else self._only(file, runs[:, rank], seed)
        if not here.any():
            return np.full(epochs, np.nan)
        chosen = [values[row, rank, file.splits.index(split)] for row in np.flatnonzero(here)]
        mean: NDArray[np.float64] = np.sum(chosen, axis=0) / len(chosen)
        return mean

    def verify(self) -> None:
        """Hash every file again; TableError names the first that was changed."""
        for name, file in self._files.items():
            for path, expected in _hashes(self.folder, name, file):
                if not path.is_file() or _sha256(path) != expected:
                    raise TableError(f"{path} was changed or lost; import the official file again.")

    def _only(self, file: _File, here: NDArray[np.bool_], seed: int) -> NDArray[np.bool_]:
        import numpy as np

        chosen: NDArray[np.bool_] = here & (np.array(file.seeds) == seed)
        if not chosen.any():
            known = [s for s, there in zip(file.seeds, here, strict=True) if there]
            raise TableError(
                f"This cell has no run of {file.epochs} epochs on {file.dataset} with seed {seed};"
                f" its seeds are {', '.join(map(str, known)) or 'none'}."
            )
        return chosen

    def _file(
        self, dataset: str, epochs: int
    ) -> tuple[_File, NDArray[np.float64], NDArray[np.bool_]]:
        name = f"{_UPSTREAM.get(dataset, dataset.replace('-', '_'))}_{epochs}ep"
        if name not in self._files:
            raise UnknownNameError("learning curves", name, self._files)
        if name not in self._open:
            self._open[name] = _map(self.folder, name, self._files[name])
        return self._files[name], *self._open[name]


class CurveWriter:
    """Writes the curve files row by row as cells come, in any order."""

    def __init__(self, table: Path, cells: int) -> None:
        self._folder = table / FOLDER
        self._folder.mkdir()
        self._cells = cells
        self._files: dict[str, _Growing] = {}

    def __enter__(self) -> CurveWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()

    def add(self, rank: int, runs: Mapping[tuple[str, int], Runs]) -> None:
        """Take the curves of one cell."""
        for (dataset, epochs), found in runs.items():
            name = f"{dataset}_{epochs}ep"
            if name not in self._files:
                self._files[name] = _Growing(self._folder / name, dataset, epochs, self._cells)
            for seed, values in zip(found.seeds, found.accuracy, strict=True):
                self._files[name].write(seed, rank, values)

    def finish(self) -> None:
        """Complete the files and write their index."""
        files = {name: asdict(self._files[name].finish()) for name in sorted(self._files)}
        write_json(self._folder / INDEX, {"schema_version": SCHEMA_VERSION, "files": files})


class _Growing:
    """A `.npy` that gets another [cells, splits, epochs] block whenever a new seed turns up."""

    def __init__(self, stem: Path, dataset: str, epochs: int, cells: int) -> None:
        self._values = stem.with_name(f"{stem.name}.npy")
        self._runs = stem.with_name(f"{stem.name}.runs.npy")
        self._dataset, self._shape = dataset, (cells, len(_SPLITS[dataset]), epochs)
        self._seeds: dict[int, list[bool]] = {}
        self._file: BinaryIO = self._values.open("wb")

    def write(self, seed: int, rank: int, values: NDArray[np.float64]) -> None:
        """One run's [splits, epochs]."""
        if seed not in self._seeds:
            self._seeds[seed] = [False] * self._shape[0]
            self._file.truncate(_HEADER + len(self._seeds) * self._bytes(*self._shape))
        block = list(self._seeds).index(seed) * self._shape[0]
        self._file.seek(_HEADER + (block + rank) * self._bytes(*self._shape[1:]))
        self._file.write(values.astype("<f8").tobytes())
        self._seeds[seed][rank] = True

    def finish(self) -> _File:
        """Write header and runs; describe the file."""
        import numpy as np

        shape = (len(self._seeds), *self._shape)
        self._file.seek(0)
        header = {"descr": "<f8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)
        if self._file.tell() != _HEADER:
            raise TableError(f"The header of {self._values} has an unexpected length.")
        self.close()
        np.save(self._runs, np.array(list(self._seeds.values()), dtype=np.bool_))
        return _File(
            self._dataset, shape[-1], list(self._seeds), list(_SPLITS[self._dataset]),
            _sha256(self._values), _sha256(self._runs),
        )  # fmt: skip

    def close(self) -> None:
        self._file.close()

    @staticmethod
    def _bytes(*shape: int) -> int:
        size = _DOUBLE
        for length in shape:
            size *= length
        return size


def _read_index(folder: Path) -> dict[str, _File]:
    """The index; empty for a table without curves."""
    path = folder / INDEX
    if not folder.exists():
        return {}
    try:
        index: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if index["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema version {index['schema_version']}")
        return {name: _File(**file) for name, file in index["files"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(
            f"{path} cannot be read ({error}); import the official file again."
        ) from error


def _map(folder: Path, name: str, file: _File) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    import numpy as np

    try:
        values = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        runs = np.load(folder / f"{name}.runs.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise TableError(
            f"The learning curves in {folder / name}.npy cannot be read ({error}); import the"
            " official file again."
        ) from error
    expected = (len(file.seeds), runs.shape[-1], len(file.splits), file.epochs)
    if values.shape != expected or runs.shape != expected[:2]:
        raise TableError(
            f"{folder / name}.npy has shape {values.shape} where {expected} was expected; import"
            " the official file again."
        )
    return values, runs


def _hashes(folder: Path, name: str, file: _File) -> list[tuple[Path, str]]:
    return [
        (folder / f"{name}.npy", file.sha256),
        (folder / f"{name}.runs.npy", file.runs_sha256),
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
