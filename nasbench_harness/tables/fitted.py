"""A benchmark kept as terms: what a polynomial predicts, what adds up, and what was measured.

One JSON file holds it: the terms of every metric that is predicted with their held-out errors, the
parts of every one that adds up exactly, and the measurements themselves, which are metrics of their
own and of some architectures only.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasbench_harness.contracts import Architecture, Cost, HeldOut, Metric, Polynomial
from nasbench_harness.errors import HarnessError, UnknownNameError, reason
from nasbench_harness.store.files import read_json, write_text
from nasbench_harness.tables.columns import TableError

if TYPE_CHECKING:
    from nasbench_harness.tables.additive import AdditiveCost

FORMAT = 1


@dataclass(frozen=True)
class Terms:
    """What `write_fitted` is given of one benchmark."""

    metrics: Sequence[Metric]
    polynomials: Mapping[str, Polynomial]
    held_out: Mapping[str, HeldOut]
    """One for each of the polynomials."""
    additive: Mapping[str, AdditiveCost] = field(default_factory=dict)
    measured: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By metric: numbers of some architectures, by their texts."""
    highest: Mapping[str, str] = field(default_factory=dict)
    """By metric: the architecture of the highest prediction, where that is proved."""


@dataclass(frozen=True)
class FittedSource:
    """What a benchmark is and where its numbers come from."""

    name: str
    space: str
    version: str
    source: str
    source_sha256: str
    caveat: str


def write_fitted(file: Path, about: FittedSource, terms: Terms) -> None:
    """The benchmark as a file, whole or not at all."""
    numbers = {
        "polynomials": {name: _kept(one) for name, one in terms.polynomials.items()},
        "held_out": {name: asdict(one) for name, one in terms.held_out.items()},
        "additive": {name: one.to_json() for name, one in terms.additive.items()},
        "measured": {name: dict(column) for name, column in terms.measured.items()},
        "highest": dict(terms.highest),
    }
    header = {
        "format": FORMAT,
        **asdict(about),
        "metrics": [asdict(metric) for metric in terms.metrics],
        "content_sha256": content_hash(numbers),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps({**header, **numbers}) + "\n")


def _kept(polynomial: Polynomial) -> dict[str, Any]:
    """Each pair once, a list of [i, j, the table of their options]."""
    pairs = [
        [i, j, polynomial.pairs[i, :, j].tolist()]
        for j in range(len(polynomial.single))
        for i in range(j)
    ]
    return {
        "constant": polynomial.constant, "single": polynomial.single.tolist(), "pairs": pairs,
    }  # fmt: skip


def _read(kept: Mapping[str, Any]) -> Polynomial:
    import numpy as np

    single = np.array(kept["single"])
    pairs = np.zeros(single.shape * 2)
    for i, j, table in kept["pairs"]:
        pairs[i, :, j] = table
        pairs[j, :, i] = np.transpose(table)
    return Polynomial(kept["constant"], single, pairs)


def content_hash(numbers: Mapping[str, Any]) -> str:
    """SHA-256 over all numbers."""
    return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()


NUMBERS = ("polynomials", "held_out", "additive", "measured", "highest")
"""Keys of the file that the hash is over."""


class FittedTable:
    """A `Fitted` benchmark over the file that `write_fitted` wrote."""

    def __init__(self, file: Path, *, costs: Sequence[Cost] = ()) -> None:
        """`costs` are those metrics that a search may hold down; TableError for a damaged file."""
        self.file, self._known_costs = file, costs
        try:
            self._content: dict[str, Any] = read_json(file)
            self._metrics = {m["name"]: Metric(**m) for m in self._content["metrics"]}
            self._about = FittedSource(
                **{name: self._content[name] for name in FittedSource.__annotations__}
            )
            self.content_hash = str(self._content["content_sha256"])
        except (OSError, ValueError, KeyError, TypeError, HarnessError) as error:
            raise TableError(
                f"{file} is no benchmark that can be read ({reason(error)})."
            ) from error

    @property
    def name(self) -> str:
        """As its entry point is called."""
        return self._about.name

    @property
    def space(self) -> str:
        """Whose architectures it knows."""
        return self._about.space

    @property
    def version(self) -> str:
        """Of the source and of the fit."""
        return self._about.version

    @property
    def caveat(self) -> str:
        """What it predicts, and how far it is off."""
        return self._about.caveat

    @property
    def provenance(self) -> FittedSource:
        """Where the numbers are from."""
        return self._about

    @property
    def folder(self) -> Path:
        """Where its file is."""
        return self.file.parent

    @property
    def size_on_disk(self) -> int:
        """Bytes."""
        return self.file.stat().st_size

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """Predicted, added up or measured; only what is predicted may be searched."""
        return self._metrics

    @property
    def costs(self) -> Sequence[Cost]:
        """Those that can be told of every architecture."""
        return self._known_costs

    def verify(self) -> bool:
        """Are the numbers those that were written."""
        return content_hash({name: self._content[name] for name in NUMBERS}) == self.content_hash

    # --- what is predicted ---------------------------------------------------------------------

    @cached_property
    def _polynomials(self) -> dict[str, Polynomial]:
        return {name: _read(kept) for name, kept in self._content["polynomials"].items()}

    def polynomial(self, metric: str) -> Polynomial:
        """What predicts it; HarnessError for what is measured or added up."""
        self._check(metric)
        if metric not in self._polynomials:
            raise HarnessError(f"`{metric}` of `{self.name}` is not predicted by a polynomial.")
        return self._polynomials[metric]

    def held_out(self, metric: str) -> HeldOut:
        """How far predictions are off; HarnessError as `polynomial`."""
        self.polynomial(metric)
        return HeldOut(**self._content["held_out"][metric])

    def highest(self, metric: str) -> str:
        """The architecture that nothing is predicted to be better than; empty where none is known.

        HarnessError as `polynomial`.
        """
        self.polynomial(metric)
        return str(self._content["highest"].get(metric, ""))

    def additive(self, metric: str) -> AdditiveCost:
        """What adds it up; HarnessError for what is predicted or measured."""
        self._check(metric)
        if metric not in self._additive:
            raise HarnessError(f"`{metric}` of `{self.name}` is not the sum of parts.")
        return self._additive[metric]

    @cached_property
    def _additive(self) -> dict[str, AdditiveCost]:
        from nasbench_harness.tables.additive import AdditiveCost

        return {n: AdditiveCost.from_json(one) for n, one in self._content["additive"].items()}

    # --- numbers of an architecture ------------------------------------------------------------

    def value(self, metric: str, arch: Architecture) -> float:
        """One number; NaN where it was not measured. UnknownNameError for no such metric."""
        self._check(metric)
        if getattr(arch, "space", None) != self.space:
            raise HarnessError(
                f"`{self.name}` knows architectures of `{self.space}`, not {arch!r}."
            )
        if metric in self._polynomials:
            return self._polynomials[metric].at(arch.choices)
        if metric in self._additive:
            return self._additive[metric].of(arch.choices)
        return float(self._content["measured"][metric].get(arch.text, math.nan))

    def lookup(self, arch: Architecture) -> dict[str, float]:
        """Every number that there is of it."""
        found = {metric: self.value(metric, arch) for metric in self.metrics}
        return {metric: value for metric, value in found.items() if not math.isnan(value)}

    def search_metric(self, dataset: str, *, queries: bool = False) -> str:
        """The first prediction of that data set that searches may look at."""
        return self._first(dataset, [m for m in self.metrics.values() if m.search])

    def report_metric(self, dataset: str) -> str:
        """The first prediction of that data set that answers are judged by."""
        return self._first(dataset, [m for m in self.metrics.values() if m.report])

    def training_seconds(self, metric: str, arch: Architecture) -> float | None:
        """None: predictions take no training."""
        self._check(metric)
        return None

    def __repr__(self) -> str:
        return (
            f"<benchmark `{self.name}` ({self.version}): predictions for all architectures of"
            f" `{self.space}`, {self.content_hash[:12]}>"
        )

    def _first(self, dataset: str, metrics: Sequence[Metric]) -> str:
        for metric in metrics:
            if metric.dataset == dataset:
                return metric.name
        known = {metric.dataset for metric in metrics}
        raise UnknownNameError(f"data set of table `{self.name}`", dataset, known)

    def _check(self, metric: str) -> None:
        if metric not in self.metrics:
            raise UnknownNameError(f"metric in table `{self.name}`", metric, self.metrics)
