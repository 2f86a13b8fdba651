"""One cell's official results as plain numbers.

Works on the `ArchResults` objects of both official packages (`nas_201_api`, `nats_bench`), which
answer alike: a number is the mean over the runs of a data set, in their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201.tables.recorded import TRAININGS, CellTraining

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MISSING = float("nan")


@dataclass(frozen=True)
class Runs:
    """The learning curves of a cell on one data set under one schedule."""

    seeds: tuple[int, ...]
    accuracy: NDArray[np.float64]
    """[runs, splits, epochs] percent; NaN where an epoch was not evaluated."""


@dataclass(frozen=True)
class CellRecord:
    """Everything kept of a cell."""

    arch: str
    numbers: Mapping[str, float]
    """By column name; what the source lacks is not there."""
    runs: Mapping[tuple[str, int], Runs]
    """By column prefix and epochs."""


def read_cell(schedules: Mapping[int, Any]) -> CellRecord:
    """The numbers of a cell, given its `ArchResults` by epochs.

    HarnessError when they are not built as the benchmark builds them.
    """
    try:
        return _read(schedules)
    except HarnessError:
        raise
    except Exception as error:  # foreign content fails in any way it likes
        raise HarnessError(
            "it is not built as NAS-Bench-201 builds its results"
            f" ({type(error).__name__}: {str(error)[:200]})"
        ) from error


def _read(schedules: Mapping[int, Any]) -> CellRecord:
    archs = {str(results.arch_str) for results in schedules.values()}
    if len(archs) != 1:
        raise HarnessError(f"it holds results of {len(archs)} cells where one was expected")
    numbers: dict[str, float] = {}
    runs: dict[tuple[str, int], Runs] = {}
    for epochs, results in schedules.items():
        for training in TRAININGS:
            if not results.dataset_seed.get(training.upstream):
                continue
            run = read_runs(results, training, epochs)
            runs[training.prefix, epochs] = run
            numbers.update(accuracies(training, epochs, run))
            numbers.update(costs(results, training, epochs))
    return CellRecord(archs.pop(), {**numbers, **dict(_shared(numbers))}, runs)


def read_runs(results: Any, training: CellTraining, epochs: int) -> Runs:
    """Every run's accuracies in every epoch: the official `get_train` and `get_eval`, in bulk."""
    import numpy as np

    seeds = tuple(int(seed) for seed in results.get_dataset_seeds(training.upstream))
    values = np.full((len(seeds), len(training.splits), epochs), _MISSING)
    for row, seed in zip(values, seeds, strict=True):
        result = results.query(training.upstream, seed)
        if result.get_total_epoch() != epochs:
            raise HarnessError(
                f"its {epochs}-epoch results on {training.upstream} have"
                f" {result.get_total_epoch()} epochs"
            )
        for split, name in enumerate(training.sets.values()):
            row[split] = _curve(result, name, epochs)
    return Runs(seeds, values)


def _curve(result: Any, name: str, epochs: int) -> list[float]:
    if name == "train":
        return [result.train_acc1es.get(epoch, _MISSING) for epoch in range(epochs)]
    return [result.eval_acc1es.get(key, _MISSING) for key in _keys(name, epochs)]


@cache
def _keys(name: str, epochs: int) -> tuple[str, ...]:
    """What the benchmark calls an evaluation: `x-valid@11` is the set after the twelfth epoch."""
    return tuple(f"{name}@{epoch}" for epoch in range(epochs))


def accuracies(training: CellTraining, epochs: int, runs: Runs) -> Iterator[tuple[str, float]]:
    """Last-epoch accuracies, percent: the mean over the runs, and each run but for `train`."""
    for split, values in zip(training.splits, runs.accuracy[:, :, -1].T.tolist(), strict=True):
        name = f"{training.prefix}_{split}_{epochs}ep"
        yield name, sum(values) / len(values)
        if split != "train":
            for seed, value in zip(runs.seeds, values, strict=True):
                yield f"{name}_seed{seed}", value


def costs(results: Any, training: CellTraining, epochs: int) -> Iterator[tuple[str, float]]:
    """What the official `get_compute_costs` answers, in seconds, milliseconds and millions."""
    prefix, end = training.prefix, f"{epochs}ep"
    cost = results.get_compute_costs(training.upstream)
    yield f"n_seeds_{prefix}_{end}", float(len(results.dataset_seed[training.upstream]))
    yield f"train_time_{prefix}_{end}_s", _number(cost.get("T-train@total"))
    for split, name in training.sets.items():
        if split != "train":
            yield f"eval_time_{prefix}_{split}_{end}_s", _number(cost.get(f"T-{name}@epoch"))
    yield f"latency_ms_recorded_{prefix}_{end}", 1000 * _number(cost["latency"])
    yield f"params_{prefix}_recorded_{end}_m", _number(cost["params"])
    yield f"flops_{prefix}_recorded_{end}_m", _number(cost["flops"])


def _number(value: Any) -> float:
    return _MISSING if value is None else float(value)


def _shared(numbers: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """Columns of the public table that summarise several trainings."""
    counts = {numbers.get(f"n_seeds_{training.prefix}_200ep") for training in TRAININGS} - {None}
    if len(counts) == 1:
        yield "n_seeds_200ep", counts.pop() or _MISSING
    if (recorded := numbers.get("params_cifar10valid_recorded_200ep_m")) is not None:
        yield "params_cifar10_recorded_m", recorded
