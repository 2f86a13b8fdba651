"""Files in exactly the official structure, built with the official packages' own classes."""

from __future__ import annotations

import importlib
import math
import random
import tarfile
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nasbench_harness.spaces.nb201.tables.curves import LearningCurves
from nasbench_harness.tables.columns import ColumnTable

if TYPE_CHECKING:
    from nasbench_harness.spaces.nb201 import NB201

CLASSES = {"cifar10-valid": 10, "cifar10": 10, "cifar100": 100, "ImageNet16-120": 120}
SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("ori-test", "x-valid", "x-test"),
    "ImageNet16-120": ("ori-test", "x-valid", "x-test"),
}
COLUMNS = {  # the benchmark's names to the table's
    ("cifar10-valid", "train"): ("cifar10valid", "train"),
    ("cifar10-valid", "x-valid"): ("cifar10valid", "val"),
    ("cifar10-valid", "ori-test"): ("cifar10valid", "test"),
    ("cifar10", "train"): ("cifar10", "train"),
    ("cifar10", "ori-test"): ("cifar10", "test"),
    **{
        (upstream, name): (ours, split)
        for upstream, ours in (("cifar100", "cifar100"), ("ImageNet16-120", "imagenet16_120"))
        for name, split in (
            ("train", "train"), ("x-valid", "val"), ("x-test", "test"), ("ori-test", "valtest"),
        )
    },
}  # fmt: skip
Final = Callable[[int, str, str, int, int], float]
"""Last-epoch accuracy: index, data set, evaluation set, epochs, seed."""


def invented(index: int, dataset: str, name: str, epochs: int, seed: int) -> float:
    """An accuracy nobody measured, the same every time it is asked for."""
    return random.Random(f"{index} {dataset} {name} {epochs} {seed}").uniform(1, 99)


@dataclass
class Builder:
    """Builds cells as the benchmark does.

    `style` is how a run was recorded: `old` knows most evaluation sets after the last epoch only
    and got its times afterwards, `new` has every epoch, `short` the last one and no times at all.
    """

    package: str
    archs: Sequence[str]
    final: Final = invented
    seeds: Callable[[int], tuple[int, ...]] = lambda index: ((777,), (777, 888), (777, 888, 999))[
        index % 3
    ]
    style: Callable[[int], str] = lambda index: ("old", "new")[index % 2]
    less: Mapping[str, tuple[int, ...]] = field(
        default_factory=lambda: {**dict.fromkeys(CLASSES, (777,)), "cifar10-valid": (111, 777)}
    )

    def __post_init__(self) -> None:
        self.api = importlib.import_module(f"{self.package}.api_utils")

    def cell(self, index: int, keys: tuple[str, str]) -> dict[str, Any]:
        """Both schedules of a cell as state dictionaries; `keys` names the 12 and 200 epochs."""
        runs = {12: self.less, 200: dict.fromkeys(CLASSES, self.seeds(index))}
        return OrderedDict(
            (key, self.results(index, epochs, runs[epochs]).state_dict())
            for key, epochs in zip(keys, (12, 200), strict=True)
        )

    def results(self, index: int, epochs: int, runs: Mapping[str, tuple[int, ...]]) -> Any:
        """An `ArchResults`."""
        results = self.api.ArchResults(index, self.archs[index])
        style = "new" if epochs == 12 and self.style(index) != "short" else self.style(index)
        for dataset, seeds in runs.items():
            for seed in seeds:
                results.update(dataset, seed, self.run(index, dataset, epochs, seed, style))
        if style == "old":
            self._pseudo_times(results, runs)
        results.clear_params()
        return results

    def run(self, index: int, dataset: str, epochs: int, seed: int, style: str) -> Any:
        """A `ResultsCount`."""

        def curve(name: str) -> dict[int, float]:
            end = self.final(index, dataset, name, epochs, seed)
            known = range(epochs - 1, epochs) if style == "short" else range(epochs)
            return {e: end * math.sqrt((e + 1) / epochs) for e in known}

        config = {
            "channel": 16, "num_cells": 5, "arch_str": self.archs[index],
            "class_num": CLASSES[dataset],
        }  # fmt: skip
        train = losses = curve("train")
        params, flops = np.float64(0.1 + index / 1e5), 7.78 + index / 100
        result = self.api.ResultsCount(
            dataset, None, train, losses, params, flops, config, seed, epochs, None
        )
        result.update_latency([0.01 + index / 1e6, 0.012 + index / 1e6])
        if style == "new":
            times = {e: 3.0 + e / 7 + index / 1e4 + seed / 1e6 for e in range(epochs)}
            result.update_train_info(train, train, losses, times)
            keys = {f"{name}@{e}": acc for name in SETS[dataset] for e, acc in curve(name).items()}
            result.update_eval(keys, keys, dict.fromkeys(keys, 0.5 + index / 1e4))
            return result
        whole = "x-valid" if dataset == "cifar10-valid" else "ori-test"
        for name in SETS[dataset]:
            accs = curve(name)
            shown = accs if name == whole else {epochs - 1: accs[epochs - 1]}
            result.update_OLD_eval(name, shown, shown)
        return result

    @staticmethod
    def _pseudo_times(results: Any, runs: Mapping[str, tuple[int, ...]]) -> None:
        for dataset in runs:
            results.reset_pseudo_train_times(dataset, None, 7.25 * CLASSES[dataset])
            for name in SETS[dataset]:
                results.reset_pseudo_eval_times(dataset, None, name, 0.75)

    def pth(self, indices: Sequence[int]) -> dict[str, Any]:
        """What the official `.pth` holds."""
        return {
            "meta_archs": list(self.archs),
            "arch2infos": {index: self.cell(index, ("less", "full")) for index in indices},
            "evaluated_indexes": set(indices),
        }

    def folder(self, folder: Path, indices: Sequence[int]) -> Path:
        """A NATS-Bench folder."""
        folder.mkdir(parents=True)
        self.meta(folder)
        for index in indices:
            content = self.cell(index, ("12", "200"))
            self.api.pickle_save(content, folder / f"{index:06d}.pickle")
        return folder

    def meta(self, folder: Path) -> None:
        """The folder's list of cells."""
        meta = {
            "meta_archs": list(self.archs), "total_archs": len(self.archs), "arch2infos": None,
            "evaluated_indexes": set(),
        }  # fmt: skip
        self.api.pickle_save(meta, folder / "meta.pickle")


@dataclass
class Comparison:
    """Asks the official API and the converted table the same, and counts the answers."""

    space: NB201
    folder: Path
    compared: int = 0
    missing: int = 0

    def __post_init__(self) -> None:
        self.table = ColumnTable(self.folder)
        self.curves = LearningCurves(self.folder)

    def all(self, api: Any, indices: Sequence[int], epochs: Sequence[int] | None = None) -> None:
        """Every set, seed and cost; every epoch, or only those counted from the end."""
        for index in indices:
            rank = self.space.rank(self.space.at_index(index))
            for schedule in (12, 200):
                results = api.arch2infos_dict[index][str(schedule)]
                for dataset, name in COLUMNS:
                    if dataset in results.get_dataset_names():
                        self._accuracies(results, rank, dataset, name, schedule, epochs)
                for dataset in results.get_dataset_names():
                    self._costs(api, index, rank, dataset, schedule)

    def _accuracies(
        self, results: Any, rank: int, dataset: str, name: str, schedule: int,
        chosen: Sequence[int] | None,
    ) -> None:  # fmt: skip
        prefix, split = COLUMNS[dataset, name]
        for seed in (None, *results.get_dataset_seeds(dataset)):
            mine = self.curves.curve(prefix, split, schedule, rank, seed)
            assert mine.shape == (schedule,)
            for epoch in [schedule + e for e in chosen] if chosen else range(schedule):
                theirs = self._asked(results, dataset, name, epoch, False if seed is None else seed)
                self._same(mine[epoch], theirs, (rank, dataset, name, schedule, epoch, seed))
            if split != "train" or seed is None:
                suffix = "" if seed is None else f"_seed{seed}"
                column = f"{prefix}_{split}_{schedule}ep{suffix}"
                self._same(self.table.column(column)[rank], float(mine[-1]), (rank, column))

    def _asked(
        self, results: Any, dataset: str, name: str, epoch: int, seed: int | bool
    ) -> float | None:
        try:
            answer: float = results.get_metrics(dataset, name, epoch, seed)["accuracy"]
        except KeyError:
            return None
        return answer

    def _costs(self, api: Any, index: int, rank: int, dataset: str, schedule: int) -> None:
        prefix = COLUMNS[dataset, "train"][0]
        cost, end = api.get_cost_info(index, dataset, str(schedule)), f"{schedule}ep"
        answers = {
            f"params_{prefix}_recorded_{end}_m": cost["params"],
            f"flops_{prefix}_recorded_{end}_m": cost["flops"],
            f"latency_ms_recorded_{prefix}_{end}": cost["latency"] and 1000 * cost["latency"],
            f"train_time_{prefix}_{end}_s": cost["T-train@total"],
            **{
                f"eval_time_{prefix}_{COLUMNS[dataset, name][1]}_{end}_s": cost[f"T-{name}@epoch"]
                for name in SETS[dataset]
            },
        }
        for column, answer in answers.items():
            mine = (
                float(self.table.column(column)[rank]) if column in self.table.metrics else math.nan
            )
            self._same(mine, answer, (index, column))

    def _same(self, mine: float, theirs: float | None, what: object) -> None:
        if theirs is None or math.isnan(theirs):
            assert math.isnan(mine), what
            self.missing += 1
        else:
            assert float(mine) == float(theirs), what
            self.compared += 1


@pytest.fixture(scope="session")
def archs(space: NB201) -> list[str]:
    """The benchmark's list of cells."""
    return [str(space.at_index(index)) for index in range(space.size)]


@pytest.fixture(scope="session")
def builder(archs: list[str]) -> Callable[..., Builder]:
    """Makes a builder for one of the two official packages."""

    def make(package: str, **options: Any) -> Builder:
        pytest.importorskip(package)
        return Builder(package, archs, **options)

    return make


@pytest.fixture
def compare(space: NB201) -> Callable[[Path], Comparison]:
    """Makes a comparison with a converted table."""
    return lambda folder: Comparison(space, folder)


@pytest.fixture
def pth_api() -> Callable[[dict[str, Any]], Any]:
    """The official API on the content of a `.pth`."""
    package = importlib.import_module("nas_201_api")
    return lambda content: package.NASBench201API(content, verbose=False)


@pytest.fixture
def nats_api() -> Callable[[Path, Sequence[int]], Any]:
    """The official API on a folder, with these cells loaded."""
    package = pytest.importorskip("nats_bench")

    def create(folder: Path, indices: Sequence[int]) -> Any:
        api = package.create(str(folder), "tss", fast_mode=True, verbose=False)
        for index in indices:
            api.get_cost_info(index, "cifar10-valid")
        return api

    return create


@pytest.fixture
def make_tar() -> Callable[[Path], Path]:
    """Packs a folder as it is downloaded, the list of cells last."""

    def pack(folder: Path) -> Path:
        path = folder.with_suffix(".tar")
        with tarfile.open(path, "w") as tar:
            for member in sorted(folder.iterdir()):
                tar.add(member, f"{folder.name}/{member.name}")
        return path

    return pack


@pytest.fixture(scope="session")
def small_pth(
    builder: Callable[..., Builder], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """A `.pth` of a few cells, as torch wrote them then, and its content."""
    import torch

    path = tmp_path_factory.mktemp("pth") / "NAS-Bench-201-v1_1-096897.pth"
    content = builder("nas_201_api").pth(range(0, 15625, 4691))
    torch.save(content, path, _use_new_zipfile_serialization=False)
    return path, content


@pytest.fixture(scope="session")
def small_folder_of_cells(
    builder: Callable[..., Builder], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, range]:
    """A NATS-Bench folder of a few cells, and which."""
    indices = range(0, 15625, 4691)
    folder = tmp_path_factory.mktemp("nats") / "NATS-tss-v1_0-3ffb9-simple"
    return builder("nats_bench").folder(folder, indices), indices
