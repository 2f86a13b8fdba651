"""Five public files become one table: read safely, prove the order, put side by side.

Only one of the sources carries the benchmark's index, so that each is first shown to be in its
order: strings, closed-form parameter counts, accuracies that must agree, the grouping of runs. A
file that fails its proof is refused; nothing is guessed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nasbench_harness.contracts import Architecture
from nasbench_harness.errors import HarnessError
from nasbench_harness.spaces.nb201.tables.schema import DATASETS, DEVICES, PROXIES, SEEDS, key
from nasbench_harness.tables.pickles import Record, load_restricted

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Arrays = dict[str, Array]

CELLS = 15_625
RUNS = 39_419
IMAGES = {"cifar10": 25_000, "cifar100": 10_000, "imagenet16-120": 6_000}
"""Images behind one validation accuracy of S5."""
RUN_COLUMNS = {
    "cifar10": "cifar10valid_val_200ep",
    "cifar100": "cifar100_valtest_200ep",
    "imagenet16-120": "imagenet16_120_valtest_200ep",
}
S5_NAMES = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet16-120": "imagenet"}
FOLDERS = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet16-120": "ImageNet16-120"}
SNAP = 1e-4
"""Largest distance, in images, of an S5 accuracy from a whole number of correct images."""


class MergeError(HarnessError):
    """A source that contradicts the others."""


def merge(folder: Path, cells: Sequence[Architecture], params: Callable[..., float]) -> Arrays:
    """All columns of the table in index order, from the source files below `folder`.

    `cells` are the architectures by official index, `params(arch, dataset)` the closed form.
    """
    columns: Arrays = {}
    columns |= read_test_accuracies(folder / "nats_bench.csv", cells)
    columns |= read_twelve_epochs(folder / "mini-bench-arch-cell-accs.pd", cells)
    columns |= read_params(folder / "freerea", cells, params)
    columns |= read_proxies(folder / "freerea", columns)
    columns |= read_latencies(folder / "latency")
    columns |= read_runs(folder / "metric_vals.pkl")
    for name in ("cifar100", "imagenet16_120"):  # two halves of equal size, same runs
        valtest, test = columns[f"{name}_valtest_200ep"], columns[f"{name}_test_200ep"]
        columns[f"{name}_val_200ep"] = 2 * valtest - test
    _prove_runs(columns)
    return columns


# --- S1 and S2: strings ------------------------------------------------------------------------


def read_test_accuracies(path: Path, cells: Sequence[Architecture]) -> Arrays:
    """S1: 200-epoch test accuracies and isomorphism classes."""
    frame = _read_csv(path)
    _prove(path, list(frame["ArchitectureString"]) == [str(arch) for arch in cells], "strings")
    first_seen: dict[str, int] = {}
    classes = [first_seen.setdefault(text, len(first_seen)) for text in frame["UniqueString"]]
    upstream = {"cifar10": "CIFAR10", "cifar100": "CIFAR100", "imagenet16-120": "ImageNet"}
    accuracies = {
        f"{key(dataset)}_test_200ep": _numbers(frame[f"{name}TestAccuracy200Epochs"])
        for dataset, name in upstream.items()
    }
    return {**accuracies, "unique_class": np.array(classes, dtype=np.float64)}


def read_twelve_epochs(path: Path, cells: Sequence[Architecture]) -> Arrays:
    """S2: accuracies of the 12-epoch schedule, a pickled data frame read without pandas."""
    upstream = read_pickled_frame(path)
    _prove(path, list(upstream["cellstr"]) == [str(arch) for arch in cells], "strings")
    names = {
        "cifar10-val": "cifar10valid_val", "cifar10-test": "cifar10_test",
        "cifar100-val": "cifar100_val", "cifar100-test": "cifar100_test",
        "imagenet-val": "imagenet16_120_val", "imagenet-test": "imagenet16_120_test",
    }  # fmt: skip
    return {f"{ours}_12ep": _numbers(upstream[theirs]) for theirs, ours in names.items()}


class _NewIndex:
    """Stands in for pandas' index: keeps the labels."""

    def __init__(self, _: Any, fields: Mapping[str, Any]) -> None:
        self.fields = fields


_NUMPY = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,  # type: ignore[attr-defined]
    ("numpy._core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,  # type: ignore[attr-defined]
    ("numpy.core.numeric", "_frombuffer"): np._core.numeric._frombuffer,  # type: ignore[attr-defined]
}
_FRAME = {
    **_NUMPY,
    ("builtins", "slice"): slice,
    ("pandas.core.frame", "DataFrame"): Record,
    ("pandas.core.internals.managers", "BlockManager"): Record,
    ("pandas.core.indexes.base", "Index"): Record,
    ("pandas.core.indexes.range", "RangeIndex"): Record,
    ("pandas.core.indexes.base", "_new_Index"): _NewIndex,
}


def read_pickled_frame(path: Path) -> dict[str, NDArray[Any]]:
    """A pickled pandas frame as columns: pandas' classes are stood in for by plain records."""
    frame = load_restricted(path.read_bytes(), _FRAME)
    try:
        state = frame.fields["_data"].fields[3]["0.14.1"]
        labels = list(state["axes"][0].fields["data"])
        blocks = [(block["mgr_locs"], block["values"]) for block in state["blocks"]]
    except (AttributeError, KeyError, IndexError, TypeError) as error:
        raise MergeError(f"{path} holds no data frame of the expected form.") from error
    columns: dict[str, NDArray[Any]] = {}
    for places, values in blocks:
        columns |= dict(zip(labels[places], values, strict=True))
    return columns


# --- S3 and S4: index order --------------------------------------------------------------------


def read_params(
    folder: Path, cells: Sequence[Architecture], params: Callable[..., float]
) -> Arrays:
    """S3: parameter counts in millions, which the closed form must give."""
    columns: Arrays = {}
    for dataset in DATASETS:
        path = folder / FOLDERS[dataset] / "params.csv"
        counts = _indexed(path, "params")
        if dataset == "imagenet16-120":  # the only one of the three in plain counts
            counts = counts / 1e6
        expected = np.array([params(arch, "params", dataset) for arch in cells]) / 1e6
        _prove(path, np.allclose(counts, expected, atol=1e-9, rtol=0), "parameter counts")
        columns[f"params_{key(dataset)}_m"] = expected
    return columns


def read_proxies(folder: Path, known: Arrays) -> Arrays:
    """S3: training-free proxies; the accuracies beside them must be those of S1."""
    columns: Arrays = {}
    for dataset in DATASETS:
        place = folder / FOLDERS[dataset]
        accuracy = _indexed(place / "accuracies.csv", "accuracy")
        same = np.array_equal(accuracy, known[f"{key(dataset)}_test_200ep"])
        _prove(place / "accuracies.csv", same, "accuracies")
        for proxy in PROXIES:
            columns[f"{proxy}_{key(dataset)}"] = _indexed(place / f"{proxy}.csv", proxy)
    return columns


def read_latencies(folder: Path) -> Arrays:
    """S4: latency in milliseconds per device, lists in index order."""
    columns: Arrays = {}
    for device in DEVICES:
        path = folder / f"{device}.pt"
        with zipfile.ZipFile(path) as archive:
            values = load_restricted(archive.read("archive/data.pkl"), {})
        column = np.array(values, dtype=np.float64)
        _prove(path, column.shape == (CELLS,) and bool((column > 0).all()), "number of latencies")
        columns[f"latency_ms_{device}"] = column
    return columns


# --- S5: runs ----------------------------------------------------------------------------------


def read_runs(path: Path) -> Arrays:
    """S5: the single 200-epoch runs, grouped to cells by their training time.

    All runs of a cell carry the same recorded time and stand together, seeds in the order 777,
    888, 999; two runs are the first two seeds.
    """
    values = load_restricted(path.read_bytes(), _NUMPY)
    time = np.asarray(values["cifar10"]["runtime"], dtype=np.float64)
    starts = np.flatnonzero(np.r_[True, time[1:] != time[:-1]])
    counts = np.diff(np.r_[starts, len(time)])
    grouped = len(time) == RUNS and len(starts) == CELLS and set(counts) <= {2, 3}
    _prove(path, grouped, "grouping of runs")
    for name in ("cifar100", "imagenet"):
        other = np.asarray(values[name]["runtime"])
        same = np.array_equal(np.flatnonzero(np.r_[True, other[1:] != other[:-1]]), starts)
        _prove(path, same, f"grouping of {name} runs")
    columns: Arrays = {
        "n_seeds_200ep": counts.astype(np.float64),
        "train_time_cifar10valid_200ep_s": time[starts],
        "params_cifar10_recorded_m": np.asarray(values["cifar10"]["size_in_mb"])[starts],
    }
    for dataset, column in RUN_COLUMNS.items():
        accuracy = 100 - np.asarray(values[S5_NAMES[dataset]]["loss"], dtype=np.float64)
        columns |= _seed_columns(column, _snap(path, accuracy, IMAGES[dataset]), starts, counts)
    return columns


def _seed_columns(
    name: str, accuracy: Array, starts: NDArray[np.intp], counts: NDArray[np.intp]
) -> Arrays:
    """The mean over seeds, and each seed with NaN where it was not trained."""
    columns: Arrays = {name: np.add.reduceat(accuracy, starts) / counts}
    for position, seed in enumerate(SEEDS):
        there = counts > position
        column = np.full(len(starts), np.nan)
        column[there] = accuracy[starts[there] + position]
        columns[f"{name}_seed{seed}"] = column
    return columns


def _snap(path: Path, accuracy: Array, images: int) -> Array:
    """Back to the exact fraction that single precision blurred."""
    correct = accuracy / 100 * images
    whole = np.round(correct)
    _prove(path, float(np.abs(correct - whole).max()) < SNAP, "fractions of images")
    return whole / images * 100


def _prove_runs(columns: Arrays) -> None:
    """Test means of S1 must be whole numbers of images over as many seeds as S5 has runs."""
    seeds = columns["n_seeds_200ep"]
    for dataset, images in (("cifar10", 10_000), ("cifar100", 5_000), ("imagenet16_120", 3_000)):
        correct = columns[f"{dataset}_test_200ep"] / 100 * images * seeds
        if float(np.abs(correct - np.round(correct)).max()) > SNAP:
            raise MergeError(
                f"The {dataset} test means are no fractions over the number of runs: the sources"
                " are not in the same order."
            )


# --- reading -----------------------------------------------------------------------------------


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise MergeError(f"{path} cannot be read ({error}).") from error


def _indexed(path: Path, column: str) -> Array:
    frame = _read_csv(path)
    _prove(path, list(frame["index"]) == list(range(CELLS)), "indices")
    return _numbers(frame[column])


def _numbers(values: Any) -> Array:
    return np.asarray(values, dtype=np.float64)


def _prove(path: Path, holds: bool, what: str) -> None:
    if not holds:
        raise MergeError(f"{path} is not in the benchmark's order: its {what} do not agree.")
