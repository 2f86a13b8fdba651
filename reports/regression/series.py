"""The values over seeds that a baseline keeps and a check compares, read from a study's folder."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from nasbench_harness import registry
from nasbench_harness.errors import HarnessError, UnknownNameError
from nasbench_harness.problems.kinds import kind_of
from nasbench_harness.reports.regression.dynamics import dynamics_of
from nasbench_harness.reports.regression.identity import config_hash, config_of, dataset_of
from nasbench_harness.reports.study.collapsed import collapse_of
from nasbench_harness.store.copies import open_studies
from nasbench_harness.store.outcomes import Status
from nasbench_harness.store.recorded import Recorded
from nasbench_harness.store.studies import Study
from nasbench_harness.study.canonical import canonical_label
from nasbench_harness.tables.quantity import ACCURACY, Quantity, quantity_in, read_quantity

if TYPE_CHECKING:
    from nasbench_harness.contracts import SearchSpace
    from nasbench_harness.study.spec import TrialSpec

QUERIES, MEMORY = "queries", "peak_memory_mb"
COSTS = (QUERIES, MEMORY)
"""Metrics of which less is better, compared in percent of the baseline's mean."""
VERSIONS = ("nasbench-harness", "torch", "numpy")
"""Packages that may change the numbers of a search."""


class Key(NamedTuple):
    """What a series is about."""

    method: str
    space: str
    problem: str
    dataset: str
    metric: str

    @property
    def place(self) -> str:
        """Where the method searched."""
        return f"{self.space}, {self.problem}, {self.dataset}"

    @property
    def is_cost(self) -> bool:
        """Whether less of it is better."""
        return self.metric in COSTS

    @property
    def is_dynamic(self) -> bool:
        """Whether neither more nor less of it is better (see `dynamics`)."""
        return self.metric in dynamics_of(self.method.partition("[")[0], self.problem)

    @property
    def is_accuracy(self) -> bool:
        """Whether more of it is better."""
        return not self.is_cost and not self.is_dynamic


@dataclass(frozen=True)
class Series:
    """One method's values of one metric, by seed."""

    key: Key
    config: Mapping[str, Any]
    method_version: str
    device: str
    """Where a supernet was trained; empty for a landscape."""
    values: Mapping[int, float]
    unfinished: Mapping[int, str] = field(default_factory=dict)
    """Seeds without a result, and why."""
    collapsed: frozenset[int] | None = None
    """Seeds whose answer collapsed; None of a cost or a dynamic, and where nobody can tell."""
    quantity: Quantity = ACCURACY
    """What the values are of; of costs and dynamics it says nothing."""

    @property
    def config_hash(self) -> str:
        """Names the config."""
        return config_hash(self.config)


@dataclass(frozen=True)
class Measured:
    """Everything a check may look at of one or more studies."""

    series: tuple[Series, ...]
    versions: Mapping[str, str]
    notes: tuple[str, ...] = ()
    """What a reader should know of the studies, in sentences."""

    def unfinished(self) -> dict[str, str]:
        """Trials without a result, by readable name, and why."""
        return {
            f"{series.key.method}, seed {seed}": why
            for series in self.series
            for seed, why in series.unfinished.items()
        }


def read_results(folders: Iterable[Path], metrics: Sequence[str] = ()) -> Measured:
    """The series of the studies in these folders, or in the folders inside them.

    Each method has one of its report metric, of its costs, and of those of `metrics` it has, which
    may be signals of its kind of problem (see `Kind.signals`) and dynamics of the search too (see
    `dynamics`). A study that is a copy of
    another one counts once, as the notes of the results say.
    HarnessError if a folder holds no study, or no study has one of the metrics.
    """
    copies = open_studies(folders)
    studies = copies.distinct
    if refused := copies.refusal():
        raise HarnessError(refused)
    _check_known(metrics, studies)
    versions = _common_versions(studies)
    found: dict[Key, Series] = {}
    for study in studies:
        for series in _of_study(study, metrics):
            if series.key in found:
                raise HarnessError(
                    f"Two of the studies hold `{series.key.method}` on {series.key.place}; compare"
                    " them one by one."
                )
            found[series.key] = series
    return Measured(tuple(found.values()), versions, tuple(copies.notes()))


def _common_versions(studies: Sequence[Study]) -> dict[str, str]:
    """The packages a study was last run with; several studies have to agree."""
    told = []
    for study in studies:
        versions = study.facts.get("last_run", study.facts)["versions"]
        told.append({name: str(versions.get(name, "unknown")) for name in VERSIONS})
    if any(versions != told[0] for versions in told):
        raise HarnessError("The studies were run with different versions of torch, numpy or ours.")
    return told[0]


def _of_study(study: Study, metrics: Sequence[str]) -> Iterator[Series]:
    by_method: dict[str, list[TrialSpec]] = {}
    recorded = Recorded(study)
    for spec in study.specs:
        by_method.setdefault(canonical_label(spec.label), []).append(spec)
    for label, specs in by_method.items():
        results = {spec.seed: _result(recorded, spec, metrics) for spec in specs}
        further = [metric for metric in (*metrics, *COSTS) if _any(results.values(), metric)]
        for metric in dict.fromkeys([specs[0].report_metric, *further]):
            key = Key(label, specs[0].space, specs[0].problem, dataset_of(specs[0]), metric)
            yield _one(key, specs[0], results)


def _one(key: Key, spec: TrialSpec, results: Mapping[int, Mapping[str, Any]]) -> Series:
    values, unfinished = {}, {}
    for seed, result in results.items():
        if result["status"] != Status.DONE:
            unfinished[seed] = str(result.get("error") or result["status"])
        elif _is_number(result.get(key.metric)):
            values[seed] = float(result[key.metric])
        else:
            unfinished[seed] = f"its result has no `{key.metric}`"
    devices = sorted({str(r["device"]) for r in results.values() if r.get("device")})
    done = {seed: results[seed] for seed in values}
    collapsed = collapsed_seeds(done, _space(spec.space)) if key.is_accuracy else None
    return Series(
        key, config_of(spec), spec.method_version, ", ".join(devices), values, unfinished,
        collapsed, _quantity(key.metric, spec, done.values()).sized(values.values()),
    )  # fmt: skip


def _quantity(metric: str, spec: TrialSpec, done: Iterable[Mapping[str, Any]]) -> Quantity:
    """What a metric is of: as the results say it, else as the table does."""
    told = (read_quantity(result) for result in done) if metric == spec.report_metric else ()
    return next((one for one in told if one), None) or quantity_in(spec.table, metric)


def collapsed_seeds(
    results: Mapping[int, Mapping[str, Any]], space: SearchSpace | None = None
) -> frozenset[int] | None:
    """Those of `results` whose answer collapsed, as reports see it (`reports.study.collapsed`).

    None where of one of them nobody can tell.
    """
    told = {seed: collapse_of(result, space) for seed, result in results.items()}
    if None in told.values():
        return None
    return frozenset(seed for seed, collapse in told.items() if collapse and collapse.hit)


def _space(name: str) -> SearchSpace | None:
    """None where it is not installed here."""
    try:
        return registry.open_space(name)
    except HarnessError:
        return None


def _result(recorded: Recorded, spec: TrialSpec, metrics: Sequence[str]) -> Mapping[str, Any]:
    """A trial's result, with those of the metrics that its search told: signals as they were last,
    dynamics in the mean."""
    result = recorded.result(spec)
    signals = {*kind_of(spec.problem).signals} & {*metrics}
    dynamics = dynamics_of(spec.method, spec.problem) & {*metrics}
    if not signals | dynamics or result["status"] != Status.DONE:
        return result
    last = recorded.last(spec) if signals else {}
    told = {name: last[name] for name in signals if name in last}
    return {**told, **(_means(recorded.rows(spec), dynamics) if dynamics else {}), **result}


def _means(rows: Sequence[Mapping[str, Any]], columns: Collection[str]) -> dict[str, float]:
    """Over the recorded steps that have a number of a column; nothing of one that has none."""
    found = {name: [row[name] for row in rows if _is_number(row.get(name))] for name in columns}
    return {name: fmean(numbers) for name, numbers in found.items() if numbers}


def judged_by(spec: TrialSpec) -> Iterator[str]:
    """What such a trial may be judged by beside a benchmark's accuracies: what is concluded on its
    images, the signals of its kind, and the dynamics of its search."""
    kind = kind_of(spec.problem)
    yield spec.report_metric
    if kind.concludes:
        yield kind.concludes
    yield from kind.signals
    yield from sorted(dynamics_of(spec.method, spec.problem))


def _check_known(metrics: Sequence[str], studies: Sequence[Study]) -> None:
    """Only what may be reported may be asked for, of which more is better, and dynamics."""
    specs = [(study, spec) for study in studies for spec in study.specs]
    recorded = [(Recorded(study), study.specs) for study in studies]
    names = {name for one, of in recorded for spec in of for name in _result(one, spec, metrics)}
    known = {name for name in names if f"regret_{name}" in names}
    known |= {name for _, spec in specs for name in judged_by(spec)} & names
    if known - {*COSTS}:
        check_known(metrics, known | {*COSTS})


def check_known(metrics: Sequence[str], known: Collection[str]) -> None:
    """UnknownNameError for one of the metrics that trials do not have."""
    for metric in metrics:
        if metric not in known:
            raise UnknownNameError("metric in these trials", metric, known)


def _any(results: Iterable[Mapping[str, Any]], metric: str) -> bool:
    return any(_is_number(result.get(metric)) for result in results)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
