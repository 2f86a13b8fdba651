"""Curves over steps, seconds and simulated cost: which numbers, and which pictures of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.reports import write_report
from nasbench_harness.reports.figures.curves import (
    GPU_HOURS,
    SIMULATED,
    STEPS,
    budgets,
    curves,
    held,
)
from nasbench_harness.reports.figures.regretlines import cost_ticks
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.store.studies import Study
from nasbench_harness.tables.columns import ColumnTable
from tests.steps_recorded import recorded, recording

from .conftest import BEST, METRIC, made_up, make_study
from .htmlpage import Page

PATHS = {"rea-0": ([1.0, 2.0, 4.0], [3.0, 2.0, 1.0]), "rea-1": ([1.5, 3.0], [5.0, 0.0])}
"""GPU hours and regrets of two seeds."""


@pytest.fixture
def costed(data_of: Callable[[pd.DataFrame], StudyData]) -> StudyData:
    """Two seeds of evolution with costs, and a gradient method without any."""
    data = data_of(made_up({"rea": [1.0, 0.0], "drnas": [0.1, 0.2]}))
    rows = [
        {"trial": trial, "method": "rea", "step": step, SIMULATED: cost, f"regret_{METRIC}": regret}
        for trial, (costs, regrets) in PATHS.items()
        for step, (cost, regret) in enumerate(zip(costs, regrets, strict=True), start=1)
    ]
    rows += [
        {"trial": f"drnas-{seed}", "method": "drnas", "step": 1, f"regret_{METRIC}": 0.1}
        for seed in range(2)
    ]
    return recording(data, pd.DataFrame(rows))


@pytest.fixture
def costed_study(finished: Study, tmp_path: Path) -> Path:
    """A study folder whose query methods have costs, as a table with training times gives them."""
    folder = tmp_path / "costed"
    shutil.copytree(finished.folder, folder)
    history = pd.read_parquet(folder / "history.parquet")
    history[SIMULATED] = (0.04 * history["queries"]).where(history["queries"] > 0)
    history.to_parquet(folder / "history.parquet")
    shutil.rmtree(folder / "trials")  # tables alone, as somebody may have published them
    return folder


def test_an_answer_holds_until_the_next_one_is_paid_for() -> None:
    path = (np.array([1.0, 2.0, 2.0, 4.0]), np.array([9.0, 8.0, 7.0, 6.0]))
    assert list(held(path, np.array([1.0, 1.9, 2.0, 3.9, 4.0, 8.0]))) == [9, 9, 7, 7, 6, 6]


def test_curves_are_means_of_steps_on_a_common_grid(costed: StudyData) -> None:
    found = curves(costed, GPU_HOURS)
    assert set(found["method"]) == {"rea"}
    assert set(found["seeds"]) == {2}
    hours, mean = found["gpu_hours"].to_numpy(), found["regret_mean"].to_numpy()
    assert (hours[0], hours[-1]) == (1.5, 4.0)
    assert (np.diff(hours) > 0).all()
    for low, high, expected in ((1.5, 2, 4.0), (2, 3, 3.5), (3, 4, 1.0)):
        assert set(mean[(hours >= low) & (hours < high)]) == {expected}
    assert mean[-1] == 0.5
    assert found["regret_low"].isna().all()  # two seeds tell no spread
    assert found["regret_high"].isna().all()


def test_curves_end_where_the_summary_does(costed_study: Path) -> None:
    data = load_study(costed_study)
    last = curves(data, GPU_HOURS).groupby("method").last()
    assert set(last.index) == {"rea", "random"}
    for label in last.index:
        assert last.loc[label, "regret_mean"] == pytest.approx(data.row(label).regret_mean)


def test_figure_leaves_all_its_files_and_says_what_costs_are(
    costed_study: Path, quick: None
) -> None:
    page = write_report(costed_study)
    folder = page.parent / "figures"
    for quantity in ("regret", "accuracy"):
        stem = folder / f"anytime-{quantity}-gpu-hours"
        ElementTree.parse(stem.with_suffix(".svg"))
        assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert set(pd.read_csv(folder / "anytime-gpu-hours.csv")["method"]) == {"rea", "random"}
    for text in (Page(page.read_text()).words, (page.parent / "report.md").read_text()):
        assert "GPU hours" in text
        assert "recorded training times scaled to the queried epochs" in text
        assert "Gradient methods on a landscape train nothing and have no such cost" in text


def test_without_costs_there_is_no_such_axis(page: Path, finished: Study) -> None:
    assert GPU_HOURS not in budgets(load_study(finished.folder))
    assert "GPU hours" not in Page(page.read_text()).words
    assert not list((page.parent / "figures").glob("*gpu-hours*"))


def test_accuracy_is_what_regret_leaves_of_the_optimum(finished: Study) -> None:
    data = load_study(finished.folder)
    found = curves(data, STEPS)
    assert found["accuracy_mean"].to_numpy() + found["regret_mean"].to_numpy() == pytest.approx(
        BEST, abs=1e-4
    )
    assert (found["accuracy_low"] <= found["accuracy_mean"] + 1e-9).all()
    assert (found["accuracy_high"] >= found["accuracy_mean"] - 1e-9).all()


def test_one_seed_with_one_answer_is_one_point(costed: StudyData) -> None:
    data = recording(costed, recorded(costed)[:1])
    found = curves(data, GPU_HOURS)
    assert list(found["gpu_hours"]) == [1.0]
    assert found["regret_low"].isna().all()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.045, 4.2, [0.05, 0.1, 0.2, 0.5, 1, 2]),
        (0.03, 900, [0.1, 1, 10, 100]),
        (3.1, 4.9, [4]),
    ],
)
def test_cost_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert cost_ticks(low, high) == pytest.approx(expected)


def test_official_costs_are_those_of_the_queried_cells(
    official: ColumnTable, tmp_path: Path
) -> None:
    data = load_study(make_study(tmp_path / "s", "drnas,rea", seeds=2).folder)
    found = curves(data, GPU_HOURS)
    assert set(found["method"]) == {"rea", "random"}
    ends = data.done.groupby("method")[SIMULATED].max()
    for label, curve in found.groupby("method"):
        assert curve["gpu_hours"].iloc[-1] == pytest.approx(ends[label])
