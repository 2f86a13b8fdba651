"""Studies on disk with made-up results, where the numbers matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from nasbench_harness.reports.regression.identity import config_of
from nasbench_harness.reports.regression.series import Key, Measured, Series
from nasbench_harness.store.files import read_json, write_json
from nasbench_harness.store.outcomes import RESULT, Outcome, Status, write_failure
from nasbench_harness.store.studies import STUDY, plan_study
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan

METRIC = "cifar10_baseline_accuracy"
BEST = 94.0664
VERSIONS = {"nasbench-harness": "0.1.0", "torch": "2.14.1", "numpy": "2.4.6"}

Values = Sequence[float] | Mapping[int, float]
MakeStudy = Callable[..., Path]


@pytest.fixture
def study(tmp_path: Path) -> MakeStudy:
    """Make a study in the folder `name`, of methods with these accuracies by seed."""

    def make(name: str, values: Mapping[str, Values], queries: float = 0.0, **given: Any) -> Path:
        by_method = {method: by_seed(found) for method, found in values.items()}
        seeds = sorted({seed for found in by_method.values() for seed in found})
        basics = {"methods": ",".join(values), "seeds": seeds, "random": False, "table": "analog"}
        config = build_config(None, {**basics, **given}, [])
        folder = tmp_path / name
        folder.mkdir()
        made = plan_study(folder, config.model_dump(mode="json"), plan(config))
        for spec in made.specs:
            accuracy = by_method[spec.label].get(spec.seed)
            if accuracy is not None:
                place = made.trials_folder / spec.trial_id
                place.mkdir(parents=True)
                write_json(place / RESULT, result(accuracy, queries))
        return folder

    return make


def result(accuracy: float, queries: float = 0.0) -> dict[str, Any]:
    """What a trial leaves behind, as far as a check looks at it."""
    regret = {METRIC: accuracy, f"regret_{METRIC}": BEST - accuracy}
    other = {"cifar10_ptq_accuracy": accuracy - 1, "regret_cifar10_ptq_accuracy": BEST - accuracy}
    return {"status": "done", "error": "", **regret, **other, "queries": queries}


def by_seed(values: Values) -> dict[int, float]:
    """Values of the first seeds, or of those given."""
    return dict(values) if isinstance(values, Mapping) else dict(enumerate(values))


def fail(folder: Path, method: str, seed: int, why: str = "RuntimeError: it broke") -> None:
    """Let a trial of a study have failed."""
    (place,) = (folder / "trials").glob(f"{method}-s{seed}-*")
    (place / RESULT).unlink()
    write_failure(place, Outcome(place.name, Status.FAILED, why))


def edit_study(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change what a study says about itself."""
    content = read_json(folder / STUDY)
    edit(content)
    write_json(folder / STUDY, content)


def with_torch(version: str) -> Callable[[dict[str, Any]], None]:
    """Let a study have been run with another torch."""

    def edit(content: dict[str, Any]) -> None:
        content["facts"]["versions"]["torch"] = version

    return edit


def series(
    values: Values, method: str = "unas", metric: str = METRIC, *, device: str = "",
    version: str = "1", **config: Any,
) -> Series:  # fmt: skip
    """Values in memory, with a config as of a landscape."""
    key = Key(method, "nb201", "supernet" if device else "landscape", "cifar10", metric)
    settled = {"table": "analog", "table_hash": "a" * 64, "steps": 100, "settings": {}, **config}
    return Series(key, settled, version, device, by_seed(values))


def results(*found: Series, **versions: str) -> Measured:
    """All of them, with the usual versions or others."""
    return Measured(found, {**VERSIONS, **versions})


def spec_config(**given: Any) -> dict[str, Any]:
    """The config of a real trial."""
    basics = {"methods": "unas", "seeds": 1, "random": False, "table": "analog"}
    return config_of(plan(build_config(None, {**basics, **given}, []))[0])
