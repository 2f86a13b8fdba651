"""A table of numbers about every architecture of a space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Metric:
    """One column of a tabular benchmark: what the number is and what it may be used for."""

    name: str
    meaning: str
    unit: str
    dataset: str
    split: str
    epochs: int | None
    search: bool
    """May a search look at it."""
    report: bool
    """Is it shown as a result."""
    trained_on: str = ""
    evaluated_on: str = ""
    seeds: str = ""
    """Training runs behind one number: `3`, `2-3 (mean)`, `777` for a single one."""
    source: str = ""
    """Which of the table's sources it is from."""


class Table(Protocol):
    """A tabular benchmark: one row per architecture, in the space's rank order.

    A rank is the place in `enumerate()` of the space, not the number by which the benchmark knows
    an architecture (see `Numbered`).
    """

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def space(self) -> str:
        """Name of the space its rows are of."""

    @property
    def version(self) -> str:
        """Release of the source."""

    @property
    def content_hash(self) -> str:
        """SHA-256 over the numbers: two tables with the same hash are the same table."""

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The columns."""

    @property
    def caveat(self) -> str:
        """What a reader of a result from this table must know."""

    def value(self, metric: str, rank: int) -> float:
        """One number."""

    def lookup(self, rank: int) -> dict[str, float]:
        """Every number of one architecture."""

    def column(self, metric: str) -> NDArray[np.float64]:
        """[size] numbers in rank order, read-only, not copied."""

    def tensor(self, metric: str) -> NDArray[np.float64]:
        """The column with one axis per decision, read-only, not copied."""

    def standing(self, metric: str, value: float) -> tuple[int, int]:
        """How many architectures are strictly worse, and how many strictly better."""

    def best(self, metric: str) -> float:
        """The optimum: the largest number of the column."""

    def search_metric(self, dataset: str, *, queries: bool = False) -> str:
        """The metric a search on `dataset` looks at by default.

        Methods that query single architectures look at the one of the shortest training, the
        others at the one of the longest.
        """

    def report_metric(self, dataset: str) -> str:
        """The metric a result on `dataset` is judged by by default."""

    def training_seconds(self, metric: str, rank: int) -> float | None:
        """What it took to train the network behind one number; None where nobody recorded it."""
