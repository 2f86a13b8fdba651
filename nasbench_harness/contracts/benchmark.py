"""Where answers are looked up: numbers of some architectures of a space, or of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from nasbench_harness.contracts.space import Architecture

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
    quantity: str = "accuracy"
    """What sentences and axes call it: `accuracy`, `SSIM`, `negative L2 loss`. More is better."""

    @property
    def whole(self) -> float:
        """How many `unit` a landscape descends as 1: 100 of a percentage, else 1."""
        return 100.0 if self.unit == "%" else 1.0


class Benchmark(Protocol):
    """Numbers of architectures, each from a network that somebody trained on its own.

    It need not know every architecture of its space: what it lacks of one it knows is NaN, of one
    it does not know at all as well, or a HarnessError that says so. A package that brings one names
    what opens it by an entry point `nasbench_harness.tables`.
    """

    @property
    def name(self) -> str:
        """What reports call it: the name of its entry point."""

    @property
    def space(self) -> str:
        """Name of the space its architectures are of."""

    @property
    def version(self) -> str:
        """Release of the source."""

    @property
    def content_hash(self) -> str:
        """SHA-256 over the numbers: two benchmarks with the same hash are the same."""

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """The numbers it may have of an architecture, by name."""

    @property
    def caveat(self) -> str:
        """What a reader of a result from this benchmark must know."""

    def value(self, metric: str, arch: Architecture) -> float:
        """One number of one architecture; UnknownNameError for a metric it has not."""

    def lookup(self, arch: Architecture) -> dict[str, float]:
        """Every number of one architecture."""

    def search_metric(self, dataset: str, *, queries: bool = False) -> str:
        """The metric a search on `dataset` looks at by default.

        Methods that query single architectures look at the one of the shortest training, the
        others at the one of the longest.
        """

    def report_metric(self, dataset: str) -> str:
        """The metric a result on `dataset` is judged by by default."""

    def training_seconds(self, metric: str, arch: Architecture) -> float | None:
        """What it took to train the network behind one number; None where nobody recorded it."""


@runtime_checkable
class CompleteTable(Benchmark, Protocol):
    """Capability of a benchmark: it has a row of every architecture of its space.

    Only with one is there a landscape to search, a best to miss (regret) and a share that is worse
    (percentile). The space is an `Enumerable`, and rows are in its rank order: a rank is the place
    in `enumerate()`, not the number by which a community knows an architecture (see `Numbered`).
    """

    def column(self, metric: str) -> NDArray[np.float64]:
        """[size] numbers in rank order, read-only, not copied."""

    def tensor(self, metric: str) -> NDArray[np.float64]:
        """The column with one axis per decision, read-only, not copied.

        Of a space that is the free product of its decisions only (see `SearchSpace`); nobody asks
        it of another.
        """

    def standing(self, metric: str, value: float) -> tuple[int, int]:
        """How many architectures are strictly worse, and how many strictly better."""

    def best(self, metric: str) -> float:
        """The optimum: the largest number of the column."""


@runtime_checkable
class Retrained(Benchmark, Protocol):
    """Capability of a benchmark: it knows how far a retraining moves a good architecture.

    Reports take that for the smallest difference that matters, where nobody says another one. A
    `ColumnTable` has it wherever columns hold single runs, which name their seed as `seeds`.
    """

    def retraining_noise(self, metric: str) -> float | None:
        """Standard deviation of one training run of a good architecture, in the unit of `metric`.

        None where nobody knows it, as where every architecture was trained once.
        """
