"""A table as memory-mapped columns: opens in milliseconds and needs no numpy for one number.

On disk a table is a folder with `table.json` (what the columns are, where they come from, the
SHA-256 of each) and `columns.f64` (the columns one after another as native doubles, rows in the
space's rank order). A column is checked against its hash when it is first touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import shutil
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nasbench_harness.contracts import Architecture, Cost, EnumerableSpace, Metric
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.store.files import new_folder
from nasbench_harness.tables.rows import Rows, rows_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_HEADER, _NUMBERS = "table.json", "columns.f64"
_KEYS = {"provenance", "shape", "rows", "metrics", "column_sha256", "content_sha256"}
_DOUBLE = 8
_ANOTHER = "`--dataset NAME` chooses one."
SCHEMA_VERSION = 1
TOLERANCE = 1e-5
"""Accuracies closer than this, in percent, are equal; others as much closer as they are smaller."""


@dataclass(frozen=True)
class TrainingTime:
    """A column of recorded training times, and how other data sets compare."""

    column: str
    epochs: int
    """Epochs the recorded time is of; it is proportional to them."""
    factors: dict[str, float]
    """Time on a data set as a multiple of the column."""


@dataclass(frozen=True)
class Provenance:
    """What a table is and where its numbers come from."""

    name: str
    space: str
    version: str
    source: str
    source_sha256: str
    caveat: str
    shape: tuple[int, ...]
    """Options per decision: the axes of `tensor`."""
    training_time: TrainingTime | None = None


class TableError(HarnessError):
    """A table that cannot be used."""


class ColumnTable:
    """A `CompleteTable` over the folder that `write_columns` wrote."""

    def __init__(
        self,
        folder: Path,
        space: EnumerableSpace | None = None,
        *,
        costs: Callable[[Iterable[Metric]], Sequence[Cost]] = lambda _: (),
    ) -> None:
        """`space` is the one whose architectures the rows are; None: the installed one of its name.

        `costs` tells which of the columns are costs that a search may hold down. TableError if the
        folder holds no table, or a damaged one.
        """
        header = _read_header(folder)
        self._costs_among = costs
        self.folder = folder
        self.provenance = _read_provenance(header)
        self.name, self.space = self.provenance.name, self.provenance.space
        self.version, self.caveat = self.provenance.version, self.provenance.caveat
        self.shape: tuple[int, ...] = tuple(header["shape"])
        self.content_hash: str = header["content_sha256"]
        self.metrics: Mapping[str, Metric] = {
            metric["name"]: Metric(**metric) for metric in header["metrics"]
        }
        self._hashes: dict[str, str] = header["column_sha256"]
        self._order = {name: position for position, name in enumerate(self.metrics)}
        self._size: int = header["rows"]
        self._given_space = space
        self._columns: dict[str, memoryview[float]] = {}
        self._best: dict[str, float] = {}
        self._sorted: dict[str, list[float]] = {}
        self._numbers = _map_numbers(folder / _NUMBERS, len(self.metrics) * self._size)

    @property
    def costs(self) -> Sequence[Cost]:
        """The costs among the columns."""
        return self._costs_among(self.metrics.values())

    @property
    def size_on_disk(self) -> int:
        """Bytes."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    @cached_property
    def rows(self) -> Rows:
        """Which architecture every row is, worked out when somebody asks."""
        if self._given_space is not None:
            return Rows(self._size, self._given_space)
        return rows_of(self.space, self._size)

    @property
    def index(self) -> NDArray[np.int64]:
        """[size] the official index of every row, in rank order, as `column` is; read-only.

        `table.column(metric)[table.index == 9930]` is the cell with that index. Ranks where the
        space numbers nothing.
        """
        return self.rows.index

    @property
    def architectures(self) -> NDArray[np.object_]:
        """[size] the architecture string of every row, in rank order; read-only."""
        return self.rows.architectures

    def value(self, metric: str, arch: Architecture) -> float:
        """One number of one architecture; HarnessError for one of another space."""
        return self._at(metric, self._row(arch))

    def lookup(self, arch: Architecture) -> dict[str, float]:
        """Every number of one architecture; HarnessError for one of another space."""
        row = self._row(arch)
        return {metric: self._at(metric, row) for metric in self.metrics}

    def _row(self, arch: Architecture) -> int:
        if getattr(arch, "space", None) != self.space:
            raise HarnessError(
                f"Table `{self.name}` is asked for an architecture of space `{self.space}`, and"
                f" {arch!r} is none; `space.unrank(rank)` is one, `column(metric)[rank]` its"
                " number."
            )
        return self.rows.rank(arch)

    def _at(self, metric: str, row: int) -> float:
        try:
            return self._columns[metric][row]
        except KeyError:
            return self._column(metric)[row]

    def column(self, metric: str, order: Literal["rank", "index"] = "rank") -> NDArray[np.float64]:
        """[size] numbers, read-only: in rank order, not copied, or in that of the official index.

        `table.column(metric)[rank]` goes with `table.index` and `table.architectures`;
        `table.column(metric, order="index")[9930]` is the cell with that index.
        """
        import numpy as np

        found = np.asarray(self._column(metric), dtype=np.float64)
        if order == "rank":
            return found
        if order != "index":
            raise HarnessError(f"A column is in the order of `rank` or `index`, not `{order}`.")
        found = found[self.rows.order]
        found.flags.writeable = False
        return found

    def tensor(self, metric: str) -> NDArray[np.float64]:
        """The column with one axis per decision, read-only, not copied."""
        return self.column(metric).reshape(self.shape)

    def standing(self, metric: str, value: float) -> tuple[int, int]:
        """How many architectures are strictly worse, and how many strictly better.

        Differences up to `TOLERANCE` are ties, of a number that is no percentage up to a hundredth
        of that: single-precision noise of a source breaks none. Missing numbers (NaN) are neither,
        and nothing is worse or better than one.
        """
        ordered = self._ordered(metric)
        alike = TOLERANCE * self.metrics[metric].whole / 100
        better = len(ordered) - bisect_right(ordered, value + alike)
        return bisect_left(ordered, value - alike), better

    def best(self, metric: str) -> float:
        """The optimum: the largest number of the column; missing ones (NaN) do not count.

        TableError where all are missing.
        """
        if metric not in self._best:
            numbers = (x for x in self._column(metric) if x == x)  # noqa: PLR0124
            if (best := max(numbers, default=None)) is None:
                told = f"Column `{metric}` of table `{self.name}` has no number at all."
                raise TableError(told)
            self._best[metric] = best
        return self._best[metric]

    def retraining_noise(self, metric: str) -> float | None:
        """Standard deviation of one run of a good architecture, where runs are columns.

        In points, or the metric's own unit. None where they are not; see `retraining`.
        """
        from nasbench_harness.tables.retraining import spread_of_runs

        return spread_of_runs(self.metrics, self.column, metric)

    def to_pandas(self) -> pd.DataFrame:
        """All columns as a data frame with a row per architecture, keyed by the official index.

        `frame.loc[9930]` is the cell with that index; the first column, `architecture`, is its
        string. Where the space numbers nothing, the frame is keyed by `rank`.
        """
        return self.rows.frame({metric: self.column(metric) for metric in self.metrics})

    def __repr__(self) -> str:
        return (
            f"<table `{self.name}` ({self.version}): {self._size:,} architectures of `{self.space}`"
            f" x {len(self.metrics)} columns, {self.content_hash[:12]}; column() in rank order,"
            " to_pandas() by official index>"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the columns with their meaning."""
        rows = "".join(
            f"<tr><td><code>{m.name}</code></td><td>{m.meaning}</td><td>{m.unit}</td>"
            f"<td>{m.seeds}</td></tr>"
            for m in self.metrics.values()
        )
        head = "<tr><th>column</th><th>meaning</th><th>unit</th><th>seeds</th></tr>"
        return f"<p>{escape(repr(self))}</p><table>{head}{rows}</table>"

    def search_metric(self, dataset: str, *, queries: bool = False) -> str:
        """Of the metrics a search may look at: the longest training, the shortest for queries."""
        known = [m for m in self._metrics_of(dataset) if m.search]
        if not known:
            others = sorted({m.dataset for m in self.metrics.values() if m.search})
            instead = f"; `--dataset NAME` chooses another ({', '.join(others)})" if others else ""
            raise HarnessError(
                f"Table `{self.name}` has no metric of `{dataset}` that a search may look at"
                f"{instead}."
            )
        choose = min if queries else max
        return choose(known, key=lambda metric: metric.epochs or 0).name

    def report_metric(self, dataset: str) -> str:
        """The metric of the longest training that results are judged by."""
        known = [m for m in self._metrics_of(dataset) if m.report]
        return max(known, key=lambda metric: metric.epochs or 0).name

    def training_seconds(self, metric: str, arch: Architecture) -> float | None:
        """Recorded training time, scaled to the metric's epochs and data set; None if unknown."""
        recorded, described = self.provenance.training_time, self.metrics[metric]
        if recorded is None or described.epochs is None:
            return None
        if described.dataset not in recorded.factors:
            raise TableError(
                f"Table `{self.name}` records training times and no factor of `{described.dataset}`"
                f" for `{metric}`; `TrainingTime.factors` needs one of every data set."
            )
        scale = recorded.factors[described.dataset] * described.epochs / recorded.epochs
        return scale * self.value(recorded.column, arch)

    def _ordered(self, metric: str) -> list[float]:
        """The column's numbers, ascending, without missing ones; sorted once."""
        if metric not in self._sorted:
            self._sorted[metric] = sorted(x for x in self._column(metric) if x == x)  # noqa: PLR0124
        return self._sorted[metric]

    def _metrics_of(self, dataset: str) -> list[Metric]:
        metrics = [metric for metric in self.metrics.values() if metric.dataset == dataset]
        if not any(metric.report for metric in metrics):
            known = {metric.dataset for metric in self.metrics.values() if metric.report}
            raise UnknownNameError(f"dataset in table `{self.name}`", dataset, known, _ANOTHER)
        return metrics

    def _column(self, metric: str) -> memoryview[float]:
        """The column's numbers, checked against its hash once."""
        if metric not in self._columns:
            if metric not in self._order:
                raise UnknownNameError(f"metric in table `{self.name}`", metric, self.metrics)
            start = self._order[metric] * self._size * _DOUBLE
            raw = self._numbers[start : start + self._size * _DOUBLE]
            found = hashlib.sha256(raw).hexdigest()
            if found != self._hashes[metric]:
                raise _damaged(
                    self.folder / _NUMBERS,
                    f"was changed: column `{metric}` does not match its recorded SHA-256 (expected"
                    f" {self._hashes[metric][:12]}, found {found[:12]})",
                )
            self._columns[metric] = raw.cast("d")
        return self._columns[metric]


def content_hash(table: ColumnTable) -> str:
    """SHA-256 over the numbers as they are on disk now, not as the header tells it."""
    return hashlib.sha256((table.folder / _NUMBERS).read_bytes()).hexdigest()


def write_columns(
    folder: Path,
    provenance: Provenance,
    metrics: Sequence[Metric],
    columns: Mapping[str, Sequence[float]],
) -> None:
    """Write a table folder in one step: it is there whole or not at all.

    TableError, before anything is written, where columns do not fit metrics or one another.
    """
    _check_columns(provenance, metrics, columns)
    raw = {metric.name: array("d", columns[metric.name]).tobytes() for metric in metrics}
    header: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "provenance": {k: v for k, v in asdict(provenance).items() if k != "shape"},
        "shape": list(provenance.shape),
        "rows": len(columns[metrics[0].name]),
        "metrics": [_described(metric) for metric in metrics],
        "column_sha256": {name: hashlib.sha256(data).hexdigest() for name, data in raw.items()},
        "content_sha256": hashlib.sha256(b"".join(raw.values())).hexdigest(),
    }
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = new_folder(folder.parent)
    try:
        _write_synced(temporary / _NUMBERS, b"".join(raw.values()))
        _write_synced(temporary / _HEADER, json.dumps(header, indent=1).encode())
        with contextlib.suppress(OSError):  # another process was first
            temporary.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    if not (folder / _HEADER).is_file():
        raise TableError(f"The table could not be written to {folder}.")


def _described(metric: Metric) -> dict[str, Any]:
    """As the header has it: what is an accuracy is told as before there was anything else."""
    facts = asdict(metric)
    return {k: v for k, v in facts.items() if k != "quantity" or v != Metric.quantity}


def _check_columns(
    provenance: Provenance, metrics: Sequence[Metric], columns: Mapping[str, Sequence[float]]
) -> None:
    table = f"Table `{provenance.name}`"
    if not metrics:
        raise TableError(f"{table} has no metrics; a table needs one at least.")
    names = [metric.name for metric in metrics]
    if missing := [f"`{name}`" for name in names if name not in columns]:
        raise TableError(f"{table} has no column of its metric {', '.join(missing)}.")
    if twice := [f"`{name}`" for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise TableError(f"{table} has the metric {', '.join(twice)} more than once.")
    lengths = {name: len(columns[name]) for name in names}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"`{name}` has {length:,}" for name, length in lengths.items())
        raise TableError(f"{table} needs as many numbers in every column: {told}.")
    if not lengths[names[0]]:
        raise TableError(f"{table} has no rows.")
    for name in names:
        try:
            array("d", columns[name])
        except TypeError as error:
            raise TableError(f"{table} has no numbers in column `{name}` ({error}).") from error


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _read_header(folder: Path) -> dict[str, Any]:
    path = folder / _HEADER
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path, f"cannot be read ({error})") from error
    if not isinstance(header, dict) or header.get("schema_version") != SCHEMA_VERSION:
        raise _damaged(path, f"is no header of schema version {SCHEMA_VERSION}")
    if missing := _KEYS - header.keys():
        raise _damaged(path, f"lacks {', '.join(sorted(missing))}")
    return header


def _read_provenance(header: dict[str, Any]) -> Provenance:
    fields = {**header["provenance"], "shape": tuple(header["shape"])}
    if fields.get("training_time"):
        fields["training_time"] = TrainingTime(**fields["training_time"])
    return Provenance(**fields)


def _map_numbers(path: Path, count: int) -> memoryview:
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: an empty file
        raise _damaged(path, f"cannot be read ({error})") from error
    if len(mapped) != count * _DOUBLE:
        raise _damaged(path, f"has {len(mapped)} bytes where {count * _DOUBLE} were expected")
    return memoryview(mapped)


def _damaged(path: Path, how: str) -> TableError:
    return TableError(f"{path} {how}. Delete the folder; it is rebuilt from the installed package.")
