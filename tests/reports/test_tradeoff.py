"""The figure of accuracy against cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.contracts import CompleteTable
from nasbench_harness.reports.analysis.everycost import every_cost
from nasbench_harness.reports.figures import tradeoff
from nasbench_harness.reports.figures.drawing import Drawing, Omitted, save
from nasbench_harness.reports.figures.style import method_styles
from nasbench_harness.reports.figures.tradeoff import Height, pareto_front
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.spaces.nb201 import NB201
from nasbench_harness.store.studies import Study

from .conftest import METRIC, make_study


@pytest.fixture
def data(finished: Study) -> StudyData:
    return load_study(finished.folder)


def drawn(data: StudyData) -> Drawing:
    styles = method_styles({label: label.partition("[")[0] for label in data.labels}, "random")
    figure = tradeoff.draw(data, styles)
    assert isinstance(figure, Drawing)
    return figure


def test_the_front_is_what_nothing_dominates() -> None:
    random = np.random.default_rng(0)
    cost = random.integers(0, 12, 300).astype(float)  # many are equally expensive
    accuracy = random.integers(0, 40, 300).astype(float)
    cost[5], accuracy[9] = np.nan, np.nan
    usable = np.isfinite(cost) & np.isfinite(accuracy)
    dominated = [
        bool(
            (usable & (cost <= c) & (accuracy >= a) & ((cost < c) | (accuracy > a))).any()
        )
        for c, a in zip(cost, accuracy, strict=True)
    ]  # fmt: skip
    assert pareto_front(cost, accuracy).tolist() == (usable & ~np.array(dominated)).tolist()


def test_equal_cells_share_the_front() -> None:
    cost, accuracy = np.array([1.0, 1.0, 2.0, 3.0]), np.array([90.0, 90.0, 90.0, 91.0])
    assert pareto_front(cost, accuracy).tolist() == [True, True, False, True]


def test_costs_of_the_whole_space_are_in_rank_order(space: NB201) -> None:
    costs = every_cost(space, "params", "cifar100")
    assert len(costs) == space.size
    for rank in (0, 1, 777, 15_624):
        assert costs[rank] == space.cost(space.unrank(rank), "params", "cifar100")


def test_every_answer_is_a_mark(data: StudyData, table: CompleteTable) -> None:
    rows = drawn(data).tables["tradeoff"]
    assert rows.groupby("method")["found"].sum().to_dict() == dict.fromkeys(data.labels, 3)
    known = data.done.set_index("architecture")
    for row in rows.to_dict("records"):
        trial = known.loc[[row["architecture"]]].iloc[0]
        assert row["accuracy"] == pytest.approx(trial[METRIC])
        assert row["params_m"] == pytest.approx(trial["params"] / 1e6)
        assert row["flops_m"] == pytest.approx(trial["flops"] / 1e6)
        column, better = table.column(METRIC), row["accuracy"]
        cheaper = every_cost(NB201(), "params", "cifar10") / 1e6 <= row["params_m"] - 1e-9
        assert not row["front_params_m"] or column[cheaper].max(initial=0) < better


def test_the_words_count_the_cells_on_the_front(data: StudyData) -> None:
    figure = drawn(data)
    cells = figure.tables["tradeoff"].drop_duplicates("architecture")
    on = int(cells["front_params_m"].sum())
    words = f"{on} of {len(cells)} found cells on the front"
    assert f"{words} of parameters" in plain(figure.caption)
    assert words in figure.panels[0].alt
    assert all(f"{label}: " in figure.panels[0].alt for label in data.labels)


def test_fronts_of_what_was_asked_for_are_lines(tmp_path: Path, table_cache: Path) -> None:
    """Of the cost that is held, as steps that nothing of the seed's archive lies above."""
    methods = "rea[cost=flops],random,unas[cost=flops,cost_fit_samples=20]"
    data = load_study(make_study(tmp_path / "s", methods, 3, 40, random=False).folder)
    figure = drawn(data)
    asked = figure.tables["tradeoff-asked"]
    assert set(asked["method"]) == {"rea[cost=flops]"}
    assert set(asked["cost"]) == {"flops"}
    assert asked["value"].is_monotonic_increasing
    assert asked["accuracy"].is_monotonic_increasing
    archives = [set(front) for front in data.done.set_index("method")["front"]["rea[cost=flops]"]]
    assert any(set(asked["architecture"]) <= archive for archive in archives)
    assert "all that one seed of rea[cost=flops] asked for" in plain(figure.caption)


def test_without_costs_nothing_is_asked_for(data: StudyData) -> None:
    assert "tradeoff-asked" not in drawn(data).tables


def test_the_drawing_is_small(data: StudyData, tmp_path: Path) -> None:
    saved = save(drawn(data), tmp_path)
    assert len(saved.svg.encode()) < 60_000
    front = pd.read_csv(tmp_path / "tradeoff-front.csv")
    for _, part in front.groupby("cost"):
        assert part["value"].is_monotonic_increasing
        assert part["accuracy"].is_monotonic_increasing


def test_without_its_table_it_is_left_out_with_the_reason(data: StudyData) -> None:
    gone = replace(data, table=None, table_missing="the table is gone")
    assert tradeoff.draw(gone, {}) == Omitted("tradeoff", tradeoff.TITLE, "the table is gone")


def test_without_a_result_it_has_no_place(tmp_path: Path, table_cache: Path) -> None:
    assert tradeoff.draw(load_study(make_study(tmp_path / "s", run=False).folder), {}) is None


def test_accuracies_keep_their_order_and_the_best_is_on_top() -> None:
    accuracy = np.array([10.0, 54.3, 90.0, 93.9, 94.2, 94.37])
    height = Height(accuracy, lowest=54.3)
    places = height.of(accuracy)
    assert (np.diff(places) > 0).all()
    assert places[-1] == 0
    assert height.limits[0] < height.of(np.array(54.3)) < 0 < height.limits[1]
    ticks = height.ticks()
    assert ticks[0] == pytest.approx(94.37)
    assert ticks == sorted(ticks, reverse=True)
    assert {94.37, 93.5, 93.0, 90.0, 80.0, 70.0} <= set(ticks)


@pytest.mark.parametrize(
    ("cost", "second"),
    [(None, "latency_ms_pixel3"), ("latency:fpga", "latency_ms_fpga"), ("flops", "flops_m")],
)
@pytest.mark.usefixtures("official")
def test_latency_is_that_of_the_studys_device(
    cost: str | None, second: str, tmp_path: Path
) -> None:
    methods = f"unas[cost={cost},cost_fit_samples=30]" if cost else "unas"
    study = make_study(tmp_path / "s", methods, seeds=1, steps=3, random=False)
    rows = drawn(load_study(study.folder)).tables["tradeoff"]
    assert {"params_m", second} <= set(rows)
    assert len([column for column in rows if column.startswith("front_")]) == 2
