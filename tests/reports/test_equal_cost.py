"""Query methods at equal cost, and how long searches took to a good enough answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nasbench_harness.reports.analysis.equalcost import (
    anytime_areas,
    common_budget,
    equal_budgets,
    equal_cost,
    query_paths,
    values_at,
)
from nasbench_harness.reports.analysis.totarget import (
    hitting_times,
    reaching,
    time_to_target,
    usual_target,
)
from nasbench_harness.reports.figures import targets
from nasbench_harness.reports.figures.style import method_styles
from nasbench_harness.reports.statistics.twosample import two_sample_p
from nasbench_harness.reports.study.data import StudyData, load_study
from nasbench_harness.reports.study.smallest import SmallestDifference
from nasbench_harness.reports.tables import equalcost, totarget
from nasbench_harness.reports.tables.exhibits import exhibits
from nasbench_harness.reports.words.marked import plain
from nasbench_harness.store.studies import Study
from tests.steps_recorded import recorded, recording

from .conftest import METRIC, made_up, make_study

Path_ = tuple[list[int], list[float]]
"""Queries of the recorded steps of a seed, and the regrets."""
REA: list[Path_] = [
    ([1, 5, 40, 200], [8.0, 4.0, 2.0, 0.1]),
    ([1, 20, 40, 150], [6.0, 3.0, 0.1, 0.1]),
]
RANDOM: list[Path_] = [([1, 30, 120], [9.0, 5.0, 1.0]), ([2, 60, 100], [7.0, 3.0, 0.0])]


def rows_of(label: str, paths: list[Path_]) -> list[dict[str, object]]:
    return [
        {"trial": f"{label}-{seed}", "method": label, "seed": seed, "step": step, "queries": asked,
         f"regret_{METRIC}": regret, METRIC: 94.0 - regret}
        for seed, (queries, regrets) in enumerate(paths)
        for step, (asked, regret) in enumerate(zip(queries, regrets, strict=True), start=1)
    ]  # fmt: skip


@pytest.fixture
def asked(data_of: Callable[[pd.DataFrame], StudyData]) -> StudyData:
    """Two query methods with uneven budgets, and a gradient method."""
    trials = made_up({"rea": [0.1, 0.1], "random": [1.0, 0.0], "drnas": [0.0, 0.0]})
    trials.loc[trials["method"] == "rea", "queries"] = 175.0
    gradient = [([0, 0], [4.0, 0.0]), ([0, 0], [4.0, 3.0])]
    parts = [("rea", REA), ("random", RANDOM), ("drnas", gradient)]
    history = [row for label, paths in parts for row in rows_of(label, paths)]
    return recording(data_of(trials), pd.DataFrame(history))


def test_the_largest_common_budget_is_what_every_seed_reached(asked: StudyData) -> None:
    assert common_budget(query_paths(asked)) == 100
    assert equal_budgets(query_paths(asked)) == [10, 30, 100]


def test_regrets_are_those_of_the_last_answer_paid_for(asked: StudyData) -> None:
    assert values_at(query_paths(asked)["rea"], 10).tolist() == [4.0, 6.0]
    assert values_at(query_paths(asked)["rea"], 100).tolist() == [2.0, 0.1]
    assert values_at(query_paths(asked)["random"], 30).tolist() == [5.0, 7.0]


def test_rows_are_ordered_by_the_end_of_the_common_budget(asked: StudyData) -> None:
    rows = equal_cost(asked)
    assert rows["method"].to_list() == ["rea", "random"]
    assert rows["at_100"].to_list() == pytest.approx([1.05, 2.5])
    assert rows["at_10"].to_list() == pytest.approx([5.0, 8.0])


def test_the_area_is_that_of_the_steps(asked: StudyData) -> None:
    first = (4 * 8 + 35 * 4 + 60 * 2) / 99
    second = (19 * 6 + 20 * 3 + 60 * 0.1) / 99
    assert anytime_areas(query_paths(asked)["rea"], 100) == pytest.approx([first, second])


def test_areas_are_tested_against_the_baseline_s(
    data_of: Callable[[pd.DataFrame], StudyData], asked: StudyData
) -> None:
    rows = equal_cost(asked).set_index("method")
    assert rows["p_area"]["rea"] == 1.0  # two seeds each can show nothing
    assert math.isnan(rows["p_area"]["random"])

    trials = made_up({"rea": [0.1] * 6, "random": [1.0] * 6})
    trials["queries"] = 100.0
    better = [([1, 50, 100], [4.0 + seed, 1.0, 0.1]) for seed in range(6)]
    worse = [([1, 50, 100], [9.0 + seed, 5.0, 1.0]) for seed in range(6)]
    history = pd.DataFrame(rows_of("rea", better) + rows_of("random", worse))
    data = recording(data_of(trials), history)
    paths = query_paths(data)
    p_value = two_sample_p(*(anytime_areas(paths[label], 100) for label in ("rea", "random")))
    assert p_value < 0.05
    assert equal_cost(data).set_index("method")["p_area"]["rea"] == pytest.approx(p_value)


def test_a_real_study_has_the_table(finished: Study) -> None:
    data = load_study(finished.folder)
    table = equalcost.equal_cost_table(data)
    assert table is not None
    assert table.headings[1:3] == ["10 (queries, points)", "12 (queries, points)"]
    ends = data.summary.set_index("method")["regret_mean"]
    for row in table.rows.itertuples():
        assert row.at_12 == pytest.approx(ends[row.method])
    note = plain(equalcost.note(data))
    assert "12 is the most" in note
    assert "Not here: drnas, which asked for no single architecture." in note


def test_without_queries_there_is_no_equal_cost(
    tmp_path: Path, table_cache: Path, searched: Study
) -> None:
    study = make_study(tmp_path / "s", "darts", seeds=1, steps=5, random=False)
    for data in (load_study(study.folder), load_study(searched.folder)):
        assert equal_cost(data).empty
        assert equalcost.equal_cost_table(data) is None
        assert math.isnan(common_budget(query_paths(data)))


def test_the_target_is_the_smallest_difference_of_interest(finished: Study) -> None:
    data = load_study(finished.folder)
    target = usual_target(data)
    assert data.complete is not None
    assert target is not None
    column = data.complete.column(METRIC)
    assert target.points == pytest.approx(0.05 * (column.max() - np.median(column)))
    assert usual_target(replace(data, table=None)) is None
    assert totarget.to_target_table(replace(data, table=None)) is None


def test_times_are_counted_in_what_a_method_spends(asked: StudyData) -> None:
    assert hitting_times(asked, "rea", 0.1).tolist() == [200, 40]
    assert hitting_times(asked, "random", 0.5).tolist() == [math.inf, 100]
    assert hitting_times(asked, "drnas", 0.5).tolist() == [2, math.inf]
    rows = time_to_target(asked, SmallestDifference(0.5, "because")).set_index("method")
    assert rows["unit"].to_dict() == {"rea": "queries", "random": "queries", "drnas": "step"}
    assert rows["reached"].to_dict() == {"rea": 2, "random": 1, "drnas": 1}
    assert rows["median"].to_dict() == {"rea": 40, "random": 100, "drnas": 2}
    assert rows["low"]["random"] == pytest.approx(0.0126, abs=1e-4)  # Clopper-Pearson, 1 of 2


def test_the_middle_is_of_all_seeds(asked: StudyData) -> None:
    rows = time_to_target(asked, SmallestDifference(0.05, "because")).set_index("method")
    assert rows["median"].to_dict() == {"rea": math.inf, "random": 100, "drnas": 2}
    table = totarget.PrintedTable("k", totarget.COLUMNS, rows.reset_index())
    assert dict(table.cells)["rea"][2] == "not in 200 queries"


def test_where_nobody_got_there_is_no_table(finished: Study) -> None:
    data = load_study(finished.folder)
    far = recording(data, recorded(data).assign(**{f"regret_{METRIC}": 9.0}))
    assert time_to_target(far)["reached"].to_list() == [0, 0, 0]
    assert totarget.to_target_table(far) is None
    assert targets.draw(far, method_styles({n: n for n in far.labels}, "random")) is None


def test_units_are_told_apart_where_there_are_several(
    finished: Study, tmp_path: Path, table_cache: Path
) -> None:
    assert "times of different units" in totarget.note(load_study(finished.folder))
    alone = make_study(tmp_path / "s", "darts", seeds=1, steps=5, random=False)
    assert "times of different units" not in totarget.note(load_study(alone.folder))


def test_shares_of_seeds_that_got_there() -> None:
    times, shares = reaching(np.array([4.0, 2.0, math.inf, 2.0]))
    assert times.tolist() == [2, 4]
    assert shares.tolist() == [0.5, 0.75]
    assert reaching(np.array([math.inf]))[0].size == 0


@pytest.mark.parametrize(
    ("amount", "unit", "said"),
    [(1.0, "queries", "1 query"), (1.0, "step", "1 step"), (12.0, "step", "12 steps"),
     (2.0, "epochs", "2 epochs"), (2.5, "epochs", "2.5 epochs"), (1200.0, "queries",
     "1 200 queries")],
)  # fmt: skip
def test_times_have_units(amount: float, unit: str, said: str) -> None:
    assert totarget.in_units(amount, unit).replace("\N{NO-BREAK SPACE}", " ") == said


def test_the_report_shows_time_to_target(tmp_path: Path, table_cache: Path, quick: None) -> None:
    study = make_study(tmp_path / "s", "darts,rea", seeds=3, steps=100)
    data = load_study(study.folder)
    titles = [shown.title for shown in exhibits(data)]
    assert {"At equal cost", "Time to target"} <= set(titles)
    rows = time_to_target(data).set_index("method")
    assert rows["reached"]["darts"] == 3
    drawn = targets.draw(data, method_styles({n: n for n in data.labels}, "random"))
    assert drawn is not None
    steps = drawn[-1]
    assert steps.key == "to-target-step"
    assert "darts 3 of 3" in steps.alt
    curve = steps.tables["to-target-step"]
    assert curve["share"].iloc[0] == 0
    assert curve["share"].iloc[-1] == 1
    assert curve["share"].is_monotonic_increasing
    never = [label for label in rows.index if not rows["reached"][label]]
    told = " ".join(drawing.caption for drawing in drawn)
    assert all(label in plain(told) for label in never if rows["unit"][label] == "step")


def test_with_few_seeds_no_distribution_is_drawn(tmp_path: Path, table_cache: Path) -> None:
    data = load_study(make_study(tmp_path / "s", "darts", 2, 100, random=False).folder)
    assert targets.draw(data, method_styles({"darts": "darts"}, "random")) is None
