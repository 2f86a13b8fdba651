"""Small real studies, and made-up trials where the numbers matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nasbench_harness.jobs.driver import run_job
from nasbench_harness.reports.figures import drawing
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.store.studies import Study, gather, plan_study
from nasbench_harness.study.config import build_config
from nasbench_harness.study.planning import plan
from nasbench_harness.study.spec import TrialSpec

METRIC = "cifar10_baseline_accuracy"
BEST = 94.0664

Edit = Callable[[list[TrialSpec]], list[TrialSpec]]


def make_study(
    folder: Path, methods: str = "drnas,rea", seeds: int = 3, steps: int | None = 12, *,
    random: bool = True, edit: Edit = lambda specs: specs, run: bool = True, **given: Any,
) -> Study:  # fmt: skip
    """Plan a study in `folder` and run its trials in this process; `given` is of its config."""
    basics = {"methods": methods, "seeds": seeds, "steps": steps, "random": random}
    config = build_config(None, {**basics, **given}, [])
    folder.mkdir(parents=True)
    study = plan_study(folder, config.model_dump(mode="json"), edit(plan(config)))
    for spec in study.specs if run else []:
        run_job(spec, study.trials_folder / spec.trial_id)
    gather(study)
    return study


def relabelled(method: str, note: str) -> Edit:
    """Give a method's trials a label with `note` in it, whatever that holds."""

    def edit(specs: list[TrialSpec]) -> list[TrialSpec]:
        return [replace(s, overrides={"note": note}) if s.method == method else s for s in specs]

    return edit


def searching_on(metric: str, *methods: str) -> Edit:
    """Let these methods search on a metric of their own."""

    def edit(specs: list[TrialSpec]) -> list[TrialSpec]:
        return [replace(s, search_metric=metric) if s.method in methods else s for s in specs]

    return edit


def made_up(
    regrets: Mapping[str, Sequence[float]], statuses: Mapping[str, Sequence[str]] | None = None
) -> pd.DataFrame:
    """A trials table with these final regrets per method and seed."""
    rows: list[dict[str, Any]] = []
    for label, values in regrets.items():
        states = (statuses or {}).get(label, ["done"] * len(values))
        for seed, (regret, status) in enumerate(zip(values, states, strict=True)):
            row = {
                "trial": f"{label}-{seed}",
                "method": label,
                "method_name": label.partition("[")[0],
                "seed": seed,
                "status": status,
                "error": "" if status == "done" else "RuntimeError: it broke",
                "report_metric": METRIC,
                "steps": 100,
                "noise": 0.0,
            }
            if status == "done":
                row |= {
                    METRIC: BEST - regret,
                    f"regret_{METRIC}": regret,
                    "percentile": 99.0 - regret,
                    "search_seconds": 2.0 + seed,
                    "queries": 100.0 if label == "random" else 0.0,
                    "collapsed": False,
                    "connected": True,
                }
            rows.append(row)
    return pd.DataFrame(rows)


@pytest.fixture
def data_of(finished: Study) -> Callable[[pd.DataFrame], StudyData]:
    """A study with made-up trials in place of its own."""

    def build(trials: pd.DataFrame) -> StudyData:
        data = load_study(finished.folder)
        return StudyData(data.study, trials, data.history, data.space, data.table, "")

    return build


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Study:
    """A gradient method, evolution and random search with three seeds."""
    return make_study(tmp_path_factory.mktemp("study") / "drnas-rea-nb201")


def make_supernet_study(
    folder: Path, methods: str = "darts", seeds: int = 1, **given: Any
) -> Study:
    """Plan and run a study that trains tiny networks on a few digits."""
    tiny = {"width": 2, "cells": 1, "batch_size": 16}
    basics: dict[str, Any] = {
        "search": "supernet", "dataset": "digits", "recipe": "quick", "table": "analog",
        "epochs": 2, "limit": 120, "network": tiny,
    }  # fmt: skip
    return make_study(folder, methods, seeds, None, **{**basics, **given})


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory, table_cache: Path) -> Study:
    """Two methods on diagnosed supernets, and random sampling, with two seeds."""
    folder = tmp_path_factory.mktemp("supernet") / "darts-edas-digits"
    return make_supernet_study(folder, "darts,edas", seeds=2, diagnose_every=2)


@pytest.fixture(scope="session")
def searched_page(searched: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the study of supernets."""
    from nasbench_harness.reports import write_report

    return write_report(searched.folder, out=tmp_path_factory.mktemp("report"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coarse pictures, where nobody looks at them."""
    monkeypatch.setattr(drawing, "DPI", 30)


@pytest.fixture(scope="session")
def page(finished: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the finished study."""
    from nasbench_harness.reports import write_report

    return write_report(finished.folder, out=tmp_path_factory.mktemp("report"))
